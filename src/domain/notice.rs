//! Notices: what happened, to be told to whom. A row of facts, written with what it tells of.

pub mod course;
pub mod detail;
pub mod due;
pub mod telling;

use crate::domain::ids::{InvitationId, ProposalId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::notice::detail::{Detail, NoticeDue};
use crate::domain::people::{Actor, Place, Role};
use crate::domain::proposal::State;
use crate::domain::reminder::ReminderFacts;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What happened, as far as people are told of it. Each action of the workflow has its event.
    pub enum NoticeEvent {
        /// See the action of the same name.
        RequestPlanningCheck = "request_planning_check",
        /// See the action of the same name.
        Return = "return",
        /// See the action of the same name.
        ConfirmPlanning = "confirm_planning",
        /// See the action of the same name.
        Submit = "submit",
        /// See the action of the same name.
        Verify = "verify",
        /// See the action of the same name.
        NotRecommend = "not_recommend",
        /// See the action of the same name.
        RequestClarification = "request_clarification",
        /// See the action of the same name.
        Answer = "answer",
        /// See the action of the same name.
        Lapse = "lapse",
        /// See the action of the same name.
        Recommend = "recommend",
        /// See the action of the same name.
        AdviseAgainst = "advise_against",
        /// See the action of the same name.
        ConfirmSite = "confirm_site",
        /// See the action of the same name.
        FailSite = "fail_site",
        /// See the action of the same name.
        ProposeAgreement = "propose_agreement",
        /// See the action of the same name.
        AcceptAgreement = "accept_agreement",
        /// See the action of the same name.
        DeclineAgreement = "decline_agreement",
        /// See the action of the same name.
        CloseWithoutAgreement = "close_without_agreement",
        /// See the action of the same name.
        Approve = "approve",
        /// See the action of the same name.
        ApproveWithConditions = "approve_with_conditions",
        /// See the action of the same name.
        ReturnToReview = "return_to_review",
        /// See the action of the same name.
        Reject = "reject",
        /// See the action of the same name.
        Allocate = "allocate",
        /// See the action of the same name.
        DeclineAllocation = "decline_allocation",
        /// See the action of the same name.
        ApprovePlan = "approve_plan",
        /// See the action of the same name.
        ApprovePlanChange = "approve_plan_change",
        /// See the action of the same name.
        AcceptContracts = "accept_contracts",
        /// See the action of the same name.
        RecordHandover = "record_handover",
        /// See the action of the same name.
        Disburse = "disburse",
        /// See the action of the same name.
        Forfeit = "forfeit",
        /// See the action of the same name.
        CompleteWorks = "complete_works",
        /// See the action of the same name.
        EndShort = "end_short",
        /// See the action of the same name.
        HandOver = "hand_over",
        /// See the action of the same name.
        Close = "close",
        /// See the action of the same name.
        CloseUnused = "close_unused",
        /// See the action of the same name.
        Withdraw = "withdraw",
        /// See the action of the same name.
        Cancel = "cancel",
        /// See the action of the same name.
        Revive = "revive",
        /// An auditor set a hold.
        HoldSet = "hold_set",
        /// An auditor lifted a hold.
        HoldLifted = "hold_lifted",
        /// A proposal under a hold was left out of a payment.
        PaymentHeld = "payment_held",
        /// An auditor made a finding.
        FindingOpened = "finding_opened",
        /// A region followed up a finding.
        FindingAnswered = "finding_answered",
        /// An auditor was not content with that.
        FindingReturned = "finding_returned",
        /// An auditor closed a finding.
        FindingClosed = "finding_closed",
        /// A condition was lifted.
        ConditionLifted = "condition_lifted",
        /// A proposal goes on without a document.
        WaiverGranted = "waiver_granted",
        /// A document is needed again.
        WaiverRevoked = "waiver_revoked",
        /// An activity plan was submitted.
        PlanSubmitted = "plan_submitted",
        /// An activity plan was sent back.
        PlanReturned = "plan_returned",
        /// A tranche was requested.
        TrancheRequested = "tranche_requested",
        /// A request was reviewed by the inspector.
        TrancheReviewed = "tranche_reviewed",
        /// A request was verified by a treasurer.
        TrancheVerified = "tranche_verified",
        /// A request was refused.
        TrancheRefused = "tranche_refused",
        /// A proposal that can't be paid any more was left out of a request.
        TrancheReduced = "tranche_reduced",
        /// An entry of the journal was taken back.
        EntryReversed = "entry_reversed",
        /// A contract was amended.
        ContractAmended = "contract_amended",
        /// A vendor paid back.
        MoneyRecovered = "money_recovered",
        /// Leftover goes to, or came from, another proposal.
        LeftoverCarried = "leftover_carried",
        /// What is set aside for a proposal was changed.
        CeilingChanged = "ceiling_changed",
        /// A report was submitted.
        ReportSubmitted = "report_submitted",
        /// A report was reviewed.
        ReportReviewed = "report_reviewed",
        /// A report was sent back.
        ReportReturned = "report_returned",
        /// A new user is invited to set a password.
        Invited = "invited",
        /// A user who has a password is given a way to set it anew.
        PasswordReset = "password_reset",
        /// A user's password was set anew.
        PasswordSet = "password_set",
        /// A reviewer was assigned.
        ReviewerAssigned = "reviewer_assigned",
        /// A reviewer's assignment was ended.
        ReviewerReleased = "reviewer_released",
        /// A deadline comes near, or has passed and can still be met.
        Reminder = "reminder",
        /// The audit trail's checkpoint of the day was signed.
        CheckpointSigned = "checkpoint_signed",
        /// What waited for a person's daily digest was told together.
        Digest = "digest",
    }
}

