//! A small cast: per part of the archipelago one person of each regional role, and a few at the ministry and treasury.

use crate::cli::seed::ids::Ids;
use crate::domain::audit::{Outcome, SubjectKind, canonical_row};
use crate::domain::ids::{EventId, GrantId, RegionCode, RevisionId, UserId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::people::{Language, Role};
use crate::storage::audit::{EventRow, RevisionRow};
use crate::storage::bulk::Batch;
use crate::storage::grant::GrantRow;
use crate::storage::region::Region;
use crate::storage::user::User;
use chrono::TimeDelta;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, HashMap};

/// Who does something, by which grant.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// In which role.
    pub role: Role,
    /// By which grant.
    pub grant: GrantId,
}

/// Everyone.
#[derive(Debug, Default)]
pub struct Cast {
    regional: HashMap<(Role, RegionCode), Person>,
    national: HashMap<Role, Vec<Person>>,
}

const REGIONAL: [Role; 4] = [Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector];
const NATIONAL: [(Role, usize); 5] = [
    (Role::Reviewer, 3),
    (Role::Approver, 2),
    (Role::Treasurer, 2),
    (Role::Auditor, 1),
    (Role::Administrator, 1),
];

/// Makes people, none of whom has a password.
pub struct Hiring<'a> {
    /// Where the rows go.
    pub batch: &'a mut Batch,
    /// Makes ids.
    pub ids: &'a mut Ids,
    /// The dice.
    pub dice: &'a mut StdRng,
    /// When they are hired.
    pub at: Moment,
}

impl Hiring<'_> {
    /// Everyone whom the regions need.
    pub fn hire(&mut self, regions: &[Region]) -> Result<Cast, String> {
        let mut cast = Cast::default();
        let mut parts: BTreeMap<String, Vec<RegionCode>> = BTreeMap::new();
        for region in regions {
            let part = region.code.0.chars().take(1).collect();
            parts.entry(part).or_default().push(region.code.clone());
        }
        for (part, codes) in &parts {
            for role in REGIONAL {
                self.regional(&mut cast, role, part, codes)?;
            }
            let provinces: Vec<RegionCode> =
                codes.iter().filter(|code| code.province() == **code).cloned().collect();
            self.regional(&mut cast, Role::Verifier, part, &provinces)?;
        }
        for (role, count) in NATIONAL {
            for n in 1..=count {
                let (user, event) = self.user(role, &n.to_string(), 1);
                let grant = self.grant((user, event), role, None)?;
                cast.national.entry(role).or_default().push(Person { user, role, grant });
            }
        }
        Ok(cast)
    }

    fn regional(
        &mut self,
        cast: &mut Cast,
        role: Role,
        part: &str,
        codes: &[RegionCode],
    ) -> Result<(), String> {
        let (user, event) = self.user(role, &format!("wilayah-{part}"), codes.len());
        for code in codes {
            let grant = self.grant((user, event), role, Some(code))?;
            cast.regional.insert((role, code.clone()), Person { user, role, grant });
        }
        Ok(())
    }

    /// A person, and the event that made them.
    fn user(&mut self, role: Role, place: &str, grants: usize) -> (UserId, EventId) {
        let id = UserId(self.ids.next(self.dice));
        self.batch.users.push(User {
            id,
            email: format!("{role}.{place}@seed.sentra.example"),
            name: format!("{role} {place}"),
            language: Language::Id,
            password_hash: None,
            disabled_at: None,
            version: 1,
            created_at: self.at,
            address_refused_at: None,
            address_refused_reply: None,
        });
        let event = EventId(self.ids.next(self.dice));
        self.batch.events.push(EventRow {
            id: event,
            at: self.at,
            actor_id: None,
            actor_role: Some(Role::System),
            grant_id: None,
            action: "user.create".to_owned(),
            outcome: Outcome::Done,
            subject_kind: SubjectKind::User,
            subject_id: id.to_string(),
            proposal_id: None,
            region_code: None,
            content: format!("{{\"grants\":{grants},\"role\":\"{role}\"}}"),
            request_id: "seed".to_owned(),
        });
        (id, event)
    }

    fn grant(
        &mut self,
        (user_id, event_id): (UserId, EventId),
        role: Role,
        region: Option<&RegionCode>,
    ) -> Result<GrantId, String> {
        let id = GrantId(self.ids.next(self.dice));
        let row = GrantRow {
            id,
            user_id,
            role,
            region_code: region.cloned(),
            commodity: None,
            valid_from: self.at.after(-TimeDelta::days(1)).date_in(Zone::Wib),
            valid_until: None,
            decree: None,
            revoked_at: None,
            created_at: self.at,
        };
        self.batch.revisions.push(RevisionRow {
            id: RevisionId(self.ids.next(self.dice)),
            subject_kind: SubjectKind::Grant,
            subject_id: id.to_string(),
            version: 1,
            event_id,
            content: canonical_row(&row).map_err(|error| error.to_string())?,
        });
        self.batch.grants.push(row);
        Ok(id)
    }
}

impl Cast {
    /// Who has a role over a region; of several at the ministry, the one that `turn` falls on.
    pub fn of(&self, role: Role, region: &RegionCode, turn: usize) -> Result<Person, String> {
        let code = if role == Role::Verifier { region.province() } else { region.clone() };
        let national = || {
            let people = self.national.get(&role)?;
            people.get(turn.checked_rem(people.len())?).copied()
        };
        self.regional
            .get(&(role, code))
            .copied()
            .or_else(national)
            .ok_or_else(|| format!("nobody is {role} of {region}"))
    }
}
