//! Proposals and the journal as spreadsheets, row by row out of one snapshot.

use crate::domain::ids::{CentreId, ProposalId, RegionCode};
use crate::domain::journal::{EightFigures, Figures};
use crate::domain::money::BasisPoints;
use crate::domain::proposal::State;
use crate::service::Services;
use crate::service::access;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::export::{known, sight};
use crate::service::proposal::Filter;
use crate::service::sheet::Format;
use crate::service::sheet::stream::Stream;
use crate::service::sheet::table::{Column, Need, Out};
use crate::storage::journal::Entry;
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, export, journal as entries, region, report, usage};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;

/// Proposals, or entries, that are read at once.
const AT_ONCE: i64 = 1_000;

/// A column that is written only.
pub const fn column(name: &'static str, indonesian: &'static str) -> Column {
    Column { name, indonesian, need: Need::Written }
}

const PROPOSALS: [Column; 30] = [
    column("id", "id"),
    column("title", "judul"),
    column("menu", "menu"),
    column("fiscal_year", "tahun_anggaran"),
    column("region_code", "kode_daerah"),
    column("region", "daerah"),
    column("province_code", "kode_provinsi"),
    column("province", "provinsi"),
    column("state", "status"),
    column("outcome_class", "kelas_hasil"),
    column("commodity", "komoditas"),
    column("centre_id", "id_sentra"),
    column("centre", "sentra"),
    column("businesses", "jumlah_ikm"),
    column("total_idr", "usulan_idr"),
    column("approved_idr", "persetujuan_idr"),
    column("ceiling_idr", "pagu_idr"),
    column("plan_idr", "rencana_kegiatan_idr"),
    column("contracted_idr", "kontrak_idr"),
    column("disbursed_idr", "penyaluran_idr"),
    column("absorbed_idr", "penyerapan_idr"),
    column("returned_idr", "pengembalian_idr"),
    column("carried_in_idr", "sisa_masuk_idr"),
    column("carried_out_idr", "sisa_keluar_idr"),
    column("in_hand_idr", "sisa_kas_idr"),
    column("undisbursed_idr", "belum_salur_idr"),
    column("released_idr", "dilepas_idr"),
    column("physical_progress_bp", "capaian_fisik_bp"),
    column("created_at", "dibuat"),
    column("updated_at", "diubah"),
];

const JOURNAL: [Column; 18] = [
    column("id", "id"),
    column("kind", "jenis"),
    column("proposal_id", "id_usulan"),
    column("allocation_id", "id_alokasi"),
    column("fiscal_year", "tahun_anggaran"),
    column("region_code", "kode_daerah"),
    column("from_account", "dari"),
    column("to_account", "ke"),
    column("amount_idr", "jumlah_idr"),
    column("effective_on", "berlaku"),
    column("recorded_at", "dicatat"),
    column("source_kind", "jenis_sumber"),
    column("source_id", "id_sumber"),
    column("event_id", "id_peristiwa"),
    column("reverses_id", "membatalkan"),
    column("reversed_kind", "jenis_yang_dibatalkan"),
    column("reason", "alasan"),
    column("origin_year", "tahun_asal"),
];

fn text(value: impl ToString) -> Out {
    Out::Text(value.to_string())
}

fn optional(value: Option<impl ToString>) -> Out {
    Out::Text(value.map(|value| value.to_string()).unwrap_or_default())
}

/// Writes the proposals that the caller may see, each a row with its figures; how many there are.
pub fn proposals<W: Write + Send>(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    format: Format,
    out: W,
) -> Result<(W, u64), Error> {
    let mut sheet = Stream::begin(format, "Proposals", &PROPOSALS, out)?;
    let count = pages(sv, cx, filter, |tx, rows| {
        let page = Known::of(tx, rows)?;
        rows.iter().try_for_each(|row| sheet.row(&page.cells(row)))?;
        Ok(rows.len())
    })?;
    Ok((sheet.end()?, count))
}

/// Writes the journal of the proposals that the caller may see, proposal by proposal; how many entries there are.
pub fn journal<W: Write + Send>(
    sv: &Services,
    cx: &Context,
    of: &Entries,
    format: Format,
    out: W,
) -> Result<(W, u64), Error> {
    let mut sheet = Stream::begin(format, "Journal", &JOURNAL, out)?;
    let mut each = |tx: &mut AnyConnection, rows: &[Proposal]| {
        let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
        write_entries(tx, &ids, &mut sheet)
    };
    let count = match of {
        Entries::Proposal(id) => sv.db.read(|tx| {
            let row = access::visible(tx, cx, *id)?;
            each(tx, &[row]).map(|count| u64::try_from(count).unwrap_or(u64::MAX))
        })?,
        Entries::Proposals(filter) => pages(sv, cx, filter, each)?,
    };
    Ok((sheet.end()?, count))
}

/// Writes the journal of one proposal as CSV, within a snapshot that others share.
pub fn journal_of<W: Write + Send>(
    tx: &mut AnyConnection,
    id: ProposalId,
    out: W,
) -> Result<W, Error> {
    let mut sheet = Stream::begin(Format::Csv, "Journal", &JOURNAL, out)?;
    write_entries(tx, &[id], &mut sheet)?;
    sheet.end()
}

