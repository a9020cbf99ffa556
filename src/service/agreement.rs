//! Harmonisation on record: what each side said to each line.

use crate::domain::act::Action;
use crate::domain::change::Side;
use crate::domain::ids::{LineAgreementId, ProposalId};
use crate::domain::input::Checks;
use crate::service::action::Step;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::review as view;
use crate::service::{Services, access};
use crate::storage::agreement::{self, LineAgreement};
use crate::storage::{AnyConnection, line};

/// What was said of the lines of a proposal, oldest first.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<LineAgreementId>,
    limit: i64,
) -> Result<Page<view::LineAgreement>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = agreement::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::LineAgreement::from))
    })
}

/// Records what an act of harmonisation says of each line. Whoever declines may name lines: those not named agree;
/// naming none declines them all.
pub fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    step: &Step<'_>,
    proposal: ProposalId,
) -> Result<(), Error> {
    let said_by = cx.actor.user.ok_or(Error::Unauthenticated("no user"))?;
    let lines = line::of(tx, proposal)?;
    let named = step.act.data.lines.as_deref();
    let mut checks = Checks::default();
    for (index, word) in named.unwrap_or_default().iter().enumerate() {
        if !lines.iter().any(|line| line.line_no == word.line_no) {
            checks.fail(format!("/data/lines/{index}/line_no"), "unknown", "there is no such line");
        }
    }
    checks.done().map_err(Error::Invalid)?;
    let declines = step.act.action == Action::DeclineAgreement;
    let side = match step.act.action {
        Action::ProposeAgreement => Side::Ministry,
        _ => Side::Region,
    };
    for line in &lines {
        let word = named.and_then(|named| named.iter().find(|word| word.line_no == line.line_no));
        let words = match (side, word) {
            (Side::Ministry, _) => line.agreed_reason.clone(),
            (Side::Region, Some(word)) => word.words.clone(),
            (Side::Region, None) => None,
        };
        let row = LineAgreement {
            id: LineAgreementId::new(),
            proposal_id: proposal,
            event_id: step.event,
            line_no: line.line_no,
            side,
            agrees: word.map_or(!declines || named.is_some(), |word| word.agrees),
            volume_thousandths: line.agreed_volume_thousandths,
            amount_idr: line.agreed_idr,
            words,
            said_by,
            said_at: cx.now,
        };
        agreement::append(tx, &row)?;
    }
    Ok(())
}
