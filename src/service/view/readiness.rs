//! What answers about readiness and double funding look like.

use crate::domain::act::Action;
use crate::domain::double_funding::{Origin, Warning};
use crate::domain::ids::{
    CentreFundingId, CentreId, DocumentId, FundingAnswerId, ProposalId, UserId, WaiverId,
};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::proposal::{Menu, State};
use crate::domain::readiness::{Item, ItemState};
use crate::storage::{funding, proposal, waiver};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A document that the policy asks of the proposal, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReadinessItem {
    /// What it is, as a code.
    #[schema(example = "land_certificate")]
    pub document_type: String,
    /// In Indonesian.
    pub label_id: String,
    /// In English.
    pub label_en: String,
    /// The rule that asks for it.
    pub legal_basis: Option<String>,
    /// Whether nothing goes on without it.
    pub mandatory: bool,
    /// For how many months from its date it holds.
    pub valid_months: Option<i64>,
    /// Whether it is a picture that has to say where it was taken.
    pub geotag: bool,
    /// How it stands.
    pub state: ItemState,
    /// The same in words, and how to mend it.
    pub message: String,
    /// What was brought of its type, without what is superseded.
    pub documents: Vec<DocumentId>,
    /// The last day on which what was brought holds, where it does not hold for good.
    pub holds_until: Option<NaiveDate>,
    /// The waiver, where one stands.
    pub waiver_id: Option<WaiverId>,
}

/// The documents of one step.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReadinessStage {
    /// The action that they are needed for.
    pub stage: Action,
    /// Whether the proposal has gone past it.
    pub passed: bool,
    /// Whether each mandatory one is there, or waived.
    pub ready: bool,
    /// Whether later steps ask for them still: until the decision, since lines can change after the step.
    pub still_asked: bool,
    /// The documents, in the policy's order.
    pub documents: Vec<ReadinessItem>,
}

/// The checklist of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Readiness {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// What is asked for.
    pub menu: Menu,
    /// Where it stands.
    pub state: State,
    /// The fiscal year.
    pub fiscal_year: i64,
    /// The version of the year's policy that asks.
    pub policy_version: i64,
    /// The proposal's version, for `ETag`.
    pub version: i64,
    /// The steps that need documents, in their order.
    pub stages: Vec<ReadinessStage>,
}

impl Readiness {
    /// The checklist as it is shown.
    pub fn of(row: &proposal::Proposal, policy_version: i64, items: &[Item<'_>]) -> Self {
        let of_stage = |stage: &Action| {
            let these: Vec<&Item<'_>> = items.iter().filter(|item| item.stage == *stage).collect();
            let first = these.first()?;
            Some(ReadinessStage {
                stage: *stage,
                passed: first.passed,
                still_asked: first.still_asked,
                ready: these.iter().all(|item| item.is_met() || !item.rule.mandatory),
                documents: these.into_iter().map(ReadinessItem::from).collect(),
            })
        };
        Readiness {
            proposal_id: row.id,
            menu: row.menu,
            state: row.state,
            fiscal_year: row.fiscal_year,
            policy_version,
            version: row.version,
            stages: Action::ALL.iter().filter_map(of_stage).collect(),
        }
    }
}

impl From<&Item<'_>> for ReadinessItem {
    fn from(item: &Item<'_>) -> Self {
        let rule = item.rule.clone();
        ReadinessItem {
            document_type: rule.document_type,
            label_id: rule.label_id,
            label_en: rule.label_en,
            legal_basis: rule.legal_basis,
            mandatory: rule.mandatory,
            valid_months: rule.valid_months,
            geotag: rule.geotag,
            state: item.state,
            message: item.sentence(),
            documents: item.documents.clone(),
            holds_until: item.holds_until,
            waiver_id: item.waiver,
        }
    }
}

/// That a proposal goes on without a document.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Waiver {
    /// Its id.
    pub id: WaiverId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Without which type of document.
    #[schema(example = "price_quotes")]
    pub document_type: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub granted_by: UserId,
    /// When.
    pub granted_at: Moment,
    /// Who took it back.
    pub revoked_by: Option<UserId>,
    /// When.
    pub revoked_at: Option<Moment>,
    /// Why.
    pub revoked_reason: Option<String>,
    /// For `If-Match`.
    pub version: i64,
}

impl From<waiver::Waiver> for Waiver {
    fn from(row: waiver::Waiver) -> Self {
        Waiver {
            id: row.id,
            proposal_id: row.proposal_id,
            document_type: row.document_type,
            reason: row.reason,
            granted_by: row.granted_by,
            granted_at: row.granted_at,
            revoked_by: row.revoked_by,
            revoked_at: row.revoked_at,
            revoked_reason: row.revoked_reason,
            version: row.version,
        }
    }
}

