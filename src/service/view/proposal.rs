//! What answers about proposals look like.

use crate::domain::act::Action;
use crate::domain::audit::{Outcome, SubjectKind};
use crate::domain::centre::Criterion;
use crate::domain::ids::{
    AllocationId, CentreId, ConditionId, DocumentId, EventId, ProposalId, RegionCode, UserId,
};
use crate::domain::journal::EightFigures;
use crate::domain::moment::Moment;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::{Gap, Menu, OutcomeClass, State};
use crate::domain::refusal::Blocker;
use crate::domain::region::RegionLevel;
use crate::storage::{audit, centre, condition, proposal, region};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A region.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Region {
    /// Kemendagri code.
    #[schema(example = "18.71")]
    pub code: String,
    /// Kind of government.
    pub level: RegionLevel,
    /// The province that it is, or lies in.
    #[schema(example = "18")]
    pub province_code: String,
    /// Name.
    #[schema(example = "Kota Bandar Lampung")]
    pub name: String,
    /// Whether it has a budget of its own, and so can propose.
    pub autonomous: bool,
}

impl From<region::Region> for Region {
    fn from(row: region::Region) -> Self {
        Region {
            code: row.code.0,
            level: row.level,
            province_code: row.province_code.0,
            name: row.name,
            autonomous: row.autonomous,
        }
    }
}

/// An industry centre (sentra IKM).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Centre {
    /// Its entry in the registry, with its computed criterion.
    #[serde(flatten)]
    #[schema(inline)]
    pub entry: CentreEntry,
    /// Whether it is a centre by the statistics' definition; it warns, it does not forbid.
    pub criterion: Criterion,
}

/// An entry of the registry of centres.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "each field is documented where it is taken in, as CentreDraft")]
pub struct CentreEntry {
    pub id: CentreId,
    pub region_code: RegionCode,
    pub name: String,
    pub commodity: String,
    pub kbli: Option<String>,
    pub village: String,
    pub district: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub decree_number: Option<String>,
    pub decree_date: Option<NaiveDate>,
    pub provisional: bool,
    pub households_in_village: i64,
    pub households_in_business: i64,
    pub organised: bool,
    pub known_to_public: bool,
    pub businesses: i64,
    pub members: i64,
    pub administrators: i64,
    pub manager: Option<String>,
    pub technical_service_unit: Option<String>,
    pub outcome_class: OutcomeClass,
    pub version: i64,
    pub created_at: Moment,
}

impl From<centre::Centre> for Centre {
    fn from(row: centre::Centre) -> Self {
        let criterion = crate::domain::centre::criterion(
            row.households_in_business,
            row.households_in_village,
            row.organised,
            row.known_to_public,
        );
        let entry = CentreEntry {
            id: row.id,
            region_code: row.region_code,
            name: row.name,
            commodity: row.commodity,
            kbli: row.kbli,
            village: row.village,
            district: row.district,
            latitude: row.latitude,
            longitude: row.longitude,
            decree_number: row.decree_number,
            decree_date: row.decree_date,
            provisional: row.provisional,
            households_in_village: row.households_in_village,
            households_in_business: row.households_in_business,
            organised: row.organised,
            known_to_public: row.known_to_public,
            businesses: row.businesses,
            members: row.members,
            administrators: row.administrators,
            manager: row.manager,
            technical_service_unit: row.technical_service_unit,
            outcome_class: row.outcome_class,
            version: row.version,
            created_at: row.created_at,
        };
        Centre { entry, criterion }
    }
}

/// Where the works are.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Site {
    /// Street.
    pub street: String,
    /// Village.
    pub village: String,
    /// District.
    pub district: String,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// A proposal (usulan).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What is asked for.
    pub menu: Menu,
    /// The year in which the money is to be spent.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Who proposes.
    pub region_code: RegionCode,
    /// Title.
    pub title: String,
    /// Why and what, in words.
    pub summary: String,
    /// What is made there.
    pub commodity: String,
    /// What the centre is to bear.
    pub outcome_class: OutcomeClass,
    /// The theme under which it is made, in years that have themes.
    pub theme: Option<String>,
    /// The centre of the registry.
    pub centre_id: Option<CentreId>,
    /// Where.
    pub site: Site,
    /// What is to be compared at the end.
    pub baseline: Option<Value>,
    /// What the centre of a revitalisation lacks.
    pub gaps: Vec<Gap>,
    /// The firm that designed the works in an earlier year.
    pub design_firm_name: Option<String>,
    /// Its tax number (NPWP).
    pub design_firm_tax_number: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub state_since: Moment,
    /// Whether it was sent back before.
    pub returned: bool,
    /// The version of the year's policy that it was submitted under.
    pub policy_version: Option<i64>,
    /// How many lines it has.
    pub line_count: i64,
    /// What its lines ask of the DAK.
    #[schema(example = 5_300_000_000_i64)]
    pub total_idr: i64,
    /// Of it for supporting activities.
    pub supporting_idr: i64,
    /// What the ministry's reviewers would grant of it, as far as they have assessed it.
    pub assessed_idr: i64,
    /// What is agreed of it.
    pub agreed_idr: i64,
    /// What is approved of it.
    pub approved_idr: i64,
    /// Whether the reviewers advised against it.
    pub adverse_advice: bool,
    /// Until when an answer is due, in the region's own days.
    pub due_on: Option<NaiveDate>,
    /// The allocation that it is paid from.
    pub allocation_id: Option<AllocationId>,
    /// Paid in one sum after handover, on the ministry's recommendation.
    pub lump_sum_recommended: bool,
    /// The state that it left when it was forfeited the last time; it is revived to there.
    pub forfeited_from: Option<State>,
    /// When it was handed over.
    pub handover_on: Option<NaiveDate>,
    /// The value of the handover minutes.
    pub handover_value_idr: Option<i64>,
    /// Since when the new centre is in use.
    pub operating_since: Option<NaiveDate>,
    /// The journal's figures.
    pub figures: EightFigures,
    /// Raised by every write beneath it; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
    /// When it was last changed, or something was written beneath it: a contract, a payment, a report, a document.
    pub updated_at: Moment,
}

