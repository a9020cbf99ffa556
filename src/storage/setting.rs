//! Settings of this database, such as that it is a demonstration.

use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::settings;
use diesel::prelude::*;

/// The value of a setting.
pub fn get(c: &mut AnyConnection, name: &str) -> QueryResult<Option<String>> {
    settings::table.find(name).select(settings::value).first(c).optional()
}

/// Sets it.
pub fn put(c: &mut AnyConnection, name: &str, value: &str) -> QueryResult<()> {
    on_each!(c, |c| diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)))
        .on_conflict(settings::name)
        .do_update()
        .set(settings::value.eq(value))
        .execute(c))
    .map(|_| ())
}

/// Sets it, unless it is set.
pub fn add(c: &mut AnyConnection, name: &str, value: &str) -> QueryResult<()> {
    on_each!(c, |c| diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(value)))
        .on_conflict_do_nothing()
        .execute(c))
    .map(|_| ())
}
