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