/// Writes the entries of some proposals; how many there are.
fn write_entries<W: Write + Send>(
    tx: &mut AnyConnection,
    ids: &[ProposalId],
    sheet: &mut Stream<W>,
) -> Result<usize, Error> {
    let (mut after, mut count) = (None, 0_usize);
    loop {
        let page = entries::of_proposals(tx, ids, after, AT_ONCE)?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some((last.proposal_id, last.id));
        page.iter().try_for_each(|entry| sheet.row(&entry_cells(entry)))?;
        count = count.saturating_add(page.len());
    }
}

/// Of what entries are written.
#[derive(Debug, Clone)]
pub enum Entries {
    /// Of one proposal.
    Proposal(ProposalId),
    /// Of those that a list is narrowed to.
    Proposals(Filter),
}

/// Reads the proposals in pages of one snapshot; the sum of what is made of each.
fn pages(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    mut each: impl FnMut(&mut AnyConnection, &[Proposal]) -> Result<usize, Error>,
) -> Result<u64, Error> {
    sv.db.read(|tx| {
        known(tx, filter)?;
        let sight = sight(cx);
        let (mut after, mut count) = (None, 0_u64);
        loop {
            let rows = export::page(tx, &sight, (filter, State::ALL), after, AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = Some(last.id);
            let made = u64::try_from(each(tx, &rows)?).unwrap_or(u64::MAX);
            count = count.saturating_add(made);
        }
    })
}

/// What is known of a page of proposals beside their rows.
struct Known {
    names: HashMap<RegionCode, String>,
    centres: HashMap<CentreId, (String, i64)>,
    figures: HashMap<ProposalId, Figures>,
    progress: HashMap<ProposalId, BasisPoints>,
}

impl Known {
    fn of(tx: &mut AnyConnection, rows: &[Proposal]) -> Result<Known, Error> {
        let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
        let codes: BTreeSet<RegionCode> = rows
            .iter()
            .flat_map(|row| [row.region_code.clone(), row.province_code.clone()])
            .collect();
        let codes: Vec<RegionCode> = codes.into_iter().collect();
        let centres: BTreeSet<CentreId> = rows.iter().filter_map(|row| row.centre_id).collect();
        let centres: Vec<CentreId> = centres.into_iter().collect();
        let balances = entries::balances_of(tx, &ids)?.into_iter();
        Ok(Known {
            names: region::names(tx, &codes)?.into_iter().collect(),
            centres: usage::centres(tx, &centres)?
                .into_iter()
                .map(|(id, name, businesses, _)| (id, (name, businesses)))
                .collect(),
            figures: balances.map(|row| (row.proposal_id, row.into())).collect(),
            progress: report::newest_progress(tx, &ids)?.into_iter().collect(),
        })
    }

    fn cells(&self, row: &Proposal) -> Vec<Out> {
        let figures: EightFigures = self.figures.get(&row.id).copied().unwrap_or_default().into();
        let centre = row.centre_id.and_then(|id| self.centres.get(&id));
        let number = |known: Option<i64>| known.map_or(Out::Text(String::new()), Out::Number);
        let name = |code: &RegionCode| optional(self.names.get(code));
        let mut cells = vec![
            text(row.id),
            text(&row.title),
            text(row.menu),
            Out::Number(row.fiscal_year),
            text(&row.region_code),
            name(&row.region_code),
            text(&row.province_code),
            name(&row.province_code),
            text(row.state),
            text(row.outcome_class),
            text(&row.commodity),
            optional(row.centre_id),
            optional(centre.map(|(name, _)| name)),
            number(centre.map(|(_, businesses)| *businesses)),
        ];
        let amounts = [
            row.total_idr.0,
            row.approved_idr.0,
            figures.ceiling_idr,
            figures.plan_idr,
            figures.contracted_idr,
            figures.disbursed_idr,
            figures.absorbed_idr,
            figures.returned_idr,
            figures.carried_in_idr,
            figures.carried_out_idr,
            figures.in_hand_idr,
            figures.undisbursed_idr,
            figures.released_idr,
        ];
        cells.extend(amounts.map(Out::Number));
        cells.push(number(self.progress.get(&row.id).map(|share| share.0)));
        cells.extend([text(row.created_at), text(row.updated_at)]);
        cells
    }
}

fn entry_cells(entry: &Entry) -> [Out; 18] {
    [
        text(entry.id),
        text(entry.kind),
        text(entry.proposal_id),
        text(entry.allocation_id),
        Out::Number(entry.fiscal_year),
        text(&entry.region_code),
        text(entry.from_account),
        text(entry.to_account),
        Out::Number(entry.amount_idr.0),
        Out::Day(entry.effective_on),
        text(entry.recorded_at),
        text(&entry.source_kind),
        text(&entry.source_id),
        text(entry.event_id),
        optional(entry.reverses_id),
        optional(entry.reversed_kind),
        optional(entry.reason.as_ref()),
        entry.origin_year.map_or(Out::Text(String::new()), Out::Number),
    ]
}
