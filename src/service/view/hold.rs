//! What answers about audit holds look like.

use crate::domain::ids::{HoldId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::storage::hold;
use serde::Serialize;
use utoipa::ToSchema;

/// An audit hold. While one is not lifted, its proposal is neither paid nor closed; everything else goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Why.
    #[schema(example = "Volume terpasang tidak sesuai kontrak 602/01/SPK.")]
    pub reason: String,
    /// When it was set.
    pub set_at: Moment,
    /// By whom.
    pub set_by: UserId,
    /// When it was lifted.
    pub lifted_at: Option<Moment>,
    /// By whom.
    pub lifted_by: Option<UserId>,
    /// Why.
    pub lifted_reason: Option<String>,
    /// For `If-Match`.
    pub version: i64,
}

impl From<hold::Hold> for Hold {
    fn from(row: hold::Hold) -> Self {
        Hold {
            id: row.id,
            proposal_id: row.proposal_id,
            reason: row.reason,
            set_at: row.set_at,
            set_by: row.set_by,
            lifted_at: row.lifted_at,
            lifted_by: row.lifted_by,
            lifted_reason: row.lifted_reason,
            version: row.version,
        }
    }
}
