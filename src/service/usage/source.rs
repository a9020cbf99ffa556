//! Where the sums of fund usage come from: from what is kept now, or from what was known at an instant.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{CentreId, ContractId, ProposalId, RegionCode, ReportId};
use crate::domain::journal::Figures;
use crate::domain::line::{Component, FundSource, LineFacts};
use crate::domain::moment::Moment;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::people::Sight;
use crate::domain::report::ReportState;
use crate::domain::usage::Binding;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::grouped::Grouped;
use crate::service::known::Known;
use crate::service::proposal::{Filter, Order};
use crate::storage::contract::Contract;
use crate::storage::line::Line;
use crate::storage::usage::{self, Attributes};
use crate::storage::{AnyConnection, ceiling, contract, journal, known, line, report};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::HashMap;

/// Centres that are read at once.
const PAGE: i64 = 1_000;

/// Where sums come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// Balances and rows as they are kept.
    Kept,
    /// Revisions and entries of the journal that were known.
    Known(Known),
}

/// A page of proposals, and where the next begins.
pub(super) struct Rows {
    pub(super) rows: Vec<Attributes>,
    pub(super) next: Option<ProposalId>,
}

/// A centre as a revision keeps it.
#[derive(Debug, Deserialize)]
pub(super) struct CentreRow {
    pub(super) name: String,
    pub(super) businesses: i64,
    pub(super) region_code: RegionCode,
}

/// A report as a revision keeps it.
#[derive(Debug, Deserialize)]
struct ReportRow {
    id: ReportId,
    proposal_id: ProposalId,
    state: ReportState,
    as_of: NaiveDate,
    submitted_at: Option<Moment>,
    physical_bp: BasisPoints,
}

/// A contract as a revision keeps it.
#[derive(Debug, Deserialize)]
struct ContractRow {
    id: ContractId,
    proposal_id: ProposalId,
    fund_source: FundSource,
    value_idr: Rupiah,
    spent_idr: Rupiah,
    voided_at: Option<Moment>,
}

impl From<Contract> for ContractRow {
    fn from(row: Contract) -> Self {
        ContractRow {
            id: row.id,
            proposal_id: row.proposal_id,
            fund_source: row.fund_source,
            value_idr: row.value_idr,
            spent_idr: row.spent_idr,
            voided_at: row.voided_at,
        }
    }
}

/// The contracts of several proposals that the DAK paid and that stood, as they were.
fn standing(
    tx: &mut AnyConnection,
    at: Known,
    ids: &[ProposalId],
) -> Result<Vec<ContractRow>, Error> {
    let subjects = usage::contract_ids(tx, ids)?;
    let subjects: Vec<String> = subjects.iter().map(ContractId::to_string).collect();
    let rows = at.rows::<ContractRow>(tx, SubjectKind::Contract, &subjects)?.into_values();
    let stands = |row: &ContractRow| row.fund_source == FundSource::Dak && row.voided_at.is_none();
    Ok(rows.filter(stands).collect())
}

#[derive(Debug, Deserialize)]
struct CeilingRow {
    amount_idr: Rupiah,
    used_idr: Rupiah,
}

impl Source {
    /// What is kept; or what was known, where an instant is named.
    pub(super) fn of(sv: &Services, as_of: Option<Moment>) -> Result<Source, Error> {
        match as_of {
            None => Ok(Source::Kept),
            Some(at) => Known::at(sv, at).map(Source::Known),
        }
    }

    /// Proposals within sight, narrowed, by id; those that were there.
    pub(super) fn page(
        self,
        tx: &mut AnyConnection,
        sight: &Sight,
        filter: &Filter,
        after: Option<ProposalId>,
        limit: i64,
    ) -> Result<Rows, Error> {
        let Source::Known(at) = self else {
            let rows = usage::page(tx, sight, filter, after, limit)?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
            let next = rows.last().map(|row| row.id).filter(|_| is_full);
            return Ok(Rows { rows, next });
        };
        let filter = Filter {
            order: Order::Oldest,
            after: after.map(|id| (Moment::default(), id)),
            ..filter.clone()
        };
        let window = at.window(tx, (sight, &filter), None, limit)?;
        let rows = window.rows.into_iter().map(Attributes::from).collect();
        Ok(Rows { rows, next: window.next })
    }

