//! People: roles in scopes, who may see what, and four eyes over the whole life of a proposal.

use crate::domain::ids::{GrantId, RegionCode, UserId};
use crate::domain::moment::{Moment, Zone};
use chrono::NaiveDate;

text_enum! {
    /// What a person may do, within the scope of a grant.
    pub enum Role {
        /// Writes, answers, plans, registers contracts and spending, reports (dinas).
        Drafter = "drafter",
        /// Checks against regional plans; confirms or returns; agrees (Bappeda).
        Planner = "planner",
        /// Endorses, submits, withdraws, requests tranches (kepala daerah).
        RegionalHead = "regional_head",
        /// Verifies the proposals of a province's kabupaten and kota.
        Verifier = "verifier",
        /// Assesses for the ministry.
        Reviewer = "reviewer",
        /// Decides for the ministry.
        Approver = "approver",
        /// Records ceilings and allocations; verifies and pays.
        Treasurer = "treasurer",
        /// Reviews contracts, requests and reports for the region (APIP, Inspektorat).
        Inspector = "inspector",
        /// Reads everything in scope.
        Auditor = "auditor",
        /// Keeps users, grants and reference data; acts on no proposal.
        Administrator = "administrator",
        /// The service itself, when a deadline passes.
        System = "system",
    }
}

/// What a grant of a role has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// A kabupaten, kota or province.
    Region,
    /// A province.
    Province,
    /// A region, or the nation when none is named.
    RegionOrNation,
    /// The nation, optionally one commodity of it.
    Commodity,
    /// The nation.
    Nation,
    /// Nobody can be given it.
    Nobody,
}

impl Role {
    /// What a grant of this role has to name.
    pub const fn scope_kind(self) -> ScopeKind {
        match self {
            Role::Drafter | Role::Planner | Role::RegionalHead | Role::Inspector => {
                ScopeKind::Region
            }
            Role::Verifier => ScopeKind::Province,
            Role::Auditor => ScopeKind::RegionOrNation,
            Role::Reviewer => ScopeKind::Commodity,
            Role::Approver | Role::Treasurer | Role::Administrator => ScopeKind::Nation,
            Role::System => ScopeKind::Nobody,
        }
    }
}

text_enum! {
    /// The language of a person's mail.
    pub enum Language {
        /// Indonesian.
        Id = "id",
        /// English.
        En = "en",
    }
}

text_enum! {
    /// What a token may be used for.
    pub enum TokenScope {
        /// Reading only.
        Read = "read",
        /// Everything that its owner may do.
        Full = "full",
    }
}

text_enum! {
    /// How a token came to be.
    pub enum TokenKind {
        /// By signing in.
        Session = "session",
        /// Made by its owner for a program.
        Personal = "personal",
    }
}

/// A role in a scope, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The grant's own id, named in the audit trail.
    pub id: GrantId,
    /// What may be done.
    pub role: Role,
    /// Where; the nation when absent.
    pub region: Option<RegionCode>,
    /// A reviewer's commodity group, when limited to one.
    pub commodity: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
}

impl Grant {
    /// Whether the grant holds at a moment. The ministry's days are those of Jakarta, a region's are its own.
    pub fn holds_at(&self, now: Moment) -> bool {
        let today = now.date_in(self.region.as_ref().map_or(Zone::Wib, Zone::of));
        self.valid_from <= today && self.valid_until.is_none_or(|until| today <= until)
    }

    /// Whether its scope covers a place.
    pub fn covers(&self, place: Place<'_>) -> bool {
        let of_group = |group: &String| group.eq_ignore_ascii_case(place.commodity);
        covers_region(self, place.region) && self.commodity.as_ref().is_none_or(of_group)
    }
}

/// Where a proposal lies, for the question who may see it and act on it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The region that proposes.
    pub region: &'a RegionCode,
    /// Its commodity.
    pub commodity: &'a str,
}

/// Who is asking, with the grants that hold now.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person; absent for the service itself.
    pub user: Option<UserId>,
    /// Their name.
    pub name: String,
    /// Grants that hold at the moment of asking.
    pub grants: Vec<Grant>,
}

impl Actor {
    /// The service itself.
    pub fn system() -> Self {
        Self { user: None, name: "Sentra".to_owned(), grants: Vec::new() }
    }

    /// The grant by which the actor holds a role nationally.
    pub fn national(&self, role: Role) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.role == role && grant.region.is_none())
    }

    /// The grant by which the actor has a role over a place.
    pub fn grant_over(&self, role: Role, place: Place<'_>) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.role == role && grant.covers(place))
    }

    /// The grant by which the actor has a role in a region, whatever the commodity.
    pub fn grant_in(&self, role: Role, region: &RegionCode) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.role == role && covers_region(grant, region))
    }

    /// What the actor may see of the proposals.
    pub fn sight(&self) -> Sight {
        let mut sight = Sight::default();
        for grant in &self.grants {
            match (grant.role, &grant.region) {
                (Role::Administrator | Role::System, _) => {}
                (Role::Reviewer | Role::Approver | Role::Treasurer | Role::Auditor, None) => {
                    sight.nation = true
                }
                (Role::Verifier, Some(province)) => sight.provinces.push(province.clone()),
                // An auditor of a province sees its kabupaten and kota too.
                (Role::Auditor, Some(region)) if region.province() == *region => {
                    sight.provinces.push(region.clone())
                }
                (_, Some(region)) => sight.regions.push(region.clone()),
                (_, None) => {}
            }
        }
        sight
    }
}

/// The part of the nation that an actor may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// All of it.
    pub nation: bool,
    /// Whole provinces, with their kabupaten and kota.
    pub provinces: Vec<RegionCode>,
    /// Single governments.
    pub regions: Vec<RegionCode>,
}

