//! Proposals: written, read, listed.

use crate::domain::ids::{CentreId, EventId, ProposalId, RegionCode};
use crate::domain::line::Component;
use crate::domain::moment::Moment;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::domain::queue::Whose;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::query::{Query, cursor, limit};
use crate::service::error::Error;
use crate::service::known;
use crate::service::proposal::{self, Filter, Order, ProposalDraft, ProposalPatch};
use crate::service::view::Page;
use crate::service::view::proposal as view;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::IntoParams;

impl Checked for ProposalDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for ProposalPatch {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Start a proposal, as a draft of a region in which you are a drafter.
#[utoipa::path(post, path = "/proposals", tag = "proposals", request_body = ProposalDraft,
    responses((status = 201, description = "Made; `Location` names it.", body = view::Proposal)))]
pub async fn create_proposal(call: Call, body: Body<ProposalDraft>) -> Answer {
    call.write(body, proposal::create).await
}

/// What a list of proposals is narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProposalQuery {
    /// Standing in this state.
    state: Option<State>,
    /// Of this menu.
    menu: Option<Menu>,
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Of this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>)]
    province_code: Option<RegionCode>,
    /// Of this centre.
    #[param(value_type = Option<String>)]
    centre_id: Option<CentreId>,
    /// Whose centre is to bear this.
    outcome_class: Option<OutcomeClass>,
    /// With a line of the DAK that pays for this.
    component: Option<Component>,
    /// For which money was, or was not, set aside.
    funded: Option<bool>,
    /// `mine`: only what waits for you to do something, by your grants, where it stands, who is assigned, four eyes and
    /// conflicts of interest. Findings wait in `/findings?queue=mine`.
    #[param(inline, example = "mine")]
    queue: Option<Whose>,
    /// `created_at`, `-created_at`, or `state_since`: what has stood in its state the longest first. `state_since` for a
    /// queue when absent, `created_at` otherwise.
    #[param(example = "state_since")]
    sort: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
    /// As they were known at this instant, which is not in the future: what was recorded later, however far back it is dated, is left
    /// out, and the answer never changes. Now when absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00Z")]
    as_of: Option<Moment>,
}

/// List the proposals that you may see. Together with `as_of` it is narrowed by what was known then, but not by `queue`, and is
/// in the order of making; a page may be shorter than its limit though another follows.
#[utoipa::path(get, path = "/proposals", tag = "proposals", params(ProposalQuery),
    responses((status = 200, description = "A page.", body = Page<view::Proposal>)))]
pub async fn list_proposals(call: Call, query: Query<ProposalQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let order = order(query.sort.as_deref(), query.queue)?;
        let filter = Filter {
            state: query.state,
            menu: query.menu,
            fiscal_year: query.fiscal_year,
            region_code: query.region_code,
            province_code: query.province_code,
            centre_id: query.centre_id,
            outcome_class: query.outcome_class,
            component: query.component,
            funded: query.funded,
            queue: query.queue.and_then(|_| proposal::queue_of(cx)),
            order,
            after: after(order, query.cursor.as_deref())?,
        };
        known::proposals(sv, cx, &filter, limit(query.limit)?, query.as_of)
    })
    .await
}

/// What proposals are counted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CountQuery {
    /// Standing in this state.
    state: Option<State>,
    /// Of this menu.
    menu: Option<Menu>,
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Of this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>)]
    province_code: Option<RegionCode>,
    /// Of this centre.
    #[param(value_type = Option<String>)]
    centre_id: Option<CentreId>,
    /// Whose centre is to bear this.
    outcome_class: Option<OutcomeClass>,
    /// With a line of the DAK that pays for this.
    component: Option<Component>,
    /// For which money was, or was not, set aside.
    funded: Option<bool>,
    /// `mine`: only what waits for you to do something.
    #[param(inline, example = "mine")]
    queue: Option<Whose>,
}