/// Money that a centre got from elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CentreFunding {
    /// Its id.
    pub id: CentreFundingId,
    /// Which centre.
    pub centre_id: CentreId,
    /// In which fiscal year.
    #[schema(example = 2020)]
    pub fiscal_year: i64,
    /// From which source.
    pub fund_source: FundSource,
    /// For what.
    pub component: Component,
    /// For what, in words.
    pub description: String,
    /// How much.
    pub amount_idr: Rupiah,
    /// The budget document or decree that it rests on.
    pub legal_basis: String,
    /// By whom it was recorded.
    pub recorded_by: UserId,
    /// When.
    pub recorded_at: Moment,
    /// Who withdrew the record.
    pub withdrawn_by: Option<UserId>,
    /// When.
    pub withdrawn_at: Option<Moment>,
    /// Why.
    pub withdrawn_reason: Option<String>,
    /// For `If-Match`.
    pub version: i64,
}

impl From<funding::CentreFunding> for CentreFunding {
    fn from(row: funding::CentreFunding) -> Self {
        CentreFunding {
            id: row.id,
            centre_id: row.centre_id,
            fiscal_year: row.fiscal_year,
            fund_source: row.fund_source,
            component: row.component,
            description: row.description,
            amount_idr: row.amount_idr,
            legal_basis: row.legal_basis,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
            withdrawn_by: row.withdrawn_by,
            withdrawn_at: row.withdrawn_at,
            withdrawn_reason: row.withdrawn_reason,
            version: row.version,
        }
    }
}

/// What the region answers to a warning.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FundingAnswer {
    /// Its id.
    pub id: FundingAnswerId,
    /// The key of the warning.
    #[schema(example = "proposal:0190163d-8694-739b-aea5-966c26f8ad91:production_house")]
    pub warning: String,
    /// What the proposal asked for the component when it was answered.
    pub asked_idr: Rupiah,
    /// What came from elsewhere when it was answered.
    pub other_idr: Rupiah,
    /// The answer.
    pub answer: String,
    /// By whom.
    pub answered_by: UserId,
    /// When.
    pub answered_at: Moment,
}

impl From<funding::FundingAnswer> for FundingAnswer {
    fn from(row: funding::FundingAnswer) -> Self {
        FundingAnswer {
            id: row.id,
            warning: row.warning,
            asked_idr: row.asked_idr,
            other_idr: row.other_idr,
            answer: row.answer,
            answered_by: row.answered_by,
            answered_at: row.answered_at,
        }
    }
}

/// A component that money from elsewhere pays, or paid, for too.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FundingWarning {
    /// Names it as long as its cause is there.
    #[schema(example = "proposal:0190163d-8694-739b-aea5-966c26f8ad91:production_house")]
    pub key: String,
    /// Where the other money is recorded.
    pub origin: Origin,
    /// The id of what records it; the fund source of own lines.
    pub origin_id: String,
    /// What that is called.
    pub title: String,
    /// In which fiscal year.
    pub fiscal_year: i64,
    /// From which source.
    pub fund_source: FundSource,
    /// For what.
    pub component: Component,
    /// How much from elsewhere.
    pub other_idr: Rupiah,
    /// How much this proposal asks for the same.
    pub asked_idr: Rupiah,
    /// In which of its lines.
    pub line_nos: Vec<i64>,
    /// The same in words.
    pub message: String,
    /// Whether the last answer was given for no less money than there is now on either side.
    pub answered: bool,
    /// The region's last answer.
    pub answer: Option<FundingAnswer>,
}

impl FundingWarning {
    /// A warning with its last answer.
    pub fn of(warning: Warning, answered: bool, answer: Option<FundingAnswer>) -> Self {
        FundingWarning {
            answered,
            message: warning.sentence(),
            key: warning.key,
            origin: warning.other.origin,
            origin_id: warning.other.id,
            title: warning.other.title,
            fiscal_year: warning.other.fiscal_year,
            fund_source: warning.other.fund_source,
            component: warning.other.component,
            other_idr: warning.other.amount,
            asked_idr: warning.asked,
            line_nos: warning.line_nos,
            answer,
        }
    }
}

/// Money that the same centre gets, or got, for a component from another proposal or another source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OtherMoney {
    /// Where it is recorded.
    pub origin: Origin,
    /// The id of what records it.
    pub origin_id: String,
    /// What that is called.
    pub title: String,
    /// In which fiscal year.
    pub fiscal_year: i64,
    /// From which source.
    pub fund_source: FundSource,
    /// For what.
    pub component: Component,
    /// How much.
    pub amount_idr: Rupiah,
}

/// What the same centre gets, or got, and what of it the proposal asks for again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DoubleFunding {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Money from elsewhere for the same centre.
    pub elsewhere: Vec<OtherMoney>,
    /// What of it is asked for again; the region answers each.
    pub warnings: Vec<FundingWarning>,
}
