//! Allocations: what a region may get in a year.

use crate::domain::ids::{AllocationId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::domain::tranche::Mode;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{allocations, regions};
use diesel::prelude::*;
use serde::Serialize;

/// A region's allocation of a year.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = allocations)]
pub struct Allocation {
    /// Its id.
    pub id: AllocationId,
    /// The year.
    pub fiscal_year: i64,
    /// Whose.
    pub region_code: RegionCode,
    /// At most.
    pub amount_idr: Rupiah,
    /// Set aside for proposals and not released.
    pub used_idr: Rupiah,
    /// The regulation that sets it.
    pub legal_basis: String,
    /// The version of the year's policy that plan, tranches and reports follow.
    pub policy_version: i64,
    /// How it is paid; fixed at the first payment.
    pub mode: Option<Mode>,
    /// Raised by every write beneath it.
    pub version: i64,
    /// When it was first recorded.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// Inserts an allocation.
pub fn insert(c: &mut AnyConnection, allocation: &Allocation) -> QueryResult<()> {
    diesel::insert_into(allocations::table).values(allocation).execute(c).map(|_| ())
}

/// One allocation.
pub fn find(c: &mut AnyConnection, id: AllocationId) -> QueryResult<Option<Allocation>> {
    allocations::table.find(id).select(Allocation::as_select()).first(c).optional()
}

/// The allocation of a region and year.
pub fn of(
    c: &mut AnyConnection,
    fiscal_year: i64,
    region: &RegionCode,
) -> QueryResult<Option<Allocation>> {
    allocations::table
        .filter(allocations::fiscal_year.eq(fiscal_year).and(allocations::region_code.eq(region)))
        .select(Allocation::as_select())
        .first(c)
        .optional()
}

/// Raises the version and so takes the row for this transaction.
pub fn lock(c: &mut AnyConnection, id: AllocationId) -> QueryResult<usize> {
    diesel::update(allocations::table.find(id))
        .set(allocations::version.eq(allocations::version + 1))
        .execute(c)
}

/// Takes `amount` of the allocation; 0 when there is no room for it. A negative amount gives back.
pub fn take(
    c: &mut AnyConnection,
    id: AllocationId,
    amount: Rupiah,
    now: Moment,
) -> QueryResult<usize> {
    let used = allocations::used_idr + amount.0;
    diesel::update(allocations::table.find(id).filter(used.le(allocations::amount_idr)))
        .set((
            allocations::used_idr.eq(used),
            allocations::version.eq(allocations::version + 1),
            allocations::updated_at.eq(now),
        ))
        .execute(c)
}

/// Sets a new amount; 0 when more than that is used.
pub fn set_amount(
    c: &mut AnyConnection,
    id: AllocationId,
    amount: Rupiah,
    legal_basis: &str,
    now: Moment,
) -> QueryResult<usize> {
    diesel::update(allocations::table.find(id).filter(allocations::used_idr.le(amount.0)))
        .set((
            allocations::amount_idr.eq(amount),
            allocations::legal_basis.eq(legal_basis),
            allocations::version.eq(allocations::version + 1),
            allocations::updated_at.eq(now),
        ))
        .execute(c)
}

/// Fixes the mode, once.
pub fn fix_mode(c: &mut AnyConnection, id: AllocationId, mode: Mode) -> QueryResult<usize> {
    diesel::update(allocations::table.find(id).filter(allocations::mode.is_null()))
        .set(allocations::mode.eq(mode))
        .execute(c)
}

/// Allocations within sight, in the order of their making, after `after`.
pub fn list(
    c: &mut AnyConnection,
    sight: &Sight,
    fiscal_year: Option<i64>,
    region: Option<&RegionCode>,
    after: Option<AllocationId>,
    limit: i64,
) -> QueryResult<Vec<Allocation>> {
    let mut query = allocations::table
        .inner_join(regions::table)
        .select(Allocation::as_select())
        .order(allocations::id)
        .limit(limit)
        .into_boxed();
    if !sight.nation {
        query = query.filter(
            allocations::region_code
                .eq_any(sight.regions.clone())
                .or(regions::province_code.eq_any(sight.provinces.clone())),
        );
    }
    if let Some(year) = fiscal_year {
        query = query.filter(allocations::fiscal_year.eq(year));
    }
    if let Some(region) = region {
        query = query.filter(allocations::region_code.eq(region.clone()));
    }
    if let Some(after) = after {
        query = query.filter(allocations::id.gt(after));
    }
    query.load(c)
}
