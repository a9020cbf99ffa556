//! The people of the demonstration: for each region its five, for each province a verifier, the ministry, the treasury.

use crate::cli::demo::case::Case;
use crate::domain::ids::{RegionCode, UserId};
use crate::domain::people::Language;
use crate::domain::people::Role;
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::grant::GrantDraft;
use crate::service::secret::Secret;
use crate::service::user::UserDraft;
use crate::service::{console, session};
use std::collections::{BTreeSet, HashMap};

/// A person of the demonstration.
#[derive(Debug, Clone)]
pub struct Account {
    /// The address to sign in with.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Where; the nation when absent.
    pub region: Option<RegionCode>,
}

/// Everyone.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// In the order of their making.
    pub accounts: Vec<Account>,
    by_role: HashMap<(Role, Option<RegionCode>), UserId>,
    second_treasurer: Option<UserId>,
}

const REGIONAL: [Role; 4] = [Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector];
const NATIONAL: [Role; 5] =
    [Role::Reviewer, Role::Approver, Role::Treasurer, Role::Auditor, Role::Administrator];

impl Cast {
    /// Makes everyone whom the cases need, all with one password.
    pub fn hire(sv: &Services, cases: &[Case], password: &str) -> Result<Cast, Error> {
        let regions: BTreeSet<RegionCode> =
            cases.iter().map(|case| case.facts.region_code.clone()).collect();
        let provinces: BTreeSet<RegionCode> = regions.iter().map(RegionCode::province).collect();
        let mut cast = Cast::default();
        for region in &regions {
            for role in REGIONAL {
                cast.add(sv, role, Some(region), "", password)?;
            }
        }
        for province in &provinces {
            cast.add(sv, Role::Verifier, Some(province), "", password)?;
        }
        for role in NATIONAL {
            cast.add(sv, role, None, "", password)?;
        }
        cast.second_treasurer = Some(cast.add(sv, Role::Treasurer, None, "2", password)?);
        Ok(cast)
    }

    fn add(
        &mut self,
        sv: &Services,
        role: Role,
        region: Option<&RegionCode>,
        mark: &str,
        password: &str,
    ) -> Result<UserId, Error> {
        let place = region.map_or_else(|| "pusat".to_owned(), |region| region.0.replace('.', "-"));
        let email = format!("{role}{mark}.{place}@demo.sentra.example");
        let grant = GrantDraft {
            role,
            region_code: region.cloned(),
            commodity: None,
            valid_from: None,
            valid_until: None,
            decree: None,
        };
        let draft = UserDraft {
            email: email.clone(),
            name: title(role, mark, &place),
            language: language(mark),
            grants: vec![grant],
        };
        let user = console::add(sv, &draft, Some(&Secret::from(password.to_owned())))?.user.id;
        self.by_role.entry((role, region.cloned())).or_insert(user);
        self.accounts.push(Account { email, role, region: region.cloned() });
        Ok(user)
    }

    /// A person of a role for a region, about to make a request.
    pub fn context(
        &self,
        sv: &Services,
        role: Role,
        region: &RegionCode,
    ) -> Result<Context, Error> {
        let scopes = [Some(region.clone()), Some(region.province()), None];
        let user = scopes.into_iter().find_map(|scope| self.by_role.get(&(role, scope)));
        as_user(sv, user.copied())
    }

    /// The treasurer who verifies what the other pays.
    pub fn second_treasurer(&self, sv: &Services) -> Result<Context, Error> {
        as_user(sv, self.second_treasurer)
    }
}

/// The second of a role reads English, so that both languages are seen in the demonstration's mail.
fn language(mark: &str) -> Language {
    if mark.is_empty() { Language::Id } else { Language::En }
}

fn as_user(sv: &Services, user: Option<UserId>) -> Result<Context, Error> {
    let user =
        user.ok_or_else(|| Error::Defect("the demonstration has nobody for this".to_owned()))?;
    let request = format!("demo-{}", uuid::Uuid::now_v7());
    let mut cx = session::context_of(sv, user, request.clone())?;
    cx.key = Some(request.clone());
    cx.fingerprint = request;
    Ok(cx)
}

fn title(role: Role, mark: &str, place: &str) -> String {
    let title = match role {
        Role::Drafter => "Penyusun Dinas",
        Role::Planner => "Perencana Bappeda",
        Role::RegionalHead => "Kepala Daerah",
        Role::Verifier => "Verifikator Provinsi",
        Role::Reviewer => "Penilai Kementerian",
        Role::Approver => "Pemberi Persetujuan Kementerian",
        Role::Treasurer => "Bendahara Umum Negara",
        Role::Inspector => "Inspektorat Daerah",
        Role::Auditor => "Pemeriksa",
        Role::Administrator => "Administrator",
        Role::System => "Sentra",
    };
    if mark.is_empty() { format!("{title} {place}") } else { format!("{title} {mark} {place}") }
}
