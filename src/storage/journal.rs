//! The journal of money, and the balances kept beside it.

use crate::domain::ids::{AllocationId, EntryId, EventId, ProposalId, RegionCode};
use crate::domain::journal::{Account, EntryKind, Figures};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{balances, journal_entries};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

/// An entry of the journal.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = journal_entries)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// What it records.
    pub kind: EntryKind,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Of which allocation.
    pub allocation_id: AllocationId,
    /// Of which year.
    pub fiscal_year: i64,
    /// Of which region.
    pub region_code: RegionCode,
    /// From.
    pub from_account: Account,
    /// To.
    pub to_account: Account,
    /// How much; above zero.
    pub amount_idr: Rupiah,
    /// When it happened.
    pub effective_on: NaiveDate,
    /// When we knew.
    pub recorded_at: Moment,
    /// What it came from.
    pub source_kind: String,
    /// Which.
    pub source_id: String,
    /// The event that it came with.
    pub event_id: EventId,
}

/// The balances of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = balances, primary_key(proposal_id))]
pub struct Balance {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Set aside.
    pub ceiling_idr: Rupiah,
    /// In the approved plan.
    pub plan_idr: Rupiah,
    /// Bound by contracts.
    pub contracted_idr: Rupiah,
    /// Paid to the region.
    pub disbursed_idr: Rupiah,
    /// Paid on.
    pub absorbed_idr: Rupiah,
    /// Paid back.
    pub returned_idr: Rupiah,
    /// Set free.
    pub released_idr: Rupiah,
}

impl From<Balance> for Figures {
    fn from(balance: Balance) -> Self {
        Figures {
            ceiling_idr: balance.ceiling_idr,
            plan_idr: balance.plan_idr,
            contracted_idr: balance.contracted_idr,
            disbursed_idr: balance.disbursed_idr,
            absorbed_idr: balance.absorbed_idr,
            returned_idr: balance.returned_idr,
            released_idr: balance.released_idr,
        }
    }
}

impl Balance {
    /// Figures as a row.
    pub fn of(proposal_id: ProposalId, figures: &Figures) -> Self {
        Self {
            proposal_id,
            ceiling_idr: figures.ceiling_idr,
            plan_idr: figures.plan_idr,
            contracted_idr: figures.contracted_idr,
            disbursed_idr: figures.disbursed_idr,
            absorbed_idr: figures.absorbed_idr,
            returned_idr: figures.returned_idr,
            released_idr: figures.released_idr,
        }
    }
}

/// Appends an entry.
pub fn append(c: &mut AnyConnection, entry: &Entry) -> QueryResult<()> {
    diesel::insert_into(journal_entries::table).values(entry).execute(c).map(|_| ())
}

/// The figures of a proposal; zero before anything was set aside.
pub fn figures(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Figures> {
    let balance =
        balances::table.find(proposal).select(Balance::as_select()).first(c).optional()?;
    Ok(balance.map(Figures::from).unwrap_or_default())
}

/// The balances of several proposals.
pub fn balances_of(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Balance>> {
    balances::table
        .filter(balances::proposal_id.eq_any(proposals))
        .select(Balance::as_select())
        .load(c)
}

/// Writes the figures of a proposal, whose row the transaction has locked.
pub fn save_figures(
    c: &mut AnyConnection,
    proposal: ProposalId,
    figures: &Figures,
) -> QueryResult<()> {
    let balance = Balance::of(proposal, figures);
    if diesel::update(balances::table.find(proposal)).set(&balance).execute(c)? == 0 {
        diesel::insert_into(balances::table).values(&balance).execute(c)?;
    }
    Ok(())
}

/// What the last event that set authority of a proposal free set free in all.
pub fn last_released(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Rupiah> {
    let released: Vec<(EventId, Rupiah)> = journal_entries::table
        .filter(journal_entries::proposal_id.eq(proposal))
        .filter(journal_entries::kind.eq(EntryKind::Release))
        .order(journal_entries::id.desc())
        .select((journal_entries::event_id, journal_entries::amount_idr))
        .load(c)?;
    let last = released.first().map(|(event, _)| *event);
    let of_last = released.iter().filter(|(event, _)| Some(*event) == last);
    Ok(Rupiah::total(of_last.map(|(_, amount)| *amount)))
}

/// Entries of a proposal in the order of their recording, after `after`.
pub fn of_proposal(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<EntryId>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let mut query = journal_entries::table
        .filter(journal_entries::proposal_id.eq(proposal))
        .order(journal_entries::id)
        .limit(limit)
        .select(Entry::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(journal_entries::id.gt(after));
    }
    query.load(c)
}
