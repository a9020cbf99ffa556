//! Fund usage as a spreadsheet: a row for each group and one for all, the same figures as in JSON.

use crate::domain::journal::EightFigures;
use crate::domain::money::BasisPoints;
use crate::domain::usage::Dimension;
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::sheet::Format;
use crate::service::sheet::table::{Column, Need, Out, written_as};
use crate::service::usage::{Asked, show};
use crate::service::view::usage::{Centres, ComponentAmounts, Group, GroupKey, Usage};

const fn column(name: &'static str, indonesian: &'static str) -> Column {
    Column { name, indonesian, need: Need::Written }
}

/// How many proposals and regions.
const COUNTS: [Column; 2] =
    [column("proposals", "jumlah_usulan"), column("regions", "jumlah_daerah")];

/// The figures of whole proposals.
const FIGURES: [Column; 16] = [
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
    column("centres", "jumlah_sentra"),
    column("businesses", "jumlah_ikm"),
    column("per_centre_idr", "per_sentra_idr"),
    column("per_business_idr", "per_ikm_idr"),
];

/// The amounts of components.
const AMOUNTS: [Column; 8] = [
    column("lines", "jumlah_rincian"),
    column("proposed_idr", "usulan_idr"),
    column("assessed_idr", "penilaian_idr"),
    column("agreed_idr", "kesepakatan_idr"),
    column("approved_idr", "persetujuan_idr"),
    column("planned_idr", "rencana_kegiatan_idr"),
    column("contract_value_idr", "nilai_kontrak_idr"),
    column("paid_idr", "terbayar_idr"),
];

/// The columns of a dimension: its value, and what that is called.
const fn of_dimension(by: Dimension) -> [Column; 2] {
    match by {
        Dimension::Region => [column("region_code", "kode_daerah"), column("region", "daerah")],
        Dimension::Province => {
            [column("province_code", "kode_provinsi"), column("province", "provinsi")]
        }
        Dimension::Menu => [column("menu", "menu"), column("menu_name", "nama_menu")],
        Dimension::FiscalYear => {
            [column("fiscal_year", "tahun_anggaran"), column("fiscal_year_name", "tahun")]
        }
        Dimension::Centre => [column("centre_id", "id_sentra"), column("centre", "sentra")],
        Dimension::Component => {
            [column("component", "komponen"), column("component_name", "nama_komponen")]
        }
        Dimension::State => [column("state", "status"), column("state_name", "nama_status")],
        Dimension::OutcomeClass => {
            [column("outcome_class", "kelas_hasil"), column("outcome_class_name", "nama_kelas")]
        }
    }
}

/// Whether values of a dimension have a name beside them.
const fn is_named(by: Dimension) -> bool {
    match by {
        Dimension::Region | Dimension::Province | Dimension::Centre | Dimension::Component => true,
        Dimension::Menu | Dimension::FiscalYear | Dimension::State | Dimension::OutcomeClass => {
            false
        }
    }
}

/// The sums over the proposals that the caller may see, as a spreadsheet.
pub fn sheet(sv: &Services, cx: &Context, asked: &Asked, format: Format) -> Result<Vec<u8>, Error> {
    let usage = show(sv, cx, asked)?;
    let parts = asked.has(Dimension::Component);
    let mut columns: Vec<Column> = Vec::new();
    for by in &asked.by {
        columns.extend(of_dimension(*by).into_iter().take(if is_named(*by) { 2 } else { 1 }));
    }
    if asked.by.is_empty() {
        columns.push(column("group", "kelompok"));
    }
    columns.extend(COUNTS);
    columns.extend(if parts { &AMOUNTS[..] } else { &FIGURES[..] });
    let mut rows: Vec<Vec<Out>> = usage.groups.iter().map(row).collect();
    rows.push(total(&usage, columns.len()));
    written_as(format, "Fund usage", &columns, &rows)
}

fn row(group: &Group) -> Vec<Out> {
    let mut cells: Vec<Out> = group.keys.iter().flat_map(key).collect();
    cells.extend([Out::Number(group.proposals), Out::Number(group.regions)]);
    if let (Some(figures), Some(centres)) = (&group.figures, &group.centres) {
        cells.extend(figures_of(figures, group.physical_progress_bp, centres));
    }
    cells.extend(group.amounts.iter().flat_map(amounts_of));
    cells
}

fn key(key: &GroupKey) -> Vec<Out> {
    let text = key.value.clone().unwrap_or_default();
    let value = match (key.by, text.parse()) {
        (Dimension::FiscalYear, Ok(year)) => Out::Number(year),
        _ => Out::Text(text),
    };
    let named = is_named(key.by).then(|| Out::Text(key.name.clone().unwrap_or_default()));
    std::iter::once(value).chain(named).collect()
}

/// The row for all groups, in as many columns as the sheet has.
fn total(usage: &Usage, width: usize) -> Vec<Out> {
    let sums = &usage.total;
    let mut numbers = vec![Out::Number(sums.proposals), Out::Number(sums.regions)];
    match &usage.amounts {
        Some(amounts) => numbers.extend(amounts_of(amounts)),
        None => {
            numbers.extend(figures_of(&sums.figures, sums.physical_progress_bp, &sums.centres));
        }
    }
    let before = width.saturating_sub(numbers.len()).saturating_sub(1);
    let label = std::iter::once(Out::Text("total".to_owned()));
    let blank = std::iter::repeat_n(Out::Text(String::new()), before);
    label.chain(blank).chain(numbers).collect()
}

fn figures_of(
    figures: &EightFigures,
    progress: Option<BasisPoints>,
    centres: &Centres,
) -> Vec<Out> {
    let or_blank = |number: Option<i64>| number.map_or(Out::Text(String::new()), Out::Number);
    let mut cells: Vec<Out> = [
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
    ]
    .map(Out::Number)
    .into();
    cells.push(or_blank(progress.map(|share| share.0)));
    cells.extend([Out::Number(centres.centres), Out::Number(centres.businesses)]);
    cells.extend([or_blank(centres.per_centre_idr), or_blank(centres.per_business_idr)]);
    cells
}

fn amounts_of(amounts: &ComponentAmounts) -> [Out; 8] {
    [
        amounts.lines,
        amounts.proposed_idr,
        amounts.assessed_idr,
        amounts.agreed_idr,
        amounts.approved_idr,
        amounts.planned_idr,
        amounts.contract_value_idr,
        amounts.paid_idr,
    ]
    .map(Out::Number)
}
