//! The journal of money, and the balances kept beside it.

use crate::domain::ids::{
    AllocationId, EntryId, EventId, ProposalId, RegionCode, TrancheRequestId,
};
use crate::domain::journal::{Account, EntryKind, Figures, Posting};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{balances, journal_entries};
use chrono::NaiveDate;
use diesel::dsl::{min, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
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
    /// The entry that it takes back.
    pub reverses_id: Option<EntryId>,
    /// What that one recorded.
    pub reversed_kind: Option<EntryKind>,
    /// Why: a legal basis, or the reason of a reversal.
    pub reason: Option<String>,
    /// The year that money carried over was first paid in.
    pub origin_year: Option<i64>,
}

impl Entry {
    /// The movement that it records.
    pub fn posting(&self) -> Posting {
        Posting {
            kind: self.kind,
            from: self.from_account,
            to: self.to_account,
            amount: self.amount_idr,
            undoes: self.reversed_kind,
        }
    }
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
    /// Got from proposals of earlier years.
    pub carried_in_idr: Rupiah,
    /// Given to proposals of later years.
    pub carried_out_idr: Rupiah,
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
            carried_in_idr: balance.carried_in_idr,
            carried_out_idr: balance.carried_out_idr,
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
            carried_in_idr: figures.carried_in_idr,
            carried_out_idr: figures.carried_out_idr,
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

/// What entries of one kind between two accounts add up to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Sum {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// What they record.
    pub kind: EntryKind,
    /// What reversals take back.
    pub reversed_kind: Option<EntryKind>,
    /// From.
    pub from_account: Account,
    /// To.
    pub to_account: Account,
    /// How much in all.
    pub amount_idr: Rupiah,
    /// When the first of them took effect.
    pub first_on: Option<NaiveDate>,
}

/// Whose entries are summed.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// Those of every proposal that is paid from it.
    Allocation(AllocationId),
    /// Those of one proposal.
    Proposal(ProposalId),
}

/// The entries that took effect by a day, summed for each proposal, kind and pair of accounts.
pub fn sums_until(c: &mut AnyConnection, whose: Whose, day: NaiveDate) -> QueryResult<Vec<Sum>> {
    let kinds = (
        journal_entries::proposal_id,
        journal_entries::kind,
        journal_entries::reversed_kind,
        journal_entries::from_account,
        journal_entries::to_account,
    );
    let sums = journal_entries::table
        .filter(journal_entries::effective_on.le(day))
        .group_by(kinds)
        .order(kinds)
        .select((
            journal_entries::proposal_id,
            journal_entries::kind,
            journal_entries::reversed_kind,
            journal_entries::from_account,
            journal_entries::to_account,
            sql::<BigInt>("CAST(SUM(amount_idr) AS BIGINT)"),
            min(journal_entries::effective_on),
        ));
    match whose {
        Whose::Allocation(id) => sums.filter(journal_entries::allocation_id.eq(id)).load(c),
        Whose::Proposal(id) => sums.filter(journal_entries::proposal_id.eq(id)).load(c),
    }
}

/// The payments of an allocation that were taken back by a day: of which request, to which proposal.
pub fn payments_taken_back(
    c: &mut AnyConnection,
    allocation: AllocationId,
    day: NaiveDate,
) -> QueryResult<Vec<(TrancheRequestId, ProposalId)>> {
    let sources: Vec<(String, ProposalId)> = journal_entries::table
        .filter(journal_entries::allocation_id.eq(allocation))
        .filter(journal_entries::reversed_kind.eq(EntryKind::Disburse))
        .filter(journal_entries::effective_on.le(day))
        .order(journal_entries::id)
        .select((journal_entries::source_id, journal_entries::proposal_id))
        .load(c)?;
    let known = |(source, proposal): (String, ProposalId)| Some((source.parse().ok()?, proposal));
    Ok(sources.into_iter().filter_map(known).collect())
}

