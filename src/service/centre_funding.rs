//! Money that centres got from elsewhere: the region's or the state's own budget, the non-physical DAK, or the physical DAK
//! of years that are not in Sentra.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{CentreFundingId, CentreId, EventId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::line::{Component, FundSource};
use crate::domain::money::Rupiah;
use crate::domain::people::{Place, Role};
use crate::domain::refusal::FieldError;
use crate::service::Services;
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::plan::need_version;
use crate::service::reason::TakingBack;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::readiness as view;
use crate::storage::AnyConnection;
use crate::storage::centre::{self, Centre};
use crate::storage::funding::{self, CentreFunding};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// Who records it: the region that knows its budget, and those who review its proposals.
const RECORDERS: [Role; 4] = [Role::Drafter, Role::Planner, Role::Verifier, Role::Reviewer];

/// The most records of a centre that stand.
const MOST_RECORDS: i64 = 500;

/// Money that a centre got from elsewhere.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CentreFundingDraft {
    /// In which fiscal year.
    #[schema(example = 2020)]
    pub fiscal_year: i64,
    /// From which source.
    pub fund_source: FundSource,
    /// For what.
    pub component: Component,
    /// For what, in words.
    #[schema(example = "Rumah produksi tahap pertama")]
    pub description: String,
    /// How much.
    pub amount_idr: Rupiah,
    /// The budget document or decree that it rests on.
    #[schema(example = "DPA Dinas Perindustrian 2020")]
    pub legal_basis: String,
}

impl CentreFundingDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        checks.text("/description", &self.description, MAX_SHORT);
        checks.text("/legal_basis", &self.legal_basis, MAX_SHORT);
        let above = self.amount_idr.0 > 0;
        checks.require(above, "/amount_idr", "not_positive", "must be above zero");
        checks.done()
    }
}

/// What a centre got from elsewhere, withdrawn records too; as open as the registry itself.
pub fn list(
    sv: &Services,
    id: CentreId,
    after: Option<CentreFundingId>,
    limit: i64,
) -> Result<Page<view::CentreFunding>, Error> {
    sv.db.read(|tx| {
        centre::find(tx, id)?.ok_or(Error::NotFound)?;
        let rows = funding::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::CentreFunding::from))
    })
}

fn recorder(cx: &Context, centre: &Centre) -> Result<By, Error> {
    let place = Place { region: &centre.region_code, commodity: &centre.commodity };
    let grant = RECORDERS.iter().find_map(|role| cx.actor.grant_over(*role, place));
    grant.map(By::from).ok_or_else(|| missing(&RECORDERS))
}

/// Records money that a centre got from elsewhere.
pub fn record(
    sv: &Services,
    cx: &Context,
    id: CentreId,
    body: &Input<CentreFundingDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("centre_funding.record"),
        |tx| {
            let row = centre::find(tx, id)?.ok_or(Error::NotFound)?;
            Ok((Subject::within(SubjectKind::Centre, id, &row.region_code), row))
        },
        |tx, _, centre| {
            let by = recorder(cx, &centre)?;
            let draft = body.get()?;
            if funding::standing_count(tx, id)? >= MOST_RECORDS {
                let message = format!("A centre has at most {MOST_RECORDS} records that stand.");
                return Err(Error::refused("too_many", "", message));
            }
            let row = CentreFunding {
                id: CentreFundingId::new(),
                centre_id: id,
                fiscal_year: draft.fiscal_year,
                fund_source: draft.fund_source,
                component: draft.component,
                description: draft.description.clone(),
                amount_idr: draft.amount_idr,
                legal_basis: draft.legal_basis.clone(),
                recorded_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
                recorded_at: cx.now,
                withdrawn_by: None,
                withdrawn_at: None,
                withdrawn_reason: None,
                version: 1,
            };
            funding::insert(tx, &row)?;
            settle(tx, cx, by, "centre_funding.record", &centre, &row)?;
            let location = format!("/api/v1/centres/{id}/fundings");
            let version = row.version;
            Reply::created(&view::CentreFunding::from(row), Some(version), location)
        },
    )
}

/// By which grant the caller may withdraw a record: whoever made it, and the ministry's reviewer. What the ministry
/// knows of a centre is not for the region to take away.
fn withdrawer(cx: &Context, centre: &Centre, row: &CentreFunding) -> Result<By, Error> {
    if cx.actor.user == Some(row.recorded_by) {
        return recorder(cx, centre);
    }
    let place = Place { region: &centre.region_code, commodity: &centre.commodity };
    Ok(By::from(cx.need_over(Role::Reviewer, place)?))
}

/// Withdraws a record that was wrong; it stays to be read.
pub fn withdraw(
    sv: &Services,
    cx: &Context,
    id: CentreFundingId,
    body: &Input<TakingBack>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("centre_funding.withdraw"),
        |tx| {
            let row = funding::find(tx, id)?.ok_or(Error::NotFound)?;
            let centre = centre::find(tx, row.centre_id)?.ok_or(Error::NotFound)?;
            let subject = Subject::within(SubjectKind::CentreFunding, id, &centre.region_code);
            Ok((subject, (row, centre)))
        },
        |tx, _, (row, centre)| {
            let by = withdrawer(cx, &centre, &row)?;
            need_version(cx, row.version)?;
            let reason = body.get()?.reason.clone();
            if row.withdrawn_at.is_some() {
                return Err(Error::refused("withdrawn", "", "This record is withdrawn already."));
            }
            let after = CentreFunding {
                withdrawn_by: cx.actor.user,
                withdrawn_at: Some(cx.now),
                withdrawn_reason: Some(reason),
                version: row.version + 1,
                ..row
            };
            if funding::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            settle(tx, cx, by, "centre_funding.withdraw", &centre, &after)?;
            let version = after.version;
            Reply::ok(&view::CentreFunding::from(after), Some(version))
        },
    )
}

fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    action: &str,
    centre: &Centre,
    row: &CentreFunding,
) -> Result<(), Error> {
    let event = EventId::new();
    let subject = Subject::within(SubjectKind::CentreFunding, row.id, &centre.region_code);
    let content = json!({ "centre_funding": row });
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::CentreFunding, row.id, row.version, row)
}