/// Count the proposals that you may see, by state, narrowed as their list is.
#[utoipa::path(get, path = "/proposals/counts", tag = "proposals", params(CountQuery),
    responses((status = 200, description = "By state; states without any are left out.", body = view::Counts)))]
pub async fn count_proposals(call: Call, query: Query<CountQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let filter = Filter {
            state: query.state,
            menu: query.menu,
            fiscal_year: query.fiscal_year,
            region_code: query.region_code,
            province_code: query.province_code,
            centre_id: query.centre_id,
            outcome_class: query.outcome_class,
            component: query.component,
            funded: query.funded,
            queue: query.queue.and_then(|_| proposal::queue_of(cx)),
            ..Filter::default()
        };
        proposal::counts(sv, cx, &filter)
    })
    .await
}

fn order(sort: Option<&str>, queue: Option<Whose>) -> Result<Order, Error> {
    match (sort, queue) {
        (None, None) | (Some("created_at"), _) => Ok(Order::Oldest),
        (Some("-created_at"), _) => Ok(Order::Newest),
        (None, Some(Whose::Mine)) | (Some("state_since"), _) => Ok(Order::Waiting),
        (Some(_), _) => {
            let message = "must be created_at, -created_at or state_since";
            Err(Error::invalid("/query/sort", "invalid", message))
        }
    }
}

/// Where the page before ended; in the order of waiting by the moment too.
fn after(order: Order, given: Option<&str>) -> Result<Option<(Moment, ProposalId)>, Error> {
    match order {
        Order::Oldest | Order::Newest => {
            Ok(cursor::<ProposalId>(given)?.map(|id| (Moment::default(), id)))
        }
        Order::Waiting => Ok(cursor::<Waited<ProposalId>>(given)?.map(Waited::parts)),
    }
}

/// A moment and an id, as `next_cursor` parts them.
pub struct Waited<I>(Moment, I);

impl<I> Waited<I> {
    /// Both.
    pub fn parts(self) -> (Moment, I) {
        (self.0, self.1)
    }
}

impl<I: FromStr> FromStr for Waited<I> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (since, id) = text.split_once('_').ok_or(())?;
        let since = since.parse::<DateTime<Utc>>().map_err(|_| ())?;
        Ok(Waited(since.into(), id.parse().map_err(|_| ())?))
    }
}

/// An instant.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AsOfQuery {
    /// As it was known at this instant, which is not in the future: what was recorded later, however far back it is dated, is left
    /// out, and the answer never changes. Now when absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00Z")]
    pub as_of: Option<Moment>,
}

/// Show a proposal with its figures. The `ETag` is its version; with `as_of` that which it had.
#[utoipa::path(get, path = "/proposals/{id}", tag = "proposals", params(AsOfQuery),
    responses((status = 200, description = "The proposal.", body = view::Proposal,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_proposal(call: Call, id: Id<ProposalId>, query: Query<AsOfQuery>) -> Answer {
    call.read_versioned(
        move |sv, cx| known::show(sv, cx, id.get()?, query.get()?.as_of),
        |shown| Some(shown.version),
    )
    .await
}

/// Change a draft: what is absent stays, `null` clears.
#[utoipa::path(patch, path = "/proposals/{id}", tag = "proposals", request_body = ProposalPatch,
    responses((status = 200, description = "As it is now.", body = view::Proposal)))]
pub async fn edit_proposal(call: Call, id: Id<ProposalId>, body: Body<ProposalPatch>) -> Answer {
    call.write(body, move |sv, cx, body| proposal::edit(sv, cx, id.get()?, body)).await
}

/// What a list of events is narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    pub limit: Option<i64>,
}

/// List what happened to a proposal, refused attempts too, oldest first.
#[utoipa::path(get, path = "/proposals/{id}/events", tag = "proposals", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::EventView>)))]
pub async fn list_events(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let id = id.get()?;
        let query = query.get()?;
        proposal::events(
            sv,
            cx,
            id,
            cursor::<EventId>(query.cursor.as_deref())?,
            limit(query.limit)?,
        )
    })
    .await
}