/// The facts of a notice that is told to the owner of an account alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// When it happened.
    pub at: Moment,
    /// Whose account; nobody else is told.
    pub user_id: UserId,
    /// Who did it.
    pub actor: String,
    /// The invitation whose code the message brings. The code is made with the message, and is known to nobody before.
    pub invitation_id: Option<InvitationId>,
    /// Until when the invitation can be redeemed.
    pub until: Option<Moment>,
    /// The signed checkpoint of the audit trail that the message brings.
    #[serde(default)]
    pub checkpoint: Option<String>,
}

impl NoticeEvent {
    /// Whether it is about an account, or told to its owner for another reason than a proposal, and its facts are
    /// `AccountFacts`; else about a proposal.
    pub const fn is_about_account(self) -> bool {
        matches!(
            self,
            NoticeEvent::Invited
                | NoticeEvent::PasswordReset
                | NoticeEvent::PasswordSet
                | NoticeEvent::CheckpointSigned
        )
    }

    /// Whether it is about a proposal, and its facts are `NoticeFacts`. A digest is about many: its facts are
    /// `DigestFacts`, and nobody raises it.
    pub const fn is_about_proposal(self) -> bool {
        !self.is_about_account() && !matches!(self, NoticeEvent::Digest)
    }

    /// Those whose messages bring the code of an invitation.
    pub const BRINGING_CODES: [NoticeEvent; 2] = [NoticeEvent::Invited, NoticeEvent::PasswordReset];

    /// Whether its message brings the code of an invitation.
    pub fn brings_code(self) -> bool {
        NoticeEvent::BRINGING_CODES.contains(&self)
    }
}

/// The facts of a notice: all that its messages are made of, so that they can be made later and elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFacts {
    /// When it happened.
    pub at: Moment,
    /// Roles that are told, each within its scope over the proposal.
    pub tells: Vec<Role>,
    /// Of them only this person, where one is meant.
    #[serde(default)]
    pub only: Option<UserId>,
    /// The proposal.
    pub proposal_id: ProposalId,
    /// Its title.
    pub title: String,
    /// Its region.
    pub region_code: RegionCode,
    /// The region's name.
    pub region_name: String,
    /// Its commodity, which limits some reviewers.
    pub commodity: String,
    /// The fiscal year.
    pub fiscal_year: i64,
    /// Where it stands now.
    pub state: State,
    /// Who did it.
    pub actor: String,
    /// Who did it, so that nobody is told of what they did themselves; absent for the service itself.
    #[serde(default)]
    pub actor_id: Option<UserId>,
    /// Why, in words.
    pub comment: Option<String>,
    /// By when the next step is due.
    pub due: Option<NoticeDue>,
    /// The moment that was missed.
    #[serde(default)]
    pub missed: Option<Moment>,
    /// The amount that it is about.
    pub amount: Option<i64>,
    /// Further lines that the message lists: cut lines with reasons, conditions, the legal basis, what was lacking.
    pub details: Vec<Detail>,
    /// What a reminder of a deadline says.
    #[serde(default)]
    pub reminder: Option<ReminderFacts>,
}

impl NoticeFacts {
    /// The first instant that is too late for what it asks, where it names one: a reminder's deadline, else by when the
    /// next step is due.
    pub fn due_at(&self) -> Option<Moment> {
        let stated = || match self.due.as_ref()? {
            NoticeDue::At(due) => Some(due.at),
            NoticeDue::Plain(_) => None,
        };
        self.reminder.as_ref().map(|reminder| reminder.due_at).or_else(stated)
    }

    /// Whether its date lies ahead, and will have passed at a moment: told then, it is told too late.
    pub fn passes_before(&self, now: Moment, then: Moment) -> bool {
        self.due_at().is_some_and(|due| now < due && due <= then)
    }

    /// For which roles somebody is told, of those that they hold over the place.
    pub fn roles_of(&self, actor: &Actor) -> Vec<Role> {
        let place = Place { region: &self.region_code, commodity: &self.commodity };
        let holds = |role: &Role| actor.grant_over(*role, place).is_some();
        self.tells.iter().copied().filter(holds).collect()
    }

    /// The amount as money.
    pub fn rupiah(&self) -> Option<Rupiah> {
        self.amount.map(Rupiah)
    }
}
