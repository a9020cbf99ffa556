//! Writing and reading proposals.

mod draft;

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{CentreId, EventId, ProposalId, RegionCode};
use crate::domain::journal::{EightFigures, Figures};
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::service::access;
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::revision::{Lines, document};
use crate::service::trail::{self, Event, Subject, changes};
use crate::service::view::Page;
use crate::service::view::proposal as view;
use crate::service::{Services, change_request, policy};
use crate::storage::proposal::{self, Proposal};
pub use crate::storage::proposal::{Filter, Order};
use crate::storage::queue::Queue;
use crate::storage::{AnyConnection, audit, centre, journal};
pub use draft::{ProposalDraft, ProposalPatch, SiteDraft, given, present};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Starts a proposal, as a draft of the region.
pub fn create(sv: &Services, cx: &Context, body: &Input<ProposalDraft>) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("proposal.create"),
        |_| Ok((Subject::of(SubjectKind::Collection, "proposals"), ())),
        |tx, _, ()| {
            if !cx.actor.grants.iter().any(|grant| grant.role == Role::Drafter) {
                return Err(missing(&[Role::Drafter]));
            }
            let draft = body.get()?;
            let by = By::from(cx.need_in(Role::Drafter, &draft.region_code)?);
            if !policy::is_there(tx, draft.fiscal_year)? {
                let message = format!(
                    "there is no policy for {}; proposals are not taken",
                    draft.fiscal_year
                );
                return Err(Error::invalid("/fiscal_year", "no_policy", message));
            }
            check_centre(tx, draft.centre_id, &draft.region_code)?;
            let row = fresh(cx, draft)?;
            proposal::insert(tx, &row)?;
            access::took_part(tx, cx, row.id, Duty::Drafting)?;
            let event = EventId::new();
            record(tx, cx, event, "proposal.create", by, None, &row)?;
            let location = format!("/api/v1/proposals/{}", row.id);
            let version = row.version;
            Reply::created(
                &view::Proposal::of(row, Figures::default().into()),
                Some(version),
                location,
            )
        },
    )
}

fn fresh(cx: &Context, draft: &ProposalDraft) -> Result<Proposal, Error> {
    let created_by = cx.actor.user.ok_or(Error::Unauthenticated("no user"))?;
    Ok(Proposal {
        id: ProposalId::new(),
        menu: draft.menu,
        fiscal_year: draft.fiscal_year,
        region_code: draft.region_code.clone(),
        province_code: draft.region_code.province(),
        title: draft.title.clone(),
        summary: draft.summary.clone(),
        commodity: draft.commodity.clone(),
        outcome_class: draft.outcome_class,
        theme: draft.theme.clone(),
        centre_id: draft.centre_id,
        site_street: draft.site.street.clone(),
        site_village: draft.site.village.clone(),
        site_district: draft.site.district.clone(),
        latitude: draft.site.latitude,
        longitude: draft.site.longitude,
        baseline: draft.baseline.as_ref().map(Value::to_string),
        design_firm_name: draft.design_firm_name.clone(),
        design_firm_tax_number: draft.design_firm_tax_number.clone(),
        state: State::Draft,
        state_since: cx.now,
        returned: false,
        policy_version: None,
        line_count: 0,
        builds_anew: false,
        total_idr: Rupiah::ZERO,
        supporting_idr: Rupiah::ZERO,
        assessed_idr: Rupiah::ZERO,
        agreed_idr: Rupiah::ZERO,
        approved_idr: Rupiah::ZERO,
        adverse_advice: false,
        agreement_proposed: false,
        due_on: None,
        allocation_id: None,
        lump_sum_recommended: false,
        forfeited_from: None,
        handover_on: None,
        handover_value_idr: None,
        operating_since: None,
        works_changed: false,
        gaps: serde_json::to_string(&draft.gaps)?,
        version: 1,
        created_at: cx.now,
        created_by,
        updated_at: cx.now,
    })
}

fn check_centre(
    tx: &mut AnyConnection,
    id: Option<CentreId>,
    region: &RegionCode,
) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    match centre::find(tx, id)? {
        Some(centre) if centre.region_code == *region => Ok(()),
        _ => Err(Error::invalid("/centre_id", "unknown", "there is no such centre in this region")),
    }
}

