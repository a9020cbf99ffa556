//! How the domain's ids, vocabularies, money and moments stand in columns, on both databases.

use crate::domain::moment::Moment;
use crate::domain::{
    act, audit, change, contract, deadline, document, finding, ids, journal, line, mail, moment,
    money, notice, people, plan, preference, proposal, region, report, tranche,
};
use crate::storage::connection::MultiBackend;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text, Timestamp};
use diesel::sqlite::Sqlite;
use std::io::Write;

/// Letters of an id: 32 digits in lower case, and four hyphens.
const ID_LETTERS: usize = 36;

/// A vocabulary over a TEXT column: its texts are static, so that one impl serves every backend.
macro_rules! vocabularies {
    ($($name:path),+ $(,)?) => {$(
        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse::<$name>()?)
            }
        }

        impl<DB: Backend> ToSql<Text, DB> for $name
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.as_str().to_sql(out)
            }
        }
    )+};
}

/// An id over a TEXT column. Its text is made on the spot, so that each backend needs its own `ToSql`. An id that is written
/// otherwise is none: what is looked up by it would not find it.
macro_rules! id_columns {
    ($($name:path),+ $(,)?) => {$(
        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let text = String::from_sql(bytes)?;
                let id = text.parse::<$name>()?;
                match text.len() == ID_LETTERS && !text.bytes().any(|b| b.is_ascii_uppercase()) {
                    true => Ok(id),
                    false => Err(format!("{text:?} is not written as ids are here").into()),
                }
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                write!(out, "{}", self.0)?;
                Ok(IsNull::No)
            }
        }

        impl ToSql<Text, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.0.to_string());
                Ok(IsNull::No)
            }
        }

        impl ToSql<Text, MultiBackend> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value((Text, self));
                Ok(IsNull::No)
            }
        }
    )+};
}

/// A newtype over a value that the backends know.
macro_rules! newtype_columns {
    ($($name:path: $inner:ty as $sql:ty),+ $(,)?) => {$(
        impl<DB: Backend> FromSql<$sql, DB> for $name
        where
            $inner: FromSql<$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok($name(<$inner>::from_sql(bytes)?))
            }
        }

        impl<DB: Backend> ToSql<$sql, DB> for $name
        where
            $inner: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }
    )+};
}

vocabularies!(
    act::Action,
    audit::Outcome,
    audit::SubjectKind,
    change::RequestState,
    change::Side,
    contract::ContractRole,
    deadline::DeadlineKind,
    document::DocumentStatus,
    document::MediaType,
    finding::AboutKind,
    finding::FindingKind,
    finding::FindingOutcome,
    finding::FindingState,
    finding::FollowUpSide,
    journal::Account,
    journal::EntryKind,
    line::Component,
    line::FundSource,
    mail::AttemptOutcome,
    mail::MailState,
    moment::Zone,
    notice::NoticeEvent,
    people::Duty,
    people::Language,
    people::Role,
    people::TokenKind,
    people::TokenScope,
    plan::Method,
    plan::PlanState,
    plan::SupportingActivity,
    preference::Delivery,
    preference::MailKind,
    proposal::Menu,
    proposal::OutcomeClass,
    proposal::State,
    region::RegionLevel,
    report::ReportKind,
    report::ReportState,
    tranche::Mode,
    tranche::TrancheState,
);

id_columns!(
    ids::UserId,
    ids::GrantId,
    ids::InvitationId,
    ids::TokenId,
    ids::CentreId,
    ids::PolicyId,
    ids::DecreeId,
    ids::ProposalId,
    ids::ChangeRequestId,
    ids::LineAgreementId,
    ids::AssignmentId,
    ids::ConflictId,
    ids::WaiverId,
    ids::CentreFundingId,
    ids::FundingAnswerId,
    ids::ConditionId,
    ids::HoldId,
    ids::AllocationId,
    ids::PlanId,
    ids::ContractId,
    ids::TrancheRequestId,
    ids::ExpenditureId,
    ids::ReturnId,
    ids::AmendmentId,
    ids::RecoveryId,
    ids::CarryId,
    ids::ReportId,
    ids::DocumentId,
    ids::FindingId,
    ids::FollowUpId,
    ids::EntryId,
    ids::ReminderId,
    ids::EventId,
    ids::RevisionId,
    ids::NoticeId,
    ids::MailId,
    ids::MailAttemptId,
);

