//! Findings of auditors.

use crate::domain::finding::{FindingKind, FindingState};
use crate::domain::ids::{FindingId, ProposalId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::queue::Whose;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::{PageQuery, Waited};
use crate::http::query::{Query, cursor, limit};
use crate::service::finding::{
    self, ClosingDraft, FindingDraft, FindingReturnDraft, FollowUpDraft, Look,
};
use crate::service::proposal::{Filter, queue_of};
use crate::service::view::Page;
use crate::service::view::finding as view;
use serde::Deserialize;
use utoipa::IntoParams;

macro_rules! checked {
    ($($draft:ty),+) => {$(
        impl Checked for $draft {
            fn checked(&self) -> Result<(), Vec<FieldError>> {
                self.check()
            }
        }
    )+};
}

checked!(FindingDraft, FollowUpDraft, FindingReturnDraft, ClosingDraft);

/// Make a finding, as an auditor whose scope the proposal lies in and who took no part in it. It blocks nothing by itself:
/// an audit hold does, and a finding may name one. It can be made of any proposal, of one that has ended too.
#[utoipa::path(post, path = "/proposals/{id}/findings", tag = "audit", request_body(content = FindingDraft,
        example = json!({
            "kind": "volume_shortfall", "pointer": "/lines/1", "title": "Fondasi lebih pendek dari kontrak",
            "description": "Terpasang 212 m dari 240 m.", "criterion": "Kontrak 602/01/SPK, gambar kerja 3.",
            "cause": "Pengawas tidak mengukur.", "effect": "Kelebihan pembayaran.",
            "claimed_idr": 1_260_000_000, "found_idr": 1_212_000_000,
            "recommendation": "Tagih kekurangan volume dari penyedia dan setorkan ke kas daerah."
        })),
    responses((status = 201, description = "Made.", body = view::Finding)))]
pub async fn open_finding(call: Call, id: Id<ProposalId>, body: Body<FindingDraft>) -> Answer {
    call.write(body, move |sv, cx, body| finding::open(sv, cx, id.get()?, body)).await
}

/// List the findings of a proposal by number, closed ones too, each with what was said of it.
#[utoipa::path(get, path = "/proposals/{id}/findings", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Finding>)))]
pub async fn list_findings(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<i64>(query.cursor.as_deref())?;
        finding::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Which findings.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FindingQuery {
    /// Standing so.
    state: Option<FindingState>,
    /// Of this kind.
    kind: Option<FindingKind>,
    /// Only those that wait for their region though their last day is over.
    overdue: Option<bool>,
    /// `mine`: only what waits for you: what you may follow up, or have to judge as an auditor, by your grants, four eyes and
    /// conflicts of interest. What has stood in its state the longest comes first.
    #[param(inline, example = "mine")]
    queue: Option<Whose>,
    /// Of proposals of this year.
    #[param(example = 2021)]
    fiscal_year: Option<i64>,
    /// Of proposals of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of proposals of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List the findings of all proposals that you may see, in the order of their making: with state, date, evidence and what
/// became of each. `queue=mine` lists those that wait for you.
#[utoipa::path(get, path = "/findings", tag = "audit", params(FindingQuery),
    responses((status = 200, description = "A page.", body = Page<view::Finding>)))]
pub async fn list_all_findings(call: Call, query: Query<FindingQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let queue = query.queue.and_then(|_| queue_of(cx));
        let after = match queue {
            Some(_) => cursor::<Waited<FindingId>>(query.cursor.as_deref())?.map(Waited::parts),
            None => cursor::<FindingId>(query.cursor.as_deref())?.map(|id| (Moment::default(), id)),
        };
        let filter = Filter {
            fiscal_year: query.fiscal_year,
            region_code: query.region_code,
            province_code: query.province_code,
            ..Filter::default()
        };
        let overdue = query.overdue.unwrap_or(false);
        let overdue_at = overdue.then_some(cx.now);
        let look = Look { state: query.state, kind: query.kind, overdue_at, queue, after };
        finding::list_all(sv, cx, &filter, &look, limit(query.limit)?)
    })
    .await
}

/// Show a finding.
#[utoipa::path(get, path = "/findings/{id}", tag = "audit",
    responses((status = 200, description = "As it is now.", body = view::Finding,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_finding(call: Call, id: Id<FindingId>) -> Answer {
    call.read_versioned(move |sv, cx| finding::show(sv, cx, id.get()?), |one| Some(one.version))
        .await
}

/// Tell what the region did about a finding, as its drafter or regional head: in words, with the amount settled and the
/// documents that show it. The finding is then with the auditor. More can be told until that is judged.
#[utoipa::path(post, path = "/findings/{id}/follow-ups", tag = "audit", request_body(content = FollowUpDraft,
        example = json!({ "text": "Penyedia telah menyetor; STS 118 terlampir.", "amount_idr": 48_000_000 })),
    responses((status = 201, description = "Told.", body = view::Finding)))]
pub async fn follow_up_finding(call: Call, id: Id<FindingId>, body: Body<FollowUpDraft>) -> Answer {
    call.write(body, move |sv, cx, body| finding::follow_up(sv, cx, id.get()?, body)).await
}

/// Return a follow-up that does not content the auditor. The finding is then with the region again, until the earlier day or
/// a new one.
#[utoipa::path(post, path = "/findings/{id}/return", tag = "audit", request_body(content = FindingReturnDraft,
        example = json!({ "reason": "STS yang dilampirkan milik kontrak lain." })),
    responses((status = 200, description = "As it is now.", body = view::Finding)))]
pub async fn return_finding(
    call: Call,
    id: Id<FindingId>,
    body: Body<FindingReturnDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| finding::send_back(sv, cx, id.get()?, body)).await
}

/// Close a finding, as an auditor: settled in full by what the region did, not to be followed up for a reason that is
/// accepted, or withdrawn.
#[utoipa::path(post, path = "/findings/{id}/close", tag = "audit", request_body(content = ClosingDraft,
        example = json!({ "outcome": "settled", "reason": "STS 118 sesuai dengan rekening koran kas daerah." })),
    responses((status = 200, description = "As it is now.", body = view::Finding)))]
pub async fn close_finding(call: Call, id: Id<FindingId>, body: Body<ClosingDraft>) -> Answer {
    call.write(body, move |sv, cx, body| finding::close(sv, cx, id.get()?, body)).await
}
