//! Candidates among contracts, their amendments, payment orders and entries of the journal.

use crate::domain::contract::ContractRole;
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{AmendmentId, ContractId, EntryId, ExpenditureId, ProposalId};
use crate::domain::journal::EntryKind;
use crate::storage::amendment::Amendment;
use crate::storage::connection::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::expenditure::Expenditure;
use crate::storage::journal::Entry;
use crate::storage::question::{Bounds, rows_within};
use crate::storage::schema::{
    amendments, contracts, documents, expenditures, journal_entries, proposals,
};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Whether the entry of a row was taken back.
macro_rules! is_taken_back {
    ($table:ident, $kind:literal) => {
        exists(
            journal_entries::table
                .filter(journal_entries::source_kind.eq($kind))
                .filter(journal_entries::source_id.eq($table::id))
                .filter(journal_entries::kind.eq(EntryKind::Reverse)),
        )
    };
}

/// Whether a file of a type has the number and the date of a row to the letter. Others are looked at one by one: numbers are the
/// same whatever their spaces.
macro_rules! has_its_file {
    ($table:ident, $type:literal, $date:ident) => {
        exists(
            documents::table
                .filter(documents::proposal_id.eq($table::proposal_id))
                .filter(documents::document_type.eq($type))
                .filter(documents::superseded_by.is_null())
                .filter(documents::status.eq(DocumentStatus::Available))
                .filter(documents::number.is_not_null())
                .filter(documents::number.assume_not_null().eq($table::number))
                .filter(documents::issued_on.is_not_null())
                .filter(documents::issued_on.assume_not_null().eq($table::$date)),
        )
    };
}

/// Contracts that stand and have no file of their number and date.
pub fn contracts_without_file(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
) -> QueryResult<Vec<Contract>> {
    let condition =
        contracts::voided_at.is_null().and(not(has_its_file!(contracts, "contract", signed_on)));
    rows_within!(c, bounds, contracts, id: ContractId, Contract, condition)
}

/// Whether an amendment stands, and its contract does.
macro_rules! is_in_force {
    () => {
        not(is_taken_back!(amendments, "amendment")).and(exists(
            contracts::table
                .filter(contracts::id.eq(amendments::contract_id))
                .filter(contracts::voided_at.is_null()),
        ))
    };
}

/// Another act of the proposal of an amendment has its number and date, and so needs a file of them too: numbers of amendments
/// are their contract's own.
const SHARES_ITS_NUMBER: &str = "(EXISTS (SELECT 1 FROM amendments o WHERE o.proposal_id = amendments.proposal_id \
     AND o.number_key = amendments.number_key AND o.signed_on = amendments.signed_on AND o.id <> amendments.id) \
     OR EXISTS (SELECT 1 FROM contracts k WHERE k.proposal_id = amendments.proposal_id \
     AND k.number_key = amendments.number_key AND k.signed_on = amendments.signed_on))";

/// Amendments that stand and have no file of their number and date, or may share it.
pub fn amendments_without_file(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
) -> QueryResult<Vec<Amendment>> {
    let lacks = not(has_its_file!(amendments, "contract", signed_on));
    let condition = is_in_force!().and(lacks.or(sql::<Bool>(SHARES_ITS_NUMBER)));
    rows_within!(c, bounds, amendments, id: AmendmentId, Amendment, condition)
}

/// The amendments of several proposals that stand, in the order of their recording.
pub fn amendments_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Amendment>> {
    amendments::table
        .filter(amendments::proposal_id.eq_any(ids))
        .filter(is_in_force!())
        .order(amendments::id)
        .select(Amendment::as_select())
        .load(c)
}

/// Contracts that stand, on which more was paid than they are worth.
pub fn overpaid_contracts(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
) -> QueryResult<Vec<Contract>> {
    let condition =
        contracts::voided_at.is_null().and(contracts::spent_idr.gt(contracts::value_idr));
    rows_within!(c, bounds, contracts, id: ContractId, Contract, condition)
}

/// Contracts that stand beside another one of their role in the same proposal, or are for supervision. What the region does
/// itself (swakelola) is no package that could be split: it is procured from nobody.
pub fn contracts_beside_others(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
) -> QueryResult<Vec<Contract>> {
    let beside = sql::<Bool>(
        "EXISTS (SELECT 1 FROM contracts o WHERE o.proposal_id = contracts.proposal_id AND o.role = contracts.role \
         AND o.id <> contracts.id AND o.voided_at IS NULL)",
    );
    let split = contracts::role.ne(ContractRole::SelfManaged).and(beside);
    let condition =
        contracts::voided_at.is_null().and(contracts::role.eq(ContractRole::Supervision).or(split));
    rows_within!(c, bounds, contracts, id: ContractId, Contract, condition)
}

