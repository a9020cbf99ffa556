//! Identifiers: UUIDv7, so that they sort by the time of their making; each kind is a type of its own.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)+) => {
        $(
            $(#[$meta])*
            #[derive(
                Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
                AsExpression, FromSqlRow,
            )]
            #[diesel(sql_type = diesel::sql_types::Text)]
            #[serde(transparent)]
            pub struct $name(pub Uuid);

            impl $name {
                /// A new identifier, later than every one made before it in this process.
                #[expect(clippy::new_without_default, reason = "a fresh identifier is not a default value")]
                pub fn new() -> Self {
                    Self(Uuid::now_v7())
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl FromStr for $name {
                type Err = uuid::Error;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    text.parse().map(Self)
                }
            }
        )+
    };
}

ids! {
    /// A person.
    UserId;
    /// A role in a scope, given to a person.
    GrantId;
    /// An invitation to set a password.
    InvitationId;
    /// A session or a personal token.
    TokenId;
    /// An industry centre (sentra IKM).
    CentreId;
    /// A version of a year's policy.
    PolicyId;
    /// A decree that changes a policy.
    DecreeId;
    /// A proposal (usulan).
    ProposalId;
    /// A request for a change, put to the region.
    ChangeRequestId;
    /// What one side said to one line in harmonisation.
    LineAgreementId;
    /// That a person reviews a proposal.
    AssignmentId;
    /// A conflict of interest that was declared.
    ConflictId;
    /// That a proposal goes on without a document.
    WaiverId;
    /// Money that a centre got from elsewhere.
    CentreFundingId;
    /// The region's answer to a warning of double funding.
    FundingAnswerId;
    /// A condition set by the approver (tanda bintang).
    ConditionId;
    /// An audit hold.
    HoldId;
    /// What a region may get in a year.
    AllocationId;
    /// An activity plan (RK).
    PlanId;
    /// A contract, or a self-managed work order.
    ContractId;
    /// A request for a tranche.
    TrancheRequestId;
    /// A payment order (SP2D).
    ExpenditureId;
    /// Leftover paid back to the treasury.
    ReturnId;
    /// A change of a contract (addendum).
    AmendmentId;
    /// Money that a vendor paid back.
    RecoveryId;
    /// Leftover that another proposal uses.
    CarryId;
    /// A report.
    ReportId;
    /// A document.
    DocumentId;
    /// A finding of an auditor.
    FindingId;
    /// What was said of a finding afterwards.
    FollowUpId;
    /// An entry of the journal.
    EntryId;
    /// That somebody was reminded of a deadline.
    ReminderId;
    /// An event of the audit trail.
    EventId;
    /// A revision row.
    RevisionId;
    /// A notice of something that happened.
    NoticeId;
    /// A message to one recipient.
    MailId;
    /// One attempt to send a message.
    MailAttemptId;
}

/// The Kemendagri code of a region: `18` (province) or `18.71` (kabupaten or kota).
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    ToSchema,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[serde(transparent)]
#[schema(example = "18.71")]
pub struct RegionCode(pub String);

/// The text is no code of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a code such as 18 or 18.71")]
pub struct NoRegionCode;

impl FromStr for RegionCode {
    type Err = NoRegionCode;

    /// Two digits, or two digits, a dot and two digits; whether there is such a region is for storage to tell.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_part = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let fits = match text.split_once('.') {
            Some((province, rest)) => is_part(province) && is_part(rest),
            None => is_part(text),
        };
        if fits { Ok(Self(text.to_owned())) } else { Err(NoRegionCode) }
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl RegionCode {
    /// The code of the province that the region is, or lies in.
    pub fn province(&self) -> RegionCode {
        RegionCode(self.0.chars().take(2).collect())
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for RegionCode {
    fn from(code: &str) -> Self {
        Self(code.to_owned())
    }
}