/// Changes a draft; in clarification only where a change was requested. What changes nothing is answered as it is, and
/// raises no version.
pub fn edit(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ProposalPatch>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("proposal.edit"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            access::four_eyes(tx, cx, id, Duty::Drafting)?;
            if let (Ok(patch), true) = (body.get(), cx.if_match == Some(seen.version))
                && patch.changes_nothing(&seen)?
            {
                return shown(tx, seen);
            }
            let before = access::lock(tx, cx, id, cx.if_match)?;
            let patch = body.get()?;
            if let Some(centre) = patch.centre_id {
                check_centre(tx, centre, &before.region_code)?;
            }
            let reach = change_request::reach(tx, &before)?;
            let mut after = before.clone();
            patch.apply(&mut after)?;
            let works = reach.check(&fields(&before)?, &fields(&after)?)?;
            after.works_changed = before.works_changed || works;
            access::save(tx, &after)?;
            access::took_part(tx, cx, id, Duty::Drafting)?;
            record(tx, cx, EventId::new(), "proposal.edit", by, Some(&before), &after)?;
            shown(tx, after)
        },
    )
}

/// The proposal's own fields, without its lines.
fn fields(row: &Proposal) -> Result<Value, Error> {
    Ok(document(&serde_json::to_value(row)?, &Value::Null, Lines::AsProposed))
}

/// Writes the event of a change, with what differs, and the revision that it made.
pub fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    action: &str,
    by: By,
    before: Option<&Proposal>,
    after: &Proposal,
) -> Result<(), Error> {
    let content = json!({
        "before": before.map(|before| changes(before, after)).transpose()?,
        "after": match before {
            Some(before) => changes(after, before)?,
            None => serde_json::to_value(after)?,
        },
    });
    let subject = access::subject(after);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Proposal, after.id, after.version, after)
}

/// A proposal as it is answered, with its figures.
pub fn shown(tx: &mut AnyConnection, row: Proposal) -> Result<Reply, Error> {
    let version = row.version;
    let figures = journal::figures(tx, row.id)?;
    Reply::ok(&view::Proposal::of(row, figures.into()), Some(version))
}

/// One proposal.
pub fn show(sv: &Services, cx: &Context, id: ProposalId) -> Result<view::Proposal, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let figures = journal::figures(tx, id)?;
        Ok(view::Proposal::of(row, figures.into()))
    })
}

/// Proposals that the caller may see.
pub fn list(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    limit: i64,
) -> Result<Page<view::Proposal>, Error> {
    sv.db.read(|tx| {
        let rows = proposal::list(tx, &cx.actor.sight(), filter, limit.saturating_add(1))?;
        let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
        let balances: HashMap<ProposalId, EightFigures> = journal::balances_of(tx, &ids)?
            .into_iter()
            .map(|balance| (balance.proposal_id, Figures::from(balance).into()))
            .collect();
        let nothing = EightFigures::from(Figures::default());
        Ok(Page::cut(
            rows,
            limit,
            |row| match filter.order {
                Order::Oldest | Order::Newest => row.id.to_string(),
                Order::Waiting => format!("{}_{}", row.state_since, row.id),
            },
            |row| {
                let figures = balances.get(&row.id).copied().unwrap_or(nothing);
                view::Proposal::of(row, figures)
            },
        ))
    })
}

/// How many of the proposals that the caller may see stand in each state.
pub fn counts(sv: &Services, cx: &Context, filter: &Filter) -> Result<view::Counts, Error> {
    sv.db.read(|tx| Ok(view::Counts::of(proposal::counts(tx, &cx.actor.sight(), filter)?)))
}

/// The caller's queue: what waits for them to do something.
pub fn queue_of(cx: &Context) -> Option<Queue> {
    let user = cx.actor.user?;
    let today = cx.now.date_in(Zone::Wib);
    Some(Queue { user, grants: cx.actor.grants.clone(), today })
}

/// Events in the life of a proposal.
pub fn events(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<EventId>,
    limit: i64,
) -> Result<Page<view::EventView>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = audit::of_proposal(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::EventView::from))
    })
}
