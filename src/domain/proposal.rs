//! Proposals: the two menus, and the states of their lives.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What a proposal asks for. The two menus of the IKM field of the physical DAK.
    pub enum Menu {
        /// A new industry centre (pembangunan sentra IKM).
        Construction = "construction",
        /// Better facilities for a centre that exists (revitalisasi sentra IKM).
        Revitalisation = "revitalisation",
    }
}

text_enum! {
    /// Where a proposal stands.
    pub enum State {
        /// Being written by the dinas.
        Draft = "draft",
        /// With Bappeda.
        PlanningCheck = "planning_check",
        /// With the regional head.
        Endorsement = "endorsement",
        /// With the province.
        Verification = "verification",
        /// With the ministry's reviewers.
        TechnicalReview = "technical_review",
        /// Back with the region for an answer.
        Clarification = "clarification",
        /// A visit to the site is due.
        SiteVerification = "site_verification",
        /// The two sides agree on volumes and amounts.
        Harmonisation = "harmonisation",
        /// With the approver.
        Decision = "decision",
        /// Approved, without money yet.
        Approved = "approved",
        /// Money is set aside.
        Allocated = "allocated",
        /// The activity plan (RK) is approved.
        Planned = "planned",
        /// The contract list is accepted.
        Contracted = "contracted",
        /// Money was paid.
        Funded = "funded",
        /// Works are over; reports are due.
        Reporting = "reporting",
        /// The new centre is in use.
        Operating = "operating",
        /// Ended: accounted for.
        Closed = "closed",
        /// Ended: not approved.
        Rejected = "rejected",
        /// Ended: taken back by the region.
        Withdrawn = "withdrawn",
        /// Ended: no answer in time.
        Lapsed = "lapsed",
        /// Ended: approved, but not given money.
        Unfunded = "unfunded",
        /// Ended: the contract gate passed.
        Forfeited = "forfeited",
        /// Ended: called off by the ministry.
        Cancelled = "cancelled",
    }
}

impl State {
    /// Whether it has ended. What lapsed or was forfeited can be revived; nothing more happens to the others.
    pub const fn is_end(self) -> bool {
        match self {
            State::Closed
            | State::Rejected
            | State::Withdrawn
            | State::Lapsed
            | State::Unfunded
            | State::Forfeited
            | State::Cancelled => true,
            State::Draft
            | State::PlanningCheck
            | State::Endorsement
            | State::Verification
            | State::TechnicalReview
            | State::Clarification
            | State::SiteVerification
            | State::Harmonisation
            | State::Decision
            | State::Approved
            | State::Allocated
            | State::Planned
            | State::Contracted
            | State::Funded
            | State::Reporting
            | State::Operating => false,
        }
    }
}

impl State {
    /// Whether it was approved, whatever became of it.
    pub const fn was_approved(self) -> bool {
        match self {
            State::Approved
            | State::Allocated
            | State::Planned
            | State::Contracted
            | State::Funded
            | State::Reporting
            | State::Operating
            | State::Closed
            | State::Unfunded
            | State::Forfeited
            | State::Cancelled => true,
            State::Draft
            | State::PlanningCheck
            | State::Endorsement
            | State::Verification
            | State::TechnicalReview
            | State::Clarification
            | State::SiteVerification
            | State::Harmonisation
            | State::Decision
            | State::Rejected
            | State::Withdrawn
            | State::Lapsed => false,
        }
    }
}

/// Something that a centre lacks, as its condition survey found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What lines name it by.
    #[schema(example = "G1")]
    pub code: String,
    /// What is lacking.
    #[schema(example = "Belum ada rumah produksi sendiri")]
    pub description: String,
}

text_enum! {
    /// What a centre is to bear.
    pub enum OutcomeClass {
        /// One village, one product.
        Ovop = "ovop",
        /// Export products.
        Export = "export",
        /// Food security.
        FoodSecurity = "food_security",
        /// A place in the supply chain of large industry.
        SupplyChain = "supply_chain",
    }
}
