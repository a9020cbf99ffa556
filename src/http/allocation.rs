//! Ceilings, allocations and the journal.

use crate::domain::ids::{AllocationId, CentreId, EntryId, ProposalId, RegionCode};
use crate::domain::line::Component;
use crate::domain::moment::Moment;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::query::{Query, cursor, limit};
use crate::service::allocation::{self, AllocationDraft, CeilingDraft};
use crate::service::error::Error;
use crate::service::journal::{self, Place};
use crate::service::known;
use crate::service::proposal::Filter;
use crate::service::view::Page;
use crate::service::view::money as view;
use serde::Deserialize;
use utoipa::IntoParams;

impl Checked for CeilingDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for AllocationDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Record the nation's ceiling of a year; a later record of the same year revises it.
#[utoipa::path(post, path = "/ceilings", tag = "money", request_body = CeilingDraft,
    responses((status = 201, description = "Recorded.", body = view::Ceiling)))]
pub async fn record_ceiling(call: Call, body: Body<CeilingDraft>) -> Answer {
    call.write(body, allocation::record_ceiling).await
}

/// List the nation's ceilings, newest year first.
#[utoipa::path(get, path = "/ceilings", tag = "money",
    responses((status = 200, description = "The ceilings.", body = Page<view::Ceiling>)))]
pub async fn list_ceilings(call: Call) -> Answer {
    call.read(|sv, _| allocation::ceilings(sv)).await
}

/// Record a region's allocation of a year; a later record of the same region and year revises it.
#[utoipa::path(post, path = "/allocations", tag = "money", request_body = AllocationDraft,
    responses((status = 201, description = "Recorded.", body = view::Allocation)))]
pub async fn record_allocation(call: Call, body: Body<AllocationDraft>) -> Answer {
    call.write(body, allocation::record).await
}

/// What a list of allocations is narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AllocationQuery {
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Of this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List the allocations that you may see.
#[utoipa::path(get, path = "/allocations", tag = "money", params(AllocationQuery),
    responses((status = 200, description = "A page.", body = Page<view::Allocation>)))]
pub async fn list_allocations(call: Call, query: Query<AllocationQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let after = cursor::<AllocationId>(query.cursor.as_deref())?;
        let (year, region) = (query.fiscal_year, query.region_code.as_ref());
        allocation::list(sv, cx, year, region, after, limit(query.limit)?)
    })
    .await
}

/// Show an allocation.
#[utoipa::path(get, path = "/allocations/{id}", tag = "money",
    responses((status = 200, description = "The allocation.", body = view::Allocation,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_allocation(call: Call, id: Id<AllocationId>) -> Answer {
    call.read_versioned(
        move |sv, cx| allocation::show(sv, cx, id.get()?),
        |shown| Some(shown.version),
    )
    .await
}

/// Which entries of the journal.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    /// Of this proposal, in the order of recording. Without it: of each of the proposals that the other fields narrow to,
    /// one after another; then none of them may be named with it.
    #[param(value_type = Option<String>)]
    proposal_id: Option<ProposalId>,
    /// Of proposals standing in this state.
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
    /// Of proposals whose centre is to bear this.
    outcome_class: Option<OutcomeClass>,
    /// Of proposals with a line of the DAK that pays for this.
    component: Option<Component>,
    /// Of proposals for which money was, or was not, set aside.
    funded: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
    /// As it was known at this instant, which is not in the future: what was recorded later, however far back it is dated, is left
    /// out, and the answer never changes. Now when absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00Z")]
    as_of: Option<Moment>,
}

impl JournalQuery {
    /// What the list of proposals is narrowed to; nothing where none of it is named.
    fn filter(&self) -> Option<Filter> {
        let filter = Filter {
            state: self.state,
            menu: self.menu,
            fiscal_year: self.fiscal_year,
            region_code: self.region_code.clone(),
            province_code: self.province_code.clone(),
            centre_id: self.centre_id,
            outcome_class: self.outcome_class,
            component: self.component,
            funded: self.funded,
            ..Filter::default()
        };
        filter.is_narrow().then_some(filter)
    }
}

/// List the journal: of a proposal, in the order of its recording; or of all proposals that you may see and that a year, a
/// place, a menu, a centre, a state, an outcome class or a component narrows to, one proposal after another. Of many proposals
/// a page may be shorter than its limit, or empty, though another follows.
#[utoipa::path(get, path = "/journal", tag = "money", params(JournalQuery),
    responses((status = 200, description = "A page.", body = Page<view::Entry>)))]
pub async fn list_journal(call: Call, query: Query<JournalQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let (filter, limit) = (query.filter(), limit(query.limit)?);
        match (query.proposal_id, filter) {
            (Some(id), None) => {
                let after = cursor::<EntryId>(query.cursor.as_deref())?;
                known::journal(sv, cx, id, after, limit, query.as_of)
            }
            (None, Some(filter)) => {
                let after = cursor::<Place>(query.cursor.as_deref())?;
                match query.as_of {
                    None => journal::list_of_many(sv, cx, &filter, after, limit),
                    Some(at) => known::journal_of_many(sv, cx, &filter, (after, limit), at),
                }
            }
            (Some(_), Some(_)) => {
                let message =
                    "names one proposal, and other fields narrow the list; name one or the other";
                Err(Error::invalid("/query/proposal_id", "narrowed", message))
            }
            (None, None) => {
                let message = "name a proposal, or a year, a place, a menu, a centre or a state";
                Err(Error::invalid("/query/proposal_id", "required", message))
            }
        }
    })
    .await
}
