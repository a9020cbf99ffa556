//! How the domain's ids, vocabularies, money and moments stand in columns, on both databases.

use crate::domain::{
    act, audit, change, contract, deadline, document, finding, ids, journal, line, mail, moment,
    money, notice, people, plan, preference, proposal, region, report, tranche,
};
use crate::storage::connection::MultiBackend;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text, Timestamp};
use diesel::sqlite::Sqlite;
use std::io::Write;

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

/// An id over a TEXT column. Its text is made on the spot, so that each backend needs its own `ToSql`.
macro_rules! id_columns {
    ($($name:path),+ $(,)?) => {$(
        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse::<$name>()?)
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
    moment::Moment: chrono::NaiveDateTime as Timestamp,
);