impl Sight {
    /// Whether the region lies within.
    pub fn includes(&self, region: &RegionCode) -> bool {
        self.nation || self.regions.contains(region) || self.provinces.contains(&region.province())
    }
}

fn covers_region(grant: &Grant, region: &RegionCode) -> bool {
    match (&grant.region, grant.role) {
        (None, _) => true,
        // A verifier verifies the kabupaten and kota of the province, not the province's own proposals.
        (Some(province), Role::Verifier) => region != province && region.province() == *province,
        (Some(scope), Role::Auditor) => scope == region || *scope == region.province(),
        (Some(scope), _) => scope == region,
    }
}

text_enum! {
    /// What a person has done for a proposal. Four eyes looks at these, not at roles.
    pub enum Duty {
        /// Wrote, planned or reported.
        Drafting = "drafting",
        /// Checked against regional plans.
        PlanningCheck = "planning_check",
        /// Endorsed, submitted, withdrew, requested money.
        Endorsement = "endorsement",
        /// Verified for the province.
        Verification = "verification",
        /// Reviewed for the ministry.
        Review = "review",
        /// Decided for the ministry.
        Decision = "decision",
        /// Allocated.
        Allocation = "allocation",
        /// Verified a payment.
        PaymentVerification = "payment_verification",
        /// Paid.
        Payment = "payment",
        /// Recorded contracts or spending.
        Spending = "spending",
        /// Inspected.
        Inspection = "inspection",
        /// Audited: set or lifted a hold, or made a finding.
        Audit = "audit",
    }
}

/// Whether one person may not do both for the same proposal, ever.
///
/// Drafter, planner and regional head are three people; who wrote, checked or endorsed does not judge, pay or inspect;
/// who reviewed, for the province or the ministry, does not approve; who verified a payment does not pay; who recorded
/// spending does not inspect; who audits does nothing else.
pub fn conflict(one: Duty, other: Duty) -> bool {
    let clash = |a: Duty, b: Duty| a != b && ((one, other) == (a, b) || (other, one) == (a, b));
    let regional = [Duty::Drafting, Duty::PlanningCheck, Duty::Endorsement];
    let judging = [
        Duty::Verification,
        Duty::Review,
        Duty::Decision,
        Duty::Allocation,
        Duty::PaymentVerification,
        Duty::Payment,
        Duty::Inspection,
    ];
    let audits = (one == Duty::Audit) != (other == Duty::Audit);
    audits
        || regional.iter().any(|a| regional.iter().chain(&judging).any(|b| clash(*a, *b)))
        || judging.iter().any(|b| clash(Duty::Spending, *b))
        || clash(Duty::Review, Duty::Decision)
        || clash(Duty::Verification, Duty::Decision)
        || clash(Duty::PaymentVerification, Duty::Payment)
}

/// That a person took part in a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participation {
    /// Who.
    pub user: UserId,
    /// Their name, for the explanation.
    pub name: String,
    /// In what.
    pub duty: Duty,
    /// Since when.
    pub since: Moment,
}

/// The earlier participations that keep `user` from `duty`.
pub fn exclusions(
    participations: &[Participation],
    user: Option<UserId>,
    duty: Duty,
) -> impl Iterator<Item = &Participation> {
    participations.iter().filter(move |one| Some(one.user) == user && conflict(one.duty, duty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn grant(role: Role, region: Option<&str>) -> Grant {
        Grant {
            id: GrantId::new(),
            role,
            region: region.map(RegionCode::from),
            commodity: None,
            valid_from: NaiveDate::MIN,
            valid_until: None,
        }
    }

    fn actor(grants: Vec<Grant>) -> Actor {
        Actor { user: Some(UserId::new()), name: "A".to_owned(), grants }
    }

    #[test]
    fn conflicts_are_mutual_and_nobody_conflicts_with_the_same_duty() {
        for one in Duty::ALL {
            assert!(!conflict(*one, *one), "{one}");
            for other in Duty::ALL {
                assert_eq!(conflict(*one, *other), conflict(*other, *one), "{one} {other}");
            }
        }
    }

    #[test]
    fn these_are_never_one_person_and_all_others_may_be() {
        use Duty::*;
        let judging =
            [Verification, Review, Decision, Allocation, PaymentVerification, Payment, Inspection];
        let mut apart: BTreeSet<(Duty, Duty)> = BTreeSet::from([
            (Drafting, PlanningCheck),
            (Drafting, Endorsement),
            (PlanningCheck, Endorsement),
            (Verification, Decision),
            (Review, Decision),
            (PaymentVerification, Payment),
        ]);
        for one in [Drafting, PlanningCheck, Endorsement, Spending] {
            apart.extend(judging.map(|other| (one, other)));
        }
        apart.extend(Duty::ALL.iter().filter(|one| **one != Audit).map(|one| (*one, Audit)));
        for one in Duty::ALL {
            for other in Duty::ALL {
                let expected = apart.contains(&(*one, *other)) || apart.contains(&(*other, *one));
                assert_eq!(conflict(*one, *other), expected, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_verifier_has_the_province_but_not_its_own_proposals() {
        let verifier = actor(vec![grant(Role::Verifier, Some("18"))]);
        assert!(verifier.grant_in(Role::Verifier, &"18.71".into()).is_some());
        assert!(verifier.grant_in(Role::Verifier, &"18".into()).is_none());
        assert!(verifier.sight().includes(&"18.04".into()));
        assert!(!verifier.sight().includes(&"35.26".into()));
    }

    #[test]
    fn an_administrator_sees_no_proposal() {
        assert_eq!(actor(vec![grant(Role::Administrator, None)]).sight(), Sight::default());
    }
}