/// Payment orders that stand and have no file of their number and date, or lie before their contract, before any money came,
/// or on a day by which more was spent than had come.
pub fn unfounded_orders(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
) -> QueryResult<Vec<Expenditure>> {
    let before_contract = exists(
        contracts::table
            .filter(contracts::id.eq(expenditures::contract_id))
            .filter(contracts::signed_on.gt(expenditures::spent_on)),
    );
    // What was taken back counts nothing: it is told apart where the orders are looked at.
    let after_money = sql::<Bool>(
        "EXISTS (SELECT 1 FROM journal_entries d WHERE d.proposal_id = expenditures.proposal_id \
         AND d.kind IN ('disburse', 'carry') AND d.to_account = 'region' AND d.effective_on <= expenditures.spent_on \
         AND NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.reverses_id = d.id))",
    );
    // Its own entry is among those that are summed.
    let above_money = sql::<Bool>(
        "(SELECT COALESCE(SUM(CASE WHEN e.kind = 'spend' THEN e.amount_idr ELSE -e.amount_idr END), 0) \
         FROM journal_entries e WHERE e.proposal_id = expenditures.proposal_id AND e.effective_on <= expenditures.spent_on \
         AND (e.kind IN ('spend', 'recover', 'disburse') OR (e.kind = 'carry' AND e.to_account = 'region')) \
         AND NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.reverses_id = e.id)) > 0",
    );
    let doubtful = not(has_its_file!(expenditures, "payment_order", spent_on))
        .or(before_contract)
        .or(not(after_money))
        .or(above_money);
    let condition = not(is_taken_back!(expenditures, "expenditure")).and(doubtful);
    rows_within!(c, bounds, expenditures, id: ExpenditureId, Expenditure, condition)
}

/// A payment order of a contract that charged a penalty and stands.
const FINED: &str = "EXISTS (SELECT 1 FROM expenditures o WHERE o.contract_id = contracts.id AND o.penalty_idr > 0 \
     AND NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.source_kind = 'expenditure' AND r.source_id = o.id \
     AND r.kind = 'reverse'))";

/// A contract by which nothing is built or delivered that the minutes of a handover tell of: a design, or goods beside works,
/// whoever does them, whose minutes are the works'.
const APART: &str = "(contracts.role = 'design' OR (contracts.role = 'goods' AND EXISTS (SELECT 1 FROM contracts w \
     WHERE w.proposal_id = contracts.proposal_id AND w.role IN ('works', 'self_managed') AND w.voided_at IS NULL)))";

/// Payment orders that stand and were paid after the last day of their contract, on which no payment order charged a penalty;
/// but not of what was handed over by that day, not of what has no handover of its own, and not of what the region does itself
/// (swakelola), which nobody is fined for.
pub fn late_orders(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Expenditure>> {
    let late = exists(
        contracts::table
            .filter(contracts::id.eq(expenditures::contract_id))
            .filter(contracts::ends_on.lt(expenditures::spent_on))
            .filter(contracts::role.ne(ContractRole::SelfManaged))
            .filter(not(sql::<Bool>(FINED)))
            .filter(not(sql::<Bool>(APART))),
    );
    let in_time = sql::<Bool>(
        "EXISTS (SELECT 1 FROM proposals p JOIN contracts k ON k.id = expenditures.contract_id \
         WHERE p.id = expenditures.proposal_id AND p.handover_on <= k.ends_on)",
    );
    let condition = not(is_taken_back!(expenditures, "expenditure")).and(late).and(not(in_time));
    rows_within!(c, bounds, expenditures, id: ExpenditureId, Expenditure, condition)
}

/// Contracts for works, or for goods where nothing is built, that stand and were paid on, of which none of the proposal ends
/// later, which were handed over after that end, and on which no payment order charged a penalty. Those with a payment order
/// after their last day are left out: they are among the late orders.
pub fn late_handovers(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Contract>> {
    let late = sql::<Bool>(
        "EXISTS (SELECT 1 FROM proposals p WHERE p.id = contracts.proposal_id AND p.handover_on > contracts.ends_on)",
    );
    let goes_on = sql::<Bool>(
        "EXISTS (SELECT 1 FROM contracts w WHERE w.proposal_id = contracts.proposal_id AND w.role = contracts.role \
         AND w.voided_at IS NULL AND w.ends_on > contracts.ends_on)",
    );
    let paid_late = sql::<Bool>(
        "EXISTS (SELECT 1 FROM expenditures o WHERE o.contract_id = contracts.id AND o.spent_on > contracts.ends_on \
         AND NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.source_kind = 'expenditure' AND r.source_id = o.id \
         AND r.kind = 'reverse'))",
    );
    let condition = contracts::voided_at
        .is_null()
        .and(contracts::role.eq_any([ContractRole::Works, ContractRole::Goods]))
        .and(not(sql::<Bool>(APART)))
        .and(contracts::spent_idr.gt(0))
        .and(late)
        .and(not(goes_on))
        .and(not(sql::<Bool>(FINED)))
        .and(not(paid_late));
    rows_within!(c, bounds, contracts, id: ContractId, Contract, condition)
}

/// Entries that set authority free, and were not taken back.
pub fn releases(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Entry>> {
    let stands = sql::<Bool>(
        "NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.reverses_id = journal_entries.id)",
    );
    // Written out, as the index of releases has it.
    let condition = sql::<Bool>("journal_entries.kind = 'release'").and(stands);
    rows_within!(c, bounds, journal_entries, id: EntryId, Entry, condition)
}

/// Entries of some kinds, with those that took one of them back.
pub fn entries_of(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    kinds: &[EntryKind],
) -> QueryResult<Vec<Entry>> {
    let undone = journal_entries::reversed_kind
        .is_not_null()
        .and(journal_entries::reversed_kind.assume_not_null().eq_any(kinds.to_vec()));
    let condition = journal_entries::kind.eq_any(kinds.to_vec()).or(undone);
    rows_within!(c, bounds, journal_entries, id: EntryId, Entry, condition)
}
