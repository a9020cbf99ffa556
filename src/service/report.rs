//! Reports: money figures are read from the journal and frozen at submission.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId, ReportId};
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::journal::EightFigures;
use crate::domain::moment::Zone;
use crate::domain::money::BasisPoints;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::domain::report::{ReportKind, ReportState};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::plan::{Reason, need_version};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::report as view;
use crate::service::{Services, access};
use crate::storage::proposal::Proposal;
use crate::storage::report::{self, Report};
use crate::storage::{AnyConnection, DbError, journal};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A new report.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportDraft {
    /// What it is for.
    pub kind: ReportKind,
    /// Until which day it speaks; one report of a kind to a day is submitted.
    pub as_of: NaiveDate,
    /// Physical progress, in basis points.
    pub physical_bp: BasisPoints,
    /// Output reached, in words.
    #[serde(default)]
    pub output: String,
    /// People at work.
    #[serde(default)]
    pub workforce: i64,
    /// Problems.
    #[serde(default)]
    pub problems: String,
    /// What is done about them.
    #[serde(default)]
    pub follow_up: String,
}

impl ReportDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        for (pointer, text) in [
            ("/output", &self.output),
            ("/problems", &self.problems),
            ("/follow_up", &self.follow_up),
        ] {
            checks.optional_text(pointer, Some(text), MAX_LONG);
        }
        checks.between("/workforce", self.workforce, 0, 1_000_000);
        checks.date("/as_of", self.as_of);
        checks.done()
    }
}

/// The reports of a proposal.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ReportId>,
    limit: i64,
) -> Result<Page<view::Report>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = report::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Report::from))
    })
}

/// Writes a new report.
pub fn create(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ReportDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("report.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_as(tx, cx, id, (None, Duty::Drafting))?;
            let draft = body.get()?;
            let reportable = [
                State::Allocated,
                State::Planned,
                State::Contracted,
                State::Funded,
                State::Reporting,
                State::Operating,
            ];
            if !reportable.contains(&proposal.state) {
                let message =
                    format!("Reports are for what has money; it stands in {}.", proposal.state);
                return Err(Error::refused("not_from_here", "/state", message));
            }
            check_final(draft, &proposal)?;
            let row = fresh(cx, id, draft)?;
            report::insert(tx, &row)?;
            let content = json!({ "report": row });
            settle(tx, cx, "report.create", (by, Duty::Drafting), &row, &proposal, content)?;
            let location = format!("/api/v1/proposals/{id}/reports");
            let version = row.version;
            Reply::created(&view::Report::from(row), Some(version), location)
        },
    )
}

/// A final report tells how the works ended, and closing rests on it: it is not written before they did.
fn check_final(draft: &ReportDraft, proposal: &Proposal) -> Result<(), Error> {
    if draft.kind != ReportKind::Final {
        return Ok(());
    }
    if !matches!(proposal.state, State::Reporting | State::Operating) {
        let message = format!(
            "A final report is written when the works have ended (reporting); it stands in {}.",
            proposal.state
        );
        return Err(Error::refused("works_not_ended", "/kind", message));
    }
    if let Some(handover) = proposal.handover_on.filter(|handover| draft.as_of < *handover) {
        let message = format!("must not lie before the handover, which was on {handover}");
        return Err(Error::invalid("/as_of", "before_handover", message));
    }
    Ok(())
}

fn fresh(cx: &Context, proposal_id: ProposalId, draft: &ReportDraft) -> Result<Report, Error> {
    Ok(Report {
        id: ReportId::new(),
        proposal_id,
        kind: draft.kind,
        as_of: draft.as_of,
        state: ReportState::Draft,
        physical_bp: draft.physical_bp,
        output: draft.output.clone(),
        workforce: draft.workforce,
        problems: draft.problems.clone(),
        follow_up: draft.follow_up.clone(),
        figures: None,
        submitted_at: None,
        decided_at: None,
        comment: None,
        version: 1,
        created_at: cx.now,
        created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
    })
}

type Found = (Report, Proposal);

fn find(tx: &mut AnyConnection, cx: &Context, id: ReportId) -> Result<(Subject, Found), Error> {
    let row = report::find(tx, id)?.ok_or(Error::NotFound)?;
    let proposal = access::visible(tx, cx, row.proposal_id)?;
    Ok((access::beneath(&proposal, SubjectKind::Report, id), (row, proposal)))
}

