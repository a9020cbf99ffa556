//! National ceilings by year.

use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::ceilings;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// What the nation may allocate in a year, and what it has.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = ceilings, primary_key(fiscal_year), treat_none_as_null = true)]
pub struct Ceiling {
    /// The year.
    pub fiscal_year: i64,
    /// At most.
    pub amount_idr: Rupiah,
    /// Allocated to regions.
    pub used_idr: Rupiah,
    /// The regulation that sets it.
    pub legal_basis: String,
    /// Raised by every change.
    pub version: i64,
    /// When it was first recorded.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// Inserts a ceiling.
pub fn insert(c: &mut AnyConnection, ceiling: &Ceiling) -> QueryResult<()> {
    diesel::insert_into(ceilings::table).values(ceiling).execute(c).map(|_| ())
}

/// The ceiling of a year.
pub fn find(c: &mut AnyConnection, fiscal_year: i64) -> QueryResult<Option<Ceiling>> {
    ceilings::table.find(fiscal_year).select(Ceiling::as_select()).first(c).optional()
}

/// All ceilings, newest year first.
pub fn list(c: &mut AnyConnection) -> QueryResult<Vec<Ceiling>> {
    ceilings::table.order(ceilings::fiscal_year.desc()).select(Ceiling::as_select()).load(c)
}

/// Takes `amount` of a year's ceiling; 0 when there is no room for it. A negative amount gives back.
pub fn take(
    c: &mut AnyConnection,
    fiscal_year: i64,
    amount: Rupiah,
    now: Moment,
) -> QueryResult<usize> {
    let used = ceilings::used_idr + amount.0;
    diesel::update(ceilings::table.find(fiscal_year).filter(used.le(ceilings::amount_idr)))
        .set((
            ceilings::used_idr.eq(used),
            ceilings::version.eq(ceilings::version + 1),
            ceilings::updated_at.eq(now),
        ))
        .execute(c)
}

/// Sets a new amount; 0 when more than that is used.
pub fn set_amount(
    c: &mut AnyConnection,
    fiscal_year: i64,
    amount: Rupiah,
    legal_basis: &str,
    now: Moment,
) -> QueryResult<usize> {
    diesel::update(ceilings::table.find(fiscal_year).filter(ceilings::used_idr.le(amount.0)))
        .set((
            ceilings::amount_idr.eq(amount),
            ceilings::legal_basis.eq(legal_basis),
            ceilings::version.eq(ceilings::version + 1),
            ceilings::updated_at.eq(now),
        ))
        .execute(c)
}