newtype_columns!(
    ids::RegionCode: String as Text,
    money::Rupiah: i64 as BigInt,
    money::BasisPoints: i64 as BigInt,
);

impl<DB: Backend> ToSql<Timestamp, DB> for Moment
where
    NaiveDateTime: ToSql<Timestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl FromSql<Timestamp, Pg> for Moment {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <NaiveDateTime as FromSql<Timestamp, Pg>>::from_sql(bytes).map(Moment)
    }
}

impl FromSql<Timestamp, Sqlite> for Moment {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = value.read_text();
        let moment = moment_of(text);
        moment.ok_or_else(|| format!("{text:?} is not written as moments are here").into())
    }
}

impl FromSql<Timestamp, MultiBackend> for Moment {
    fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, Timestamp>()
    }
}

/// A moment in the one way in which it is written to SQLite: `2021-07-15 02:30:00`, with three or six digits of a second
/// where they tell something. SQLite compares moments as texts, so that one that is written otherwise stands in another
/// place. Taken apart here, since diesel tries notations one by one, which costs more than all else of a row of the trail.
fn moment_of(text: &str) -> Option<Moment> {
    let number = |from: usize, to: usize| {
        let digits = text.as_bytes().get(from..to)?;
        digits.iter().try_fold(0_u32, |so_far, byte| {
            let digit = byte.is_ascii_digit().then(|| u32::from(byte.wrapping_sub(b'0')))?;
            so_far.checked_mul(10)?.checked_add(digit)
        })
    };
    let stands = |at: usize, letter: u8| text.as_bytes().get(at) == Some(&letter);
    let microsecond = match text.len() {
        19 => 0,
        23 => number(20, 23).filter(|thousandths| *thousandths != 0)?.checked_mul(1_000)?,
        26 => number(20, 26).filter(|millionths| millionths % 1_000 != 0)?,
        _ => return None,
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':'), (19, b'.')];
    if !marks.iter().all(|(at, letter)| *at >= text.len() || stands(*at, *letter)) {
        return None;
    }
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    date.and_hms_micro_opt(hour, minute, second, microsecond).map(Moment)
}

#[cfg(test)]
mod tests {
    use super::moment_of;
    use diesel::prelude::*;
    use diesel::sql_types::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_moment_is_read_as_it_is_written(micros in 0_i64..253_402_300_800_000_000) {
            let at = chrono::DateTime::from_timestamp_micros(micros).expect("in range").naive_utc();
            let mut c = SqliteConnection::establish(":memory:").expect("a database");
            let written = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("")
                .bind::<Timestamp, _>(at));
            let text: String = written.get_result(&mut c).expect("written");
            prop_assert_eq!(moment_of(&text).map(|moment| moment.0), Some(at));
        }

        #[test]
        fn what_is_read_has_no_other_notation(text in "[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,7})?") {
            if let Some(moment) = moment_of(&text) {
                prop_assert_eq!(moment.0.format("%F %T%.f").to_string(), text);
            }
        }
    }

    #[test]
    fn nothing_else_is_a_moment() {
        for text in [
            "",
            "2021-07-15",
            "2021-07-15T02:30:00",
            "2021-07-15 02:30:00Z",
            "2021-07-15 02:30:00.",
            "2021-07-15 02:30",
            "2021-07-15 02:30:60",
            "2021-07-15 24:00:00",
            "2021-02-30 02:30:00",
            "2021-07-15 02:30:00.000",
            "2021-07-15 02:30:00.123000",
            "2021-07-15 02:30:00,123",
            "+021-07-15 02:30:00",
            "2021-07-15 02:30:0é",
        ] {
            assert_eq!(moment_of(text), None, "{text}");
        }
    }
}
