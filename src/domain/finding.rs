//! Findings of auditors: what was claimed and what was found in its place, what is to be done by when, and what became of
//! it.

use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::refusal::{Blocker, Refusal};
use chrono::NaiveDate;

text_enum! {
    /// What was found, as auditors of the field group it.
    pub enum FindingKind {
        /// Less was built or delivered than was paid for (kekurangan volume).
        VolumeShortfall = "volume_shortfall",
        /// More was paid than was owed (kelebihan pembayaran).
        Overpayment = "overpayment",
        /// A late penalty (denda keterlambatan) was not collected.
        LatePenalty = "late_penalty",
        /// Works outside the activity plan (RK) or the menu.
        OutsidePlan = "outside_plan",
        /// A unit price above the standard without a reason.
        UnitPrice = "unit_price",
        /// The same was paid for by another source or year.
        DoubleFunding = "double_funding",
        /// A procurement against the rules: one firm that plans and supervises, a package that was split.
        Procurement = "procurement",
        /// Land that was not clear.
        Land = "land",
        /// What should prove it is missing, unfit or was made afterwards.
        Evidence = "evidence",
        /// What was built is not recorded as a regional asset (BMD).
        AssetNotRecorded = "asset_not_recorded",
        /// What was built or bought is not in use.
        Unused = "unused",
        /// A report differs from the books, or is not there.
        Reporting = "reporting",
        /// Leftover that was not paid back or used as the rules say.
        Leftover = "leftover",
        /// A weakness of control.
        InternalControl = "internal_control",
        /// Something else, told by title and description.
        Other = "other",
    }
}

text_enum! {
    /// What of a proposal a finding is about.
    pub enum AboutKind {
        /// A contract.
        Contract = "contract",
        /// An amendment of a contract.
        Amendment = "amendment",
        /// A payment order (SP2D).
        Expenditure = "expenditure",
        /// Money that a vendor paid back.
        Recovery = "recovery",
        /// A document.
        Document = "document",
        /// A report.
        Report = "report",
        /// An activity plan (RK).
        Plan = "plan",
        /// An entry of the journal.
        JournalEntry = "journal_entry",
    }
}

text_enum! {
    /// Where a finding stands.
    pub enum FindingState {
        /// With the region, which follows it up.
        Open = "open",
        /// The region has followed it up; the auditor has not judged that yet.
        Answered = "answered",
        /// Judged; see its outcome.
        Closed = "closed",
    }
}

text_enum! {
    /// How a finding ended. BPK tells the first two apart among the states of its recommendations.
    pub enum FindingOutcome {
        /// Followed up as recommended; its amount is settled in full.
        Settled = "settled",
        /// It can't be followed up, for a reason that the auditor accepts.
        CannotBeFollowedUp = "cannot_be_followed_up",
        /// It did not hold: as if it had not been made.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// Who speaks of a finding once it is made.
    pub enum FollowUpSide {
        /// The region, which follows it up.
        Region = "region",
        /// The auditor, whom a follow-up does not content.
        Auditor = "auditor",
    }
}

/// What is at issue: what was claimed beyond what was found. Nothing where less was claimed, or no amounts are named.
pub fn at_issue(claimed: Option<Rupiah>, found: Option<Rupiah>) -> Rupiah {
    let beyond = claimed.zip(found).and_then(|(claimed, found)| claimed.minus(found));
    beyond.unwrap_or_default().max(Rupiah::ZERO)
}

/// A finding that waits for its region, as the radar of deadlines sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// Its number in the proposal, from 1.
    pub n: i64,
    /// The last day.
    pub due_on: NaiveDate,
    /// Since when it waits.
    pub since: Moment,
    /// What is at issue.
    pub at_issue: Rupiah,
}

/// What an auditor, or the region, wants to do with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The region tells what it did.
    FollowUp,
    /// The auditor is not content with that.
    Return,
    /// The auditor ends it, with so much of the amount settled.
    Close(FindingOutcome, Rupiah),
}

