//! How people want to be told: the hour of the digest with a version, and a row for each kind that was set.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::domain::preference::{Delivery, MailKind};
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::{mail_preferences, mail_settings};
use diesel::prelude::*;

/// That a person set how they want to be told, with the hour of their digest.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mail_settings)]
pub struct Settings {
    /// Whose.
    pub user_id: UserId,
    /// 0 to 23, on the clocks of where the person works.
    pub digest_hour: i64,
    /// When any of it was changed last.
    pub changed_at: Moment,
    /// Raised by every change of any of it; 1 at first.
    pub version: i64,
}

/// What a person set for a kind.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mail_preferences)]
pub struct Choice {
    /// Whose.
    pub user_id: UserId,
    /// Of which kind.
    pub kind: MailKind,
    /// How it is told.
    pub delivery: Delivery,
}

/// What several people set; those who set nothing are missing.
pub fn settings_of(c: &mut AnyConnection, users: &[UserId]) -> QueryResult<Vec<Settings>> {
    mail_settings::table
        .filter(mail_settings::user_id.eq_any(users))
        .select(Settings::as_select())
        .load(c)
}

/// What several people set for each kind.
pub fn choices_of(c: &mut AnyConnection, users: &[UserId]) -> QueryResult<Vec<Choice>> {
    mail_preferences::table
        .filter(mail_preferences::user_id.eq_any(users))
        .order((mail_preferences::user_id, mail_preferences::kind))
        .select(Choice::as_select())
        .load(c)
}

/// Sets everything anew; compare-and-set on the version before, of which 0 stands for nothing set. 0 when it was
/// another.
pub fn replace(
    c: &mut AnyConnection,
    settings: &Settings,
    choices: &[Choice],
) -> QueryResult<usize> {
    let user = settings.user_id;
    let set = if settings.version == 1 {
        on_each!(c, |c| diesel::insert_into(mail_settings::table)
            .values(settings)
            .on_conflict_do_nothing()
            .execute(c))?
    } else {
        let before = mail_settings::version.eq(settings.version - 1);
        diesel::update(mail_settings::table.find(user).filter(before)).set(settings).execute(c)?
    };
    if set == 1 {
        diesel::delete(mail_preferences::table.filter(mail_preferences::user_id.eq(user)))
            .execute(c)?;
        on_each!(c, |c| diesel::insert_into(mail_preferences::table).values(choices).execute(c))?;
    }
    Ok(set)
}
