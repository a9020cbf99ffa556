//! Failed sign-ins by account and address, and the addresses that an account is known to use.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::{sign_in_addresses, sign_in_failures};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

const SUM: &str = "CAST(COALESCE(SUM(failures), 0) AS BIGINT)";

/// Recent failures, and when the newest of them was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub failures: i64,
    /// The newest.
    pub last: Option<Moment>,
}

/// Recent failures: of the account from the address, of the account from anywhere, and from the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Of this account from this address.
    pub pair: Tally,
    /// Of this account.
    pub account: Tally,
    /// From this address.
    pub address: Tally,
}

/// Counts the failures since a moment.
pub fn count(
    c: &mut AnyConnection,
    account: &str,
    address: &str,
    since: Moment,
) -> QueryResult<Failures> {
    Ok(Failures {
        pair: tally(c, Some(account), Some(address), since)?,
        account: tally(c, Some(account), None, since)?,
        address: tally(c, None, Some(address), since)?,
    })
}

fn tally(
    c: &mut AnyConnection,
    account: Option<&str>,
    address: Option<&str>,
    since: Moment,
) -> QueryResult<Tally> {
    let rows = || {
        let mut rows =
            sign_in_failures::table.filter(sign_in_failures::last_failed_at.gt(since)).into_boxed();
        if let Some(account) = account {
            rows = rows.filter(sign_in_failures::account.eq(account.to_owned()));
        }
        if let Some(address) = address {
            rows = rows.filter(sign_in_failures::address.eq(address.to_owned()));
        }
        rows
    };
    let failures = rows().select(sql::<BigInt>(SUM)).first(c)?;
    let last = rows()
        .select(sign_in_failures::last_failed_at)
        .order(sign_in_failures::last_failed_at.desc())
        .first(c)
        .optional()?;
    Ok(Tally { failures, last })
}

/// Counts one more failure; an old count starts again.
pub fn failed(
    c: &mut AnyConnection,
    account: &str,
    address: &str,
    now: Moment,
    since: Moment,
) -> QueryResult<()> {
    diesel::delete(
        sign_in_failures::table
            .find((account, address))
            .filter(sign_in_failures::last_failed_at.le(since)),
    )
    .execute(c)?;
    on_each!(c, |c| diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::account.eq(account),
            sign_in_failures::address.eq(address),
            sign_in_failures::failures.eq(1),
            sign_in_failures::last_failed_at.eq(now.0),
        ))
        .on_conflict((sign_in_failures::account, sign_in_failures::address))
        .do_update()
        .set((
            sign_in_failures::failures.eq(sign_in_failures::failures + 1),
            sign_in_failures::last_failed_at.eq(now.0),
        ))
        .execute(c))
    .map(|_| ())
}

/// Forgets the failures of an account from an address, and remembers the address.
pub fn succeeded(
    c: &mut AnyConnection,
    account: &str,
    user: UserId,
    address: &str,
    now: Moment,
) -> QueryResult<()> {
    diesel::delete(sign_in_failures::table.find((account, address))).execute(c)?;
    let user = user.to_string();
    on_each!(c, |c| diesel::insert_into(sign_in_addresses::table)
        .values((
            sign_in_addresses::user_id.eq(&user),
            sign_in_addresses::address.eq(address),
            sign_in_addresses::last_at.eq(now.0),
        ))
        .on_conflict((sign_in_addresses::user_id, sign_in_addresses::address))
        .do_update()
        .set(sign_in_addresses::last_at.eq(now.0))
        .execute(c))
    .map(|_| ())
}

/// Whether the user has signed in from the address before.
pub fn is_known(c: &mut AnyConnection, user: UserId, address: &str) -> QueryResult<bool> {
    sign_in_addresses::table
        .find((user, address))
        .select(sign_in_addresses::address)
        .first::<String>(c)
        .optional()
        .map(|found| found.is_some())
}

/// Deletes failures older than a moment.
pub fn sweep(c: &mut AnyConnection, before: Moment) -> QueryResult<usize> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_failed_at.lt(before)))
        .execute(c)
}

/// Deletes from where a user signed in.
pub fn forget(c: &mut AnyConnection, user: UserId) -> QueryResult<usize> {
    diesel::delete(sign_in_addresses::table.filter(sign_in_addresses::user_id.eq(user))).execute(c)
}
