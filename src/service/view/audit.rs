//! What answers about the sealed trail look like.

use crate::domain::moment::Moment;
use crate::storage::checkpoint;
use crate::storage::seal::{EventText, Seal};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A sealed event. Everything is as it was written then, down to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SealedEvent {
    /// Its place in the trail, from 1, without a gap.
    pub seq: i64,
    /// When it was sealed.
    pub sealed_at: Moment,
    /// The hash of its leaf.
    pub leaf_hash: String,
    /// The hash of the chain up to it.
    pub chain_hash: String,
    /// Its id.
    pub id: String,
    /// When it happened.
    pub at: Moment,
    /// Who; the service itself when absent.
    pub actor_id: Option<String>,
    /// In which role.
    pub actor_role: Option<String>,
    /// By which grant.
    pub grant_id: Option<String>,
    /// What was done or tried.
    #[schema(example = "proposal.submit")]
    pub action: String,
    /// How it ended.
    #[schema(example = "done")]
    pub outcome: String,
    /// About what.
    #[schema(example = "proposal")]
    pub subject_kind: String,
    /// Which.
    pub subject_id: String,
    /// The proposal that it belongs to.
    pub proposal_id: Option<String>,
    /// The region that it belongs to.
    pub region_code: Option<String>,
    /// Before, after and data; personal values as commitments.
    pub content: Value,
    /// The request that it came with.
    pub request_id: String,
}

impl From<(Seal, EventText)> for SealedEvent {
    fn from((seal, event): (Seal, EventText)) -> Self {
        SealedEvent {
            seq: seal.seq,
            sealed_at: seal.sealed_at,
            leaf_hash: seal.leaf,
            chain_hash: seal.hash,
            id: event.id,
            at: event.at,
            actor_id: event.actor_id,
            actor_role: event.actor_role,
            grant_id: event.grant_id,
            action: event.action,
            outcome: event.outcome,
            subject_kind: event.subject_kind,
            subject_id: event.subject_id,
            proposal_id: event.proposal_id,
            region_code: event.region_code,
            content: serde_json::from_str(&event.content).unwrap_or(Value::Null),
            request_id: event.request_id,
        }
    }
}

/// A signed checkpoint of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checkpoint {
    /// How many events it covers.
    pub size: i64,
    /// The root over their leaves.
    pub root: String,
    /// The C2SP signed note, to be kept as it is.
    pub note: String,
    /// When it was made.
    pub made_at: Moment,
}

impl From<checkpoint::Checkpoint> for Checkpoint {
    fn from(row: checkpoint::Checkpoint) -> Self {
        Checkpoint { size: row.size, root: row.root, note: row.note, made_at: row.made_at }
    }
}

/// A public key that checkpoints are, or were, signed by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerifierKey {
    /// The C2SP verifier key.
    #[schema(
        example = "sentra-1f0c5be4a2978310+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    )]
    pub verifier_key: String,
    /// When it signed first.
    pub first_used_at: Moment,
}

impl From<checkpoint::Key> for VerifierKey {
    fn from(row: checkpoint::Key) -> Self {
        VerifierKey { verifier_key: row.verifier_key, first_used_at: row.first_used_at }
    }
}

/// That an event is in the trail (RFC 6962, 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Inclusion {
    /// The event.
    pub event_id: String,
    /// Its place, from 1; its index in the tree is one less.
    pub seq: i64,
    /// The bytes of its leaf: canonical JSON.
    pub leaf: String,
    /// SHA-256 of a zero byte and these.
    pub leaf_hash: String,
    /// How many events the tree has.
    pub size: i64,
    /// Its root.
    pub root: String,
    /// The hashes that lead from the leaf to the root.
    pub hashes: Vec<String>,
    /// The signed note of this size, where there is one.
    pub note: Option<String>,
}

/// That the trail at one size continues what it was at a smaller one (RFC 6962, 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Consistency {
    /// The smaller size.
    pub from: i64,
    /// Its root.
    pub from_root: String,
    /// The larger size.
    pub to: i64,
    /// Its root.
    pub to_root: String,
    /// The hashes that lead from one to the other.
    pub hashes: Vec<String>,
}
