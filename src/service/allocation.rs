//! Ceilings of the nation and allocations of the regions: each amount stays within the one above it.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AllocationId, EventId, RegionCode};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::money::Rupiah;
use crate::domain::people::Role;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, policy, tranche};
use crate::storage::allocation::{self, Allocation};
use crate::storage::ceiling::{self, Ceiling};
use crate::storage::{AnyConnection, region};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The nation's ceiling of a year, new or changed.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CeilingDraft {
    /// The year.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// At most; not below what is allocated already.
    #[schema(example = 750_000_000_000_i64)]
    pub amount_idr: Rupiah,
    /// The regulation that sets it.
    pub legal_basis: String,
}

impl CeilingDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        checks.text("/legal_basis", &self.legal_basis, MAX_SHORT);
        checks.done()
    }
}

/// A region's allocation of a year, new or changed.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationDraft {
    /// The year.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Whose.
    pub region_code: RegionCode,
    /// At most; not below what is set aside for proposals already.
    #[schema(example = 5_300_000_000_i64)]
    pub amount_idr: Rupiah,
    /// The regulation that sets it.
    pub legal_basis: String,
}

impl AllocationDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        checks.text("/legal_basis", &self.legal_basis, MAX_SHORT);
        checks.done()
    }
}

/// The ceilings, newest year first.
pub fn ceilings(sv: &Services) -> Result<Page<view::Ceiling>, Error> {
    sv.db.read(|tx| {
        Ok(Page::whole(ceiling::list(tx)?.into_iter().map(view::Ceiling::from).collect()))
    })
}

/// Records the ceiling of a year; a later record of the same year revises it.
pub fn record_ceiling(
    sv: &Services,
    cx: &Context,
    body: &Input<CeilingDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("ceiling.record"),
        |_| Ok((Subject::of(SubjectKind::Collection, "ceilings"), ())),
        |tx, _, ()| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let draft = body.get()?;
            let before = ceiling::find(tx, draft.fiscal_year)?;
            match &before {
                None => ceiling::insert(
                    tx,
                    &Ceiling {
                        fiscal_year: draft.fiscal_year,
                        amount_idr: draft.amount_idr,
                        used_idr: Rupiah::ZERO,
                        legal_basis: draft.legal_basis.clone(),
                        version: 1,
                        created_at: cx.now,
                        updated_at: cx.now,
                    },
                )?,
                Some(row) => {
                    let (year, amount) = (draft.fiscal_year, draft.amount_idr);
                    if ceiling::set_amount(tx, year, amount, &draft.legal_basis, cx.now)? == 0 {
                        let message =
                            format!("{} is allocated already; {amount} is less.", row.used_idr);
                        return Err(Error::refused("below_used", "/amount_idr", message));
                    }
                }
            }
            let after = ceiling::find(tx, draft.fiscal_year)?.ok_or(Error::NotFound)?;
            let event = EventId::new();
            let subject = Subject::of(SubjectKind::Ceiling, after.fiscal_year);
            let content = json!({ "before": before, "after": after });
            let action = "ceiling.record";
            trail::done(
                tx,
                cx,
                Event {
                    id: event,
                    action,
                    subject: &subject,
                    by: Some(by),
                    content,
                    personal: &[],
                },
            )?;
            trail::revise(
                tx,
                event,
                SubjectKind::Ceiling,
                after.fiscal_year,
                after.version,
                &after,
            )?;
            let version = after.version;
            Reply::created(
                &view::Ceiling::from(after),
                Some(version),
                "/api/v1/ceilings".to_owned(),
            )
        },
    )
}

/// Allocations that the caller may see.
pub fn list(
    sv: &Services,
    cx: &Context,
    fiscal_year: Option<i64>,
    region: Option<&RegionCode>,
    after: Option<AllocationId>,
    limit: i64,
) -> Result<Page<view::Allocation>, Error> {
    sv.db.read(|tx| {
        let sight = cx.actor.sight();
        let rows =
            allocation::list(tx, &sight, fiscal_year, region, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Allocation::from))
    })
}

/// One allocation.
pub fn show(sv: &Services, cx: &Context, id: AllocationId) -> Result<view::Allocation, Error> {
    sv.db.read(|tx| tranche::visible(tx, cx, id).map(view::Allocation::from))
}

