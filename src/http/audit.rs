//! The sealed trail, for auditors.

use crate::domain::audit::{Outcome, SubjectKind};
use crate::domain::ids::{EventId, ProposalId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::audit;
use crate::service::audit::Filter;
use crate::service::view::Page;
use crate::service::view::audit as view;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which events.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Of this proposal.
    #[param(value_type = Option<String>)]
    proposal_id: Option<ProposalId>,
    /// Of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// By this person.
    #[param(value_type = Option<String>)]
    actor_id: Option<UserId>,
    /// What was done or tried.
    #[param(example = "proposal.submit")]
    action: Option<String>,
    /// How it ended.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// About this kind of thing.
    #[param(inline)]
    subject_kind: Option<SubjectKind>,
    /// About this one.
    subject_id: Option<String>,
    /// From this sequence on.
    from_seq: Option<i64>,
    /// Up to this sequence.
    until_seq: Option<i64>,
    /// Sealed at this moment or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00.000000Z")]
    from: Option<Moment>,
    /// Sealed at this moment or before.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-31T02:30:00.000000Z")]
    until: Option<Moment>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List what happened, refused attempts too, in the order in which it was sealed, as an auditor: of the nation, or of the
/// region or province that you audit. What happened within the last second may not be sealed yet.
#[utoipa::path(get, path = "/audit/events", tag = "audit", params(EventQuery),
    responses((status = 200, description = "A page.", body = Page<view::SealedEvent>)))]
pub async fn list_sealed_events(call: Call, query: Query<EventQuery>) -> Answer {
    call.read(move |sv, cx| {
        audit::allowed(cx)?;
        let query = query.get()?;
        let filter = Filter {
            from_seq: query.from_seq,
            until_seq: query.until_seq,
            from: query.from,
            until: query.until,
            regions: query.region_code.map(|region| vec![region]),
            actor: query.actor_id,
            action: query.action,
            outcome: query.outcome,
            proposal: query.proposal_id,
            subject_kind: query.subject_kind,
            subject_id: query.subject_id,
        };
        let after = cursor::<i64>(query.cursor.as_deref())?;
        audit::events(sv, cx, &filter, after, limit(query.limit)?)
    })
    .await
}

/// List the signed checkpoints of the trail, the newest first, as an auditor. Keep them: with one of them, and its key
/// from elsewhere, nobody can change or cut what it covers without your knowing.
#[utoipa::path(get, path = "/audit/checkpoints", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Checkpoint>)))]
pub async fn list_checkpoints(call: Call, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        audit::allowed(cx)?;
        let query = query.get()?;
        let before = cursor::<i64>(query.cursor.as_deref())?;
        audit::checkpoints(sv, cx, before, limit(query.limit)?)
    })
    .await
}

/// List the public keys that checkpoints are, or were, signed by, as an auditor. Compare them with what you were given
/// otherwise: a key that is known from here alone proves nothing.
#[utoipa::path(get, path = "/audit/keys", tag = "audit",
    responses((status = 200, description = "The keys.", body = Page<view::VerifierKey>)))]
pub async fn list_verifier_keys(call: Call) -> Answer {
    call.read(audit::keys).await
}

/// In which tree.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProofQuery {
    /// Of so many events; by default that of the newest checkpoint, or the whole trail where the event is newer.
    size: Option<i64>,
}

/// Prove that an event of your scope is in the trail, as an auditor: its leaf, and the hashes that lead from it to the root
/// (RFC 6962).
#[utoipa::path(get, path = "/audit/proof/{id}", tag = "audit", params(ProofQuery),
    responses((status = 200, description = "The proof.", body = view::Inclusion)))]
pub async fn prove_inclusion(call: Call, id: Id<EventId>, query: Query<ProofQuery>) -> Answer {
    call.read(move |sv, cx| audit::inclusion(sv, cx, id.get()?, query.get()?.size)).await
}

/// Between which trees.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyQuery {
    /// The smaller one: of so many events.
    #[param(example = 100)]
    from: i64,
    /// The larger one: of so many events.
    #[param(example = 250)]
    to: i64,
}

/// Prove that the trail of one size continues what it was at a smaller one, as an auditor (RFC 6962).
#[utoipa::path(get, path = "/audit/consistency", tag = "audit", params(ConsistencyQuery),
    responses((status = 200, description = "The proof.", body = view::Consistency)))]
pub async fn prove_consistency(call: Call, query: Query<ConsistencyQuery>) -> Answer {
    call.read(move |sv, cx| {
        audit::allowed(cx)?;
        let query = query.get()?;
        audit::consistency(sv, cx, query.from, query.to)
    })
    .await
}

/// Export the whole audit trail, as an auditor of the nation: lines of JSON that `tools/verify_audit.py` checks without Sentra,
/// against checkpoints and keys that you kept. They hold every event with all that its seal covers, and the personal values
/// that are not erased, so who takes them along is kept in the trail. It is one consistent picture, written first and then
/// sent; only a few are written at once. As an auditor of a region, fetch the evidence packs of its proposals.
#[utoipa::path(get, path = "/audit/export", tag = "audit",
    responses((status = 200, description = "The lines.", content_type = "application/x-ndjson", body = String)))]
pub async fn export_trail(call: Call) -> Answer {
    // Who may not have it is told so, also while as many are written as may be.
    call.ask(audit::may_export).await?;
    let media_type = "application/x-ndjson";
    call.export(|sv, cx, _, out| audit::export(sv, cx, out), media_type, "trail.ndjson").await
}
