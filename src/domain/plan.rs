//! Activity plans (rencana kegiatan, RK).

use crate::domain::money::Rupiah;

text_enum! {
    /// Where an activity plan stands.
    pub enum PlanState {
        /// Being written.
        Draft = "draft",
        /// With the ministry.
        Submitted = "submitted",
        /// In force.
        Approved = "approved",
        /// Sent back.
        Returned = "returned",
    }
}

text_enum! {
    /// How a planned line is carried out.
    pub enum Method {
        /// By contract (kontraktual).
        Contract = "contract",
        /// By the region itself (swakelola).
        SelfManaged = "self_managed",
    }
}

text_enum! {
    /// What a supporting line pays for (Perpres 123/2016 Art. 7).
    pub enum SupportingActivity {
        /// Planning and design.
        Design = "design",
        /// Cost of the tender.
        Tender = "tender",
        /// Honoraria of facilitators of self-managed works, who are no civil servants.
        Facilitators = "facilitators",
        /// A consultant who supervises.
        Supervision = "supervision",
        /// Meetings that coordinate.
        Coordination = "coordination",
        /// Travel to and from the site, to plan, control and supervise.
        Travel = "travel",
    }
}

/// What the rules look at in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFacts {
    /// Sum of its lines.
    pub total: Rupiah,
    /// Of it for supporting activities.
    pub supporting: Rupiah,
    /// Lines that it spends money on.
    pub funded_lines: Vec<i64>,
}