/// Records a region's allocation of a year; a later record of the same region and year revises it.
pub fn record(sv: &Services, cx: &Context, body: &Input<AllocationDraft>) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("allocation.record"),
        |_| Ok((Subject::of(SubjectKind::Collection, "allocations"), ())),
        |tx, _, ()| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let draft = body.get()?;
            eligible(tx, draft)?;
            // The nation's ceiling is held from here on, so that what is read of the allocation stays true.
            ceiling::take(tx, draft.fiscal_year, Rupiah::ZERO, cx.now)?;
            let before = allocation::of(tx, draft.fiscal_year, &draft.region_code)?;
            let already = before.as_ref().map(|row| row.amount_idr).unwrap_or_default();
            take_ceiling(tx, cx, draft, already)?;
            let id = match &before {
                None => insert(tx, cx, draft)?,
                Some(row) => {
                    let amount = draft.amount_idr;
                    if allocation::set_amount(tx, row.id, amount, &draft.legal_basis, cx.now)? == 0
                    {
                        let message = format!(
                            "{} is set aside for proposals already; {amount} is less.",
                            row.used_idr
                        );
                        return Err(Error::refused("below_used", "/amount_idr", message));
                    }
                    row.id
                }
            };
            let after = allocation::find(tx, id)?.ok_or(Error::NotFound)?;
            let event = EventId::new();
            let ceiling = ceiling::find(tx, draft.fiscal_year)?.ok_or(Error::NotFound)?;
            trail::revise(
                tx,
                event,
                SubjectKind::Ceiling,
                ceiling.fiscal_year,
                ceiling.version,
                &ceiling,
            )?;
            let subject = Subject::within(SubjectKind::Allocation, id, &after.region_code);
            let content = json!({ "before": before, "after": after });
            let action = "allocation.record";
            trail::done(
                tx,
                cx,
                Event {
                    id: event,
                    action,
                    subject: &subject,
                    by: Some(by),
                    content,
                    personal: &[],
                },
            )?;
            trail::revise(tx, event, SubjectKind::Allocation, id, after.version, &after)?;
            let version = after.version;
            let location = format!("/api/v1/allocations/{id}");
            Reply::created(&view::Allocation::from(after), Some(version), location)
        },
    )
}

fn eligible(tx: &mut AnyConnection, draft: &AllocationDraft) -> Result<(), Error> {
    match region::find(tx, &draft.region_code)? {
        None => Err(Error::invalid("/region_code", "unknown", "there is no such region")),
        Some(region) if !region.autonomous => Err(Error::invalid(
            "/region_code",
            "not_autonomous",
            "this region has no budget of its own",
        )),
        Some(_) => Ok(()),
    }
}

/// Takes the difference from the nation's ceiling.
fn take_ceiling(
    tx: &mut AnyConnection,
    cx: &Context,
    draft: &AllocationDraft,
    already: Rupiah,
) -> Result<(), Error> {
    let more = draft.amount_idr.minus(already).unwrap_or_default();
    if ceiling::take(tx, draft.fiscal_year, more, cx.now)? == 1 {
        return Ok(());
    }
    match ceiling::find(tx, draft.fiscal_year)? {
        None => {
            let message =
                format!("The year {} has no ceiling; POST /ceilings first.", draft.fiscal_year);
            Err(Error::refused("no_ceiling", "/fiscal_year", message))
        }
        Some(row) => {
            let room = row.amount_idr.minus(row.used_idr).unwrap_or_default();
            let message =
                format!("{more} is more than the {room} left under the nation's ceiling.");
            Err(Error::refused("room_in_ceiling", "/amount_idr", message))
        }
    }
}

fn insert(
    tx: &mut AnyConnection,
    cx: &Context,
    draft: &AllocationDraft,
) -> Result<AllocationId, Error> {
    let Some(pinned) = policy::base(tx, draft.fiscal_year)? else {
        let message = format!("there is no policy for {}", draft.fiscal_year);
        return Err(Error::invalid("/fiscal_year", "no_policy", message));
    };
    let row = Allocation {
        id: AllocationId::new(),
        fiscal_year: draft.fiscal_year,
        region_code: draft.region_code.clone(),
        amount_idr: draft.amount_idr,
        used_idr: Rupiah::ZERO,
        legal_basis: draft.legal_basis.clone(),
        policy_version: pinned.version,
        mode: None,
        version: 1,
        created_at: cx.now,
        updated_at: cx.now,
    };
    allocation::insert(tx, &row)?;
    Ok(row.id)
}