/// Writes what a change of a report brings with it.
fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    (by, duty): (By, Duty),
    row: &Report,
    proposal: &Proposal,
    content: Value,
) -> Result<EventId, Error> {
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, duty)?;
    let event = EventId::new();
    let subject = access::beneath(proposal, SubjectKind::Report, row.id);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Report, row.id, row.version, row)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    Ok(event)
}

fn need_state(row: &Report, wanted: ReportState) -> Result<(), Error> {
    if row.state == wanted {
        return Ok(());
    }
    let message = format!("This takes a report that is {wanted}; it is {}.", row.state);
    Err(Error::refused("report_state", "/state", message))
}

fn replace(tx: &mut AnyConnection, row: &Report) -> Result<(), Error> {
    match report::replace(tx, row).map_err(DbError::from) {
        Ok(0) => Err(Error::Stale),
        Ok(_) => Ok(()),
        Err(DbError::Duplicate(_)) => {
            let message = format!("A {} report of {} is submitted already.", row.kind, row.as_of);
            Err(Error::refused("duplicate", "/as_of", message))
        }
        Err(error) => Err(Error::Database(error)),
    }
}

/// Sends a report to the inspector, and freezes the journal's figures in it.
pub fn submit(sv: &Services, cx: &Context, id: ReportId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("report.submit"),
        |tx| find(tx, cx, id),
        |tx, _, (row, seen)| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Drafting)?;
            need_version(cx, row.version)?;
            need_state(&row, ReportState::Draft)?;
            if row.as_of > cx.now.date_in(Zone::of(&proposal.region_code)) {
                let message = format!("The report speaks of {}, which is not over.", row.as_of);
                return Err(Error::refused("too_early", "/as_of", message));
            }
            let figures = EightFigures::from(journal::figures(tx, proposal.id)?);
            let after = Report {
                state: ReportState::Submitted,
                submitted_at: Some(cx.now),
                figures: Some(serde_json::to_string(&figures)?),
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let content = json!({ "kind": after.kind, "as_of": after.as_of, "figures": figures });
            let parts = (by, Duty::Drafting);
            let event = settle(tx, cx, "report.submit", parts, &after, &proposal, content)?;
            tell(tx, cx, event, NoticeEvent::ReportSubmitted, &proposal, &after)?;
            answer(after)
        },
    )
}

fn tell(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    told: NoticeEvent,
    proposal: &Proposal,
    row: &Report,
) -> Result<(), Error> {
    let details =
        vec![Detail::Report { report: row.kind, as_of: row.as_of, physical_bp: row.physical_bp.0 }];
    let words = Words { comment: row.comment.clone(), details, ..Words::default() };
    notices::raise(tx, cx, event, told, proposal, words)
}

fn answer(row: Report) -> Result<Reply, Error> {
    let version = row.version;
    Reply::ok(&view::Report::from(row), Some(version))
}

/// The inspector has reviewed the report.
pub fn review(sv: &Services, cx: &Context, id: ReportId) -> Result<Reply, Error> {
    decide(sv, cx, id, "report.review", ReportState::Reviewed, NoticeEvent::ReportReviewed, |_| {
        Ok(None)
    })
}

/// The inspector sends the report back.
pub fn send_back(
    sv: &Services,
    cx: &Context,
    id: ReportId,
    body: &Input<Reason>,
) -> Result<Reply, Error> {
    let state = ReportState::Returned;
    decide(sv, cx, id, "report.return", state, NoticeEvent::ReportReturned, |_| {
        body.get().map(|reason| Some(reason.comment.clone()))
    })
}

fn decide(
    sv: &Services,
    cx: &Context,
    id: ReportId,
    name: &'static str,
    state: ReportState,
    told: NoticeEvent,
    comment: impl Fn(&Report) -> Result<Option<String>, Error>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting(name),
        |tx| find(tx, cx, id),
        |tx, _, (row, seen)| {
            let by = By::from(cx.need_in(Role::Inspector, &seen.region_code)?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Inspection)?;
            need_version(cx, row.version)?;
            let comment = comment(&row)?;
            need_state(&row, ReportState::Submitted)?;
            let after = Report {
                state,
                decided_at: Some(cx.now),
                comment,
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let content =
                json!({ "kind": after.kind, "as_of": after.as_of, "comment": after.comment });
            let event = settle(tx, cx, name, (by, Duty::Inspection), &after, &proposal, content)?;
            tell(tx, cx, event, told, &proposal, &after)?;
            answer(after)
        },
    )
}