/// Where a step leads, or everything that stands in its way.
pub fn decide(state: FindingState, at_issue: Rupiah, step: Step) -> Result<FindingState, Refusal> {
    let mut blockers = Vec::new();
    let mut refuse = |code: &str, pointer: &str, message: String| {
        blockers.push(Blocker::new(code, pointer, message));
    };
    let to = match (step, state) {
        (Step::FollowUp, FindingState::Open | FindingState::Answered) => FindingState::Answered,
        (Step::Return, FindingState::Answered) => FindingState::Open,
        (Step::Return, FindingState::Open) => {
            let message = "The region has not followed it up since it has it; there is nothing to \
                           return.";
            refuse("not_followed_up", "/state", message.to_owned());
            FindingState::Open
        }
        (Step::Close(outcome, settled), FindingState::Open | FindingState::Answered) => {
            let is_settled = outcome == FindingOutcome::Settled;
            if is_settled && state == FindingState::Open {
                let message = "What is settled was followed up; the region has not done so since it \
                               has the finding.";
                refuse("not_followed_up", "/state", message.to_owned());
            }
            if is_settled && settled != at_issue {
                let message = format!(
                    "{settled} of the {at_issue} at issue are settled; return it, or say why the \
                     rest can't be followed up."
                );
                refuse("not_settled", "/settled_idr", message);
            }
            if settled > at_issue {
                let message = format!("{settled} is more than the {at_issue} at issue.");
                refuse("more_than_at_issue", "/settled_idr", message);
            }
            FindingState::Closed
        }
        (Step::FollowUp | Step::Return | Step::Close(..), FindingState::Closed) => {
            refuse("closed", "/state", "This finding is closed.".to_owned());
            FindingState::Closed
        }
    };
    if blockers.is_empty() { Ok(to) } else { Err(Refusal::because(blockers)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(state: FindingState, at_issue: i64, step: Step) -> Vec<String> {
        match decide(state, Rupiah(at_issue), step) {
            Ok(_) => Vec::new(),
            Err(refusal) => refusal.blockers.into_iter().map(|one| one.code).collect(),
        }
    }

    #[test]
    fn only_what_was_claimed_beyond_what_was_found_is_at_issue() {
        let at = |claimed, found| at_issue(Some(Rupiah(claimed)), Some(Rupiah(found))).0;
        assert_eq!((at(100, 80), at(80, 100), at(5, 5)), (20, 0, 0));
        assert_eq!(at_issue(None, None), Rupiah::ZERO);
    }

    #[test]
    fn a_finding_goes_to_the_region_and_back_until_it_is_closed() {
        use FindingState::*;
        let go = |state, step| decide(state, Rupiah(20), step).ok();
        assert_eq!(go(Open, Step::FollowUp), Some(Answered));
        assert_eq!(go(Answered, Step::FollowUp), Some(Answered));
        assert_eq!(go(Answered, Step::Return), Some(Open));
        let settled = Step::Close(FindingOutcome::Settled, Rupiah(20));
        assert_eq!(go(Answered, settled), Some(Closed));
        for outcome in [FindingOutcome::CannotBeFollowedUp, FindingOutcome::Withdrawn] {
            for state in [Open, Answered] {
                assert_eq!(go(state, Step::Close(outcome, Rupiah(5))), Some(Closed), "{outcome}");
            }
        }
        for step in [Step::FollowUp, Step::Return, settled] {
            assert_eq!(codes(Closed, 20, step), ["closed"]);
        }
    }

    #[test]
    fn all_that_stands_in_the_way_of_closing_is_said_at_once() {
        let settled = |amount| Step::Close(FindingOutcome::Settled, Rupiah(amount));
        assert_eq!(codes(FindingState::Open, 20, settled(19)), ["not_followed_up", "not_settled"]);
        assert_eq!(
            codes(FindingState::Answered, 20, settled(21)),
            ["not_settled", "more_than_at_issue"]
        );
        assert_eq!(codes(FindingState::Open, 20, Step::Return), ["not_followed_up"]);
        let given_up = Step::Close(FindingOutcome::CannotBeFollowedUp, Rupiah(21));
        assert_eq!(codes(FindingState::Open, 20, given_up), ["more_than_at_issue"]);
    }
}
