//! Budget lines.

use crate::domain::ids::ProposalId;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::service::line::{self, LineReviews, LinesDraft};
use crate::service::view::proposal as view;

impl Checked for LinesDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for LineReviews {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Show the lines of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/lines", tag = "proposals",
    responses((status = 200, description = "The lines.", body = view::Lines)))]
pub async fn show_lines(call: Call, id: Id<ProposalId>) -> Answer {
    call.read_versioned(move |sv, cx| line::show(sv, cx, id.get()?), |shown| Some(shown.version))
        .await
}

/// Replace all lines of a draft; every error names its line and field, and nothing is half written.
#[utoipa::path(put, path = "/proposals/{id}/lines", tag = "proposals", request_body = LinesDraft,
    responses((status = 200, description = "As they are now.", body = view::Lines)))]
pub async fn replace_lines(call: Call, id: Id<ProposalId>, body: Body<LinesDraft>) -> Answer {
    call.write(body, move |sv, cx, body| line::replace(sv, cx, id.get()?, body)).await
}

/// Set the ministry's values: agreed ones (reviewer, in harmonisation), approved ones (approver, in decision).
#[utoipa::path(put, path = "/proposals/{id}/line-reviews", tag = "proposals", request_body = LineReviews,
    responses((status = 200, description = "As they are now.", body = view::Lines)))]
pub async fn review_lines(call: Call, id: Id<ProposalId>, body: Body<LineReviews>) -> Answer {
    call.write(body, move |sv, cx, body| line::review(sv, cx, id.get()?, body)).await
}