impl Proposal {
    /// A proposal with its figures.
    pub fn of(row: proposal::Proposal, figures: EightFigures) -> Self {
        Proposal {
            id: row.id,
            menu: row.menu,
            fiscal_year: row.fiscal_year,
            region_code: row.region_code,
            title: row.title,
            summary: row.summary,
            commodity: row.commodity,
            outcome_class: row.outcome_class,
            theme: row.theme,
            centre_id: row.centre_id,
            site: Site {
                street: row.site_street,
                village: row.site_village,
                district: row.site_district,
                latitude: row.latitude,
                longitude: row.longitude,
            },
            gaps: serde_json::from_str(&row.gaps).unwrap_or_default(),
            baseline: row.baseline.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            design_firm_name: row.design_firm_name,
            design_firm_tax_number: row.design_firm_tax_number,
            state: row.state,
            state_since: row.state_since,
            returned: row.returned,
            policy_version: row.policy_version,
            line_count: row.line_count,
            total_idr: row.total_idr.0,
            supporting_idr: row.supporting_idr.0,
            assessed_idr: row.assessed_idr.0,
            agreed_idr: row.agreed_idr.0,
            approved_idr: row.approved_idr.0,
            adverse_advice: row.adverse_advice,
            due_on: row.due_on,
            allocation_id: row.allocation_id,
            lump_sum_recommended: row.lump_sum_recommended,
            forfeited_from: row.forfeited_from,
            handover_on: row.handover_on,
            handover_value_idr: row.handover_value_idr.map(|value| value.0),
            operating_since: row.operating_since,
            figures,
            version: row.version,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
        }
    }
}

/// How many proposals stand in each state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "items": [{ "state": "verification", "count": 12 }, { "state": "technical_review", "count": 30 }], "count": 42
}))]
pub struct Counts {
    /// Each state that has any, in the order of a proposal's life.
    pub items: Vec<StateCount>,
    /// In all.
    pub count: i64,
}

/// How many proposals stand in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateCount {
    /// Which.
    pub state: State,
    /// How many.
    pub count: i64,
}

impl Counts {
    /// Of counts in any order.
    pub fn of(mut counts: Vec<(State, i64)>) -> Self {
        counts.sort_unstable();
        let count = counts.iter().map(|(_, count)| count).sum();
        let items = counts.into_iter().map(|(state, count)| StateCount { state, count }).collect();
        Counts { items, count }
    }
}

/// A condition of an approval (tanda bintang).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Condition {
    /// Its id.
    pub id: ConditionId,
    /// `decision` or `plan`.
    pub source: String,
    /// What has to be met.
    pub text: String,
    /// When it was set.
    pub set_at: Moment,
    /// When it was lifted.
    pub lifted_at: Option<Moment>,
    /// What shows that it is met, in words.
    pub evidence: Option<String>,
    /// The document that shows it.
    pub document_id: Option<DocumentId>,
    /// For `If-Match`.
    pub version: i64,
}

impl From<condition::Condition> for Condition {
    fn from(row: condition::Condition) -> Self {
        Condition {
            id: row.id,
            source: row.source,
            text: row.text,
            set_at: row.set_at,
            lifted_at: row.lifted_at,
            evidence: row.evidence,
            document_id: row.document_id,
            version: row.version,
        }
    }
}

/// What can happen to a proposal from here.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Actions {
    /// Where it stands.
    pub state: State,
    /// Its version, for `If-Match`.
    pub version: i64,
    /// Every arrow from here.
    pub items: Vec<ActionView>,
}

/// An arrow, and what is in its way.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActionView {
    /// What to do.
    pub action: Action,
    /// Where it leads.
    pub to: State,
    /// Whose arrow it is.
    pub role: Role,
    /// Whether the caller could take it now, given what it asks for.
    pub allowed: bool,
    /// What is in the way.
    pub blockers: Vec<Blocker>,
    /// What has to come with it.
    pub needs: Vec<Blocker>,
    /// The call that takes it, where it is not `POST /proposals/{id}/actions`.
    pub via: Option<String>,
    /// Who is excluded by four eyes or a conflict of interest, and why.
    pub excluded: Vec<Excluded>,
}

/// A person who may not take an arrow, whatever role they are given.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Excluded {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// What they did before; absent where they declared a conflict of interest.
    pub duty: Option<Duty>,
    /// Why it excludes them.
    pub reason: String,
}

/// An event in the life of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Moment,
    /// Who; the service itself when absent.
    pub actor_id: Option<UserId>,
    /// In which role.
    pub actor_role: Option<Role>,
    /// What was done or tried.
    #[schema(example = "proposal.submit")]
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// About what.
    pub subject_kind: SubjectKind,
    /// Which.
    pub subject_id: String,
    /// Before, after and data.
    pub content: Value,
    /// The request that it came with.
    pub request_id: String,
}

impl From<audit::EventRow> for EventView {
    fn from(row: audit::EventRow) -> Self {
        EventView {
            id: row.id,
            at: row.at,
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            action: row.action,
            outcome: row.outcome,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            content: serde_json::from_str(&row.content).unwrap_or(Value::Null),
            request_id: row.request_id,
        }
    }
}