    /// The figures of those for which money was set aside.
    pub(super) fn figures(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, Figures>, Error> {
        match self {
            Source::Kept => {
                let rows = journal::balances_of(tx, ids)?.into_iter();
                Ok(rows.map(|row| (row.proposal_id, row.into())).collect())
            }
            Source::Known(at) => at.figures(tx, ids),
        }
    }

    /// The physical progress of each that the newest report that stands says.
    pub(super) fn progress(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, BasisPoints>, Error> {
        let Source::Known(at) = self else {
            return Ok(report::newest_progress(tx, ids)?.into_iter().collect());
        };
        let subjects: Vec<String> =
            report::ids_of(tx, ids)?.iter().map(ReportId::to_string).collect();
        let mut newest: HashMap<ProposalId, ReportRow> = HashMap::new();
        let place = |row: &ReportRow| (row.as_of, row.submitted_at, row.id);
        for row in at.rows::<ReportRow>(tx, SubjectKind::Report, &subjects)?.into_values() {
            let stands = ReportState::STANDING.contains(&row.state);
            if stands && newest.get(&row.proposal_id).is_none_or(|one| place(one) < place(&row)) {
                newest.insert(row.proposal_id, row);
            }
        }
        Ok(newest.into_iter().map(|(id, row)| (id, row.physical_bp)).collect())
    }

    /// The lines of several proposals.
    pub(super) fn lines(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<Grouped<LineFacts>, Error> {
        let Source::Known(at) = self else {
            let rows = line::of_many(tx, ids)?;
            return Ok(Grouped::by(rows, |row| row.proposal_id, |row| LineFacts::from(&row)));
        };
        let rows: Vec<Line> = at.lines::<Line>(tx, ids)?.into_values().flatten().collect();
        Ok(Grouped::by(rows, |row| row.proposal_id, |row| LineFacts::from(&row)))
    }

    /// The lines of their plans in force.
    pub(super) fn planned(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<Grouped<(Component, Rupiah)>, Error> {
        let rows = match self {
            Source::Kept => usage::planned(tx, ids)?,
            Source::Known(at) => known::planned(tx, ids, at.seq)?,
        };
        Ok(Grouped::by(rows, |row| row.0, |row| (row.1, row.2)))
    }

    /// Their contracts that the DAK pays and that stand, with the lines that these cover.
    pub(super) fn bindings(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<Grouped<Binding>, Error> {
        let (rows, lines) = match self {
            Source::Kept => {
                let rows: Vec<ContractRow> =
                    usage::bindings(tx, ids)?.into_iter().map(ContractRow::from).collect();
                let of: Vec<ContractId> = rows.iter().map(|row| row.id).collect();
                (rows, contract::lines_of(tx, &of)?)
            }
            Source::Known(at) => {
                let rows = standing(tx, at, ids)?;
                let of: Vec<ContractId> = rows.iter().map(|row| row.id).collect();
                (rows, known::contract_lines(tx, &of, at.seq)?)
            }
        };
        let mut covered: HashMap<ContractId, Vec<i64>> = HashMap::new();
        for line in lines {
            covered.entry(line.contract_id).or_default().push(line.line_no);
        }
        let binding = |row: ContractRow| Binding {
            lines: covered.get(&row.id).cloned().unwrap_or_default(),
            value: row.value_idr,
            paid: row.spent_idr,
        };
        Ok(Grouped::by(rows, |row| row.proposal_id, binding))
    }

    /// Several centres.
    pub(super) fn centres(
        self,
        tx: &mut AnyConnection,
        ids: &[CentreId],
    ) -> Result<HashMap<CentreId, CentreRow>, Error> {
        let Source::Known(at) = self else {
            let rows = usage::centres(tx, ids)?.into_iter();
            return Ok(rows
                .map(|(id, name, businesses, region_code)| {
                    (id, CentreRow { name, businesses, region_code })
                })
                .collect());
        };
        let subjects: Vec<String> = ids.iter().map(CentreId::to_string).collect();
        let mut rows = at.rows::<CentreRow>(tx, SubjectKind::Centre, &subjects)?;
        Ok(ids.iter().filter_map(|id| Some((*id, rows.remove(&id.to_string())?))).collect())
    }

    /// How many centres the registry has in each region, and how many businesses they have.
    pub(super) fn registered(
        self,
        tx: &mut AnyConnection,
    ) -> Result<Vec<(RegionCode, i64, i64)>, Error> {
        if let Source::Kept = self {
            return Ok(usage::registered(tx)?);
        }
        let mut regions: HashMap<RegionCode, (i64, i64)> = HashMap::new();
        let mut after = None;
        loop {
            let ids = usage::centre_ids(tx, after, PAGE)?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            for row in self.centres(tx, &ids)?.into_values() {
                let (centres, businesses) = regions.entry(row.region_code).or_default();
                *centres = centres.saturating_add(1);
                *businesses = businesses.saturating_add(row.businesses);
            }
        }
        let regions = regions.into_iter();
        Ok(regions.map(|(code, (centres, businesses))| (code, centres, businesses)).collect())
    }

    /// A year's ceiling, and what of it is allocated.
    pub(super) fn ceiling(
        self,
        tx: &mut AnyConnection,
        fiscal_year: i64,
    ) -> Result<Option<(Rupiah, Rupiah)>, Error> {
        match self {
            Source::Kept => {
                let found = ceiling::find(tx, fiscal_year)?;
                Ok(found.map(|row| (row.amount_idr, row.used_idr)))
            }
            Source::Known(at) => {
                let found: Option<CeilingRow> = at.row(tx, SubjectKind::Ceiling, fiscal_year)?;
                Ok(found.map(|row| (row.amount_idr, row.used_idr)))
            }
        }
    }
}