/// The entries by which a proposal's authority was set free when it ended, in the order of their recording; without those
/// that were taken back when it went on.
pub fn set_free(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Entry>> {
    let released: Vec<(EventId, EntryId)> = journal_entries::table
        .filter(journal_entries::proposal_id.eq(proposal))
        .filter(journal_entries::kind.eq(EntryKind::Release))
        .order(journal_entries::id.desc())
        .select((journal_entries::event_id, journal_entries::id))
        .load(c)?;
    let ids: Vec<EntryId> = released.iter().map(|(_, id)| *id).collect();
    let taken_back = reversed(c, &ids)?;
    let stands = |id: EntryId| taken_back.iter().all(|(of, _)| *of != Some(id));
    let Some((event, _)) = released.into_iter().find(|(_, id)| stands(*id)) else {
        return Ok(Vec::new());
    };
    journal_entries::table
        .filter(journal_entries::event_id.eq(event))
        .filter(journal_entries::proposal_id.eq(proposal))
        .order(journal_entries::id)
        .select(Entry::as_select())
        .load(c)
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

/// Entries of several proposals, proposal by proposal in the order of their recording, beyond an entry of one of them.
pub fn of_proposals(
    c: &mut AnyConnection,
    proposals: &[ProposalId],
    after: Option<(ProposalId, EntryId)>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let mut query = journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(proposals))
        .order((journal_entries::proposal_id, journal_entries::id))
        .limit(limit)
        .select(Entry::as_select())
        .into_boxed();
    if let Some((proposal, entry)) = after {
        let later = journal_entries::proposal_id.eq(proposal).and(journal_entries::id.gt(entry));
        query = query.filter(journal_entries::proposal_id.gt(proposal).or(later));
    }
    query.load(c)
}

/// One entry.
pub fn find(c: &mut AnyConnection, id: EntryId) -> QueryResult<Option<Entry>> {
    journal_entries::table.find(id).select(Entry::as_select()).first(c).optional()
}

/// Those of several entries that were taken back, each with the entry that did.
pub fn reversed(
    c: &mut AnyConnection,
    ids: &[EntryId],
) -> QueryResult<Vec<(Option<EntryId>, EntryId)>> {
    journal_entries::table
        .filter(journal_entries::reverses_id.eq_any(ids.iter().copied().map(Some)))
        .select((journal_entries::reverses_id, journal_entries::id))
        .load(c)
}

/// The entries that came from one thing, of every proposal, in the order of their recording.
pub fn of_source(c: &mut AnyConnection, kind: &str, id: &str) -> QueryResult<Vec<Entry>> {
    journal_entries::table
        .filter(journal_entries::source_kind.eq(kind).and(journal_entries::source_id.eq(id)))
        .order(journal_entries::id)
        .select(Entry::as_select())
        .load(c)
}

/// Those of several things of a kind whose entry was taken back, each with the entry that did.
pub fn undone(
    c: &mut AnyConnection,
    kind: &str,
    ids: &[String],
) -> QueryResult<Vec<(String, EntryId)>> {
    journal_entries::table
        .filter(journal_entries::source_kind.eq(kind).and(journal_entries::source_id.eq_any(ids)))
        .filter(journal_entries::kind.eq(EntryKind::Reverse))
        .order(journal_entries::id)
        .select((journal_entries::source_id, journal_entries::id))
        .load(c)
}

/// The disbursements of a proposal that stand, in the order of their recording.
pub fn disbursements(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Entry>> {
    let entries: Vec<Entry> = journal_entries::table
        .filter(journal_entries::proposal_id.eq(proposal))
        .filter(
            journal_entries::kind
                .eq(EntryKind::Disburse)
                .or(journal_entries::reversed_kind.eq(Some(EntryKind::Disburse))),
        )
        .order(journal_entries::id)
        .select(Entry::as_select())
        .load(c)?;
    let taken: Vec<EntryId> = entries.iter().filter_map(|entry| entry.reverses_id).collect();
    let stands = |entry: &Entry| entry.kind == EntryKind::Disburse && !taken.contains(&entry.id);
    Ok(entries.into_iter().filter(stands).collect())
}
