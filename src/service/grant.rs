//! Giving and revoking grants: which scope a role takes, and that administrators act on no proposal.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, GrantId, RegionCode, UserId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::moment::{Moment, Zone};
use crate::domain::people::{Grant, Role, ScopeKind};
use crate::domain::refusal::{FieldError, UnknownText};
use crate::service::Services;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::service::user::{keeper, lock, personal, plain, visible};
use crate::service::view::people as view;
use crate::storage::grant::{self, GrantRow};
use crate::storage::user::User;
use crate::storage::{AnyConnection, region, setting};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::json;
use std::str::FromStr;
use utoipa::ToSchema;

/// The most grants that one user has at a time.
pub const MAX_GRANTS: usize = 50;
/// The row that changes of administrators take turns on.
const ADMINISTRATORS: &str = "administrators_changed_at";

/// A role in a scope, to be given.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantDraft {
    /// What may be done.
    pub role: Role,
    /// Where: a region, for a verifier a province, for an auditor either or none; none for the ministry's roles.
    #[serde(default)]
    pub region_code: Option<RegionCode>,
    /// A reviewer's commodity group; absent for all of them.
    #[serde(default)]
    pub commodity: Option<String>,
    /// First day; today when absent.
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
    /// Last day; without end when absent.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    /// The decree that gives it, such as to an acting official (Plt., Plh.).
    #[serde(default)]
    pub decree: Option<String>,
}

impl FromStr for GrantDraft {
    type Err = UnknownText;

    /// Reads `ROLE[@SCOPE]`: `drafter@18.71`, `verifier@18`, `reviewer@batik`, `approver`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (role, scope) = match text.split_once('@') {
            Some((role, scope)) => (role, Some(scope)),
            None => (text, None),
        };
        let role: Role = role.parse()?;
        let is_commodity = role.scope_kind() == ScopeKind::Commodity;
        Ok(GrantDraft {
            role,
            region_code: scope.filter(|_| !is_commodity).map(RegionCode::from),
            commodity: scope.filter(|_| is_commodity).map(str::to_owned),
            valid_from: None,
            valid_until: None,
            decree: None,
        })
    }
}

impl GrantDraft {
    /// Whether the values are within their limits, and the scope is one that the role takes.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        self.collect(&mut checks, "");
        checks.done()
    }

    /// Collects what is wrong with it, beneath `at`.
    pub(super) fn collect(&self, checks: &mut Checks, at: &str) {
        self.collect_scope(checks, at);
        let (from, until) = (self.valid_from, self.valid_until);
        for (name, date) in [("valid_from", from), ("valid_until", until)] {
            if let Some(date) = date {
                checks.between(&format!("{at}/{name}"), i64::from(date.year()), 2000, 2100);
            }
        }
        let ordered = from.zip(until).is_none_or(|(from, until)| from <= until);
        let pointer = format!("{at}/valid_until");
        checks.require(ordered, &pointer, "order", "must not be before valid_from");
        checks.optional_text(&format!("{at}/decree"), self.decree.as_deref(), MAX_SHORT);
    }

    fn collect_scope(&self, checks: &mut Checks, at: &str) {
        let pointer = format!("{at}/region_code");
        let given = self.region_code.as_ref();
        let role = self.role;
        let kind = role.scope_kind();
        match kind {
            ScopeKind::Region | ScopeKind::Province if given.is_none() => {
                checks.fail(&pointer, "required", format!("a {role} needs a region"));
            }
            ScopeKind::Province if given.is_some_and(|code| code.province() != *code) => {
                checks.fail(&pointer, "province", format!("a {role} needs a province, such as 18"));
            }
            ScopeKind::Region | ScopeKind::Province | ScopeKind::RegionOrNation => {}
            ScopeKind::Commodity | ScopeKind::Nation => checks.require(
                given.is_none(),
                &pointer,
                "not_taken",
                &format!("a {role} works for the nation, without a region"),
            ),
            ScopeKind::Nobody => {
                checks.fail(format!("{at}/role"), "reserved", "nobody can be given this role");
            }
        }
        let pointer = format!("{at}/commodity");
        match (&self.commodity, kind == ScopeKind::Commodity) {
            (None, _) => {}
            (Some(commodity), true) => {
                checks.text(&pointer, commodity, MAX_SHORT);
                let text = commodity.trim();
                let is_code =
                    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit() || c == b'.');
                let message = "is a region's code; a reviewer works for the nation, for all commodities or one";
                checks.require(!is_code, &pointer, "region", message);
            }
            (Some(_), false) => {
                checks.fail(&pointer, "not_taken", "only a reviewer is limited to a commodity");
            }
        }
    }

    /// The row that it becomes.
    pub(super) fn row(&self, user_id: UserId, now: Moment) -> GrantRow {
        let zone = self.region_code.as_ref().map_or(Zone::Wib, Zone::of);
        GrantRow {
            id: GrantId::new(),
            user_id,
            role: self.role,
            region_code: self.region_code.clone(),
            commodity: self.commodity.as_deref().map(|text| text.trim().to_owned()),
            valid_from: self.valid_from.unwrap_or_else(|| now.date_in(zone)),
            valid_until: self.valid_until,
            decree: self.decree.clone(),
            revoked_at: None,
            created_at: now,
        }
    }
}

/// What only the database knows: that there is such a region, and that the grant goes with those that are held.
pub(super) fn check_against(
    tx: &mut AnyConnection,
    held: &[GrantRow],
    given: &GrantRow,
    at: &str,
) -> Result<(), Error> {
    if given.valid_until.is_some_and(|until| until < given.valid_from) {
        let message = "must not be before its first day, which is today when it is not given";
        return Err(Error::invalid(&format!("{at}/valid_until"), "order", message));
    }
    if let Some(code) = &given.region_code {
        let is_code = code.0.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !is_code || region::find(tx, code)?.is_none() {
            let pointer = format!("{at}/region_code");
            return Err(Error::invalid(&pointer, "unknown", "there is no such region"));
        }
    }
    let is_apart = |one: &GrantRow, other: &GrantRow| {
        (one.role == Role::Administrator) == (other.role == Role::Administrator)
    };
    if held.iter().any(|one| overlap(one, given) && !is_apart(one, given)) {
        let message =
            "an administrator acts on no proposal, and so has no other role at the same time";
        return Err(Error::invalid(&format!("{at}/role"), "administrator_apart", message));
    }
    Ok(())
}

fn overlap(one: &GrantRow, other: &GrantRow) -> bool {
    let reaches = |a: &GrantRow, b: &GrantRow| a.valid_until.is_none_or(|end| b.valid_from <= end);
    reaches(one, other) && reaches(other, one)
}

/// Inserts a grant, with its event and revision.
pub(super) fn give(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
    given: &GrantRow,
) -> Result<EventId, Error> {
    grant::insert(tx, given)?;
    record(tx, cx, by, user, None, given)
}

fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
    before: Option<&GrantRow>,
    after: &GrantRow,
) -> Result<EventId, Error> {
    let event = EventId::new();
    let subject =
        Subject { region: after.region_code.clone(), ..Subject::of(SubjectKind::Grant, after.id) };
    let (action, version) = match before {
        None => ("grant.add", 1),
        Some(_) => ("grant.revoke", 2),
    };
    let content = json!({ "before": before, "after": after });
    let personal = personal(user);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &personal },
    )?;
    trail::revise(tx, event, SubjectKind::Grant, after.id, version, after)?;
    Ok(event)
}

/// Gives a grant to a user within a transaction; the user's version is raised.
pub(super) fn add_to(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    id: UserId,
    draft: &GrantDraft,
) -> Result<(User, GrantRow), Error> {
    // The user's row is held from here on, so that two grants that exclude each other can't both be given.
    let user = lock(tx, id)?;
    let held = grant::of(tx, id)?;
    let given = draft.row(id, cx.now);
    check_against(tx, &held, &given, "")?;
    if held.len() >= MAX_GRANTS {
        let message = format!("The user has {MAX_GRANTS} grants; revoke those that have ended.");
        return Err(Error::refused("too_many_grants", "", message));
    }
    let event = give(tx, cx, by, &user, &given)?;
    trail::revise(tx, event, SubjectKind::User, id, user.version, &plain(&user))?;
    Ok((user, given))
}

/// Gives a grant to a user.
pub fn add(
    sv: &Services,
    cx: &Context,
    id: UserId,
    body: &Input<GrantDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("grant.add"),
        |tx| {
            let found = visible(tx, cx, id)?;
            Ok((Subject::of(SubjectKind::User, id), found))
        },
        |tx, _, seen| {
            let by = keeper(cx)?;
            fresh(cx, &seen)?;
            let (user, given) = add_to(tx, cx, by, id, body.get()?)?;
            let location = format!("/api/v1/users/{id}/grants/{}", given.id);
            Reply::created(&view::Grant::from(given), Some(user.version), location)
        },
    )
}

/// Revokes a grant, from this moment on; what was done by it stays done.
pub fn revoke(sv: &Services, cx: &Context, id: UserId, grant_id: GrantId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("grant.revoke"),
        |tx| {
            let user = visible(tx, cx, id)?;
            let found = grant::find(tx, id, grant_id)?.ok_or(Error::NotFound)?;
            Ok((Subject::of(SubjectKind::Grant, grant_id), (user, found)))
        },
        |tx, _, (seen, before)| {
            let by = keeper(cx)?;
            // After its turn to be replayed: one that is revoked is there no more.
            if before.revoked_at.is_some() {
                return Err(Error::NotFound);
            }
            fresh(cx, &seen)?;
            if before.role == Role::Administrator {
                an_administrator_stays(tx, cx, "", |row| row.id == grant_id)?;
            }
            let user = lock(tx, id)?;
            if grant::revoke(tx, grant_id, cx.now)? == 0 {
                return Err(Error::NotFound);
            }
            let after = GrantRow { revoked_at: Some(cx.now), ..before.clone() };
            let event = record(tx, cx, by, &user, Some(&before), &after)?;
            trail::revise(tx, event, SubjectKind::User, id, user.version, &plain(&user))?;
            Ok(Reply { version: Some(user.version), ..Reply::nothing() })
        },
    )
}

/// Neither adding nor revoking needs a version; one that is sent has to be right.
fn fresh(cx: &Context, seen: &User) -> Result<(), Error> {
    match cx.if_match {
        Some(version) if version != seen.version => Err(Error::Stale),
        _ => Ok(()),
    }
}

/// Refuses to let the last administrator who can sign in go.
pub(super) fn an_administrator_stays(
    tx: &mut AnyConnection,
    cx: &Context,
    pointer: &str,
    goes: impl Fn(&GrantRow) -> bool,
) -> Result<(), Error> {
    // Two administrators who let each other go at the same time take turns on this row.
    setting::put(tx, ADMINISTRATORS, &cx.now.to_string())?;
    let mut active = grant::active_nationally(tx, Role::Administrator)?;
    active.retain(|row| Grant::from(row.clone()).holds_at(cx.now));
    if active.iter().any(&goes) && active.iter().all(&goes) {
        let message = "This is the last administrator who can sign in; make another one first.";
        return Err(Error::refused("last_administrator", pointer, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let draft: GrantDraft = text.parse().expect("grant");
        let errors = draft.check().err().unwrap_or_default();
        errors.into_iter().map(|error| format!("{} {}", error.pointer, error.code)).collect()
    }

    #[test]
    fn each_role_takes_its_scope() {
        for right in ["drafter@18.71", "inspector@18", "verifier@18", "auditor", "auditor@18"]
            .into_iter()
            .chain(["reviewer", "reviewer@batik", "approver", "treasurer", "administrator"])
        {
            assert_eq!(errors(right), Vec::<String>::new(), "{right}");
        }
        assert_eq!(errors("drafter"), ["/region_code required"]);
        assert_eq!(errors("verifier@18.71"), ["/region_code province"]);
        assert_eq!(errors("approver@18"), ["/region_code not_taken"]);
        assert_eq!(errors("reviewer@"), ["/commodity required"]);
        assert_eq!(errors("system"), ["/role reserved"]);
        assert!("emperor@18".parse::<GrantDraft>().is_err());
    }

    #[test]
    fn a_commodity_is_for_reviewers_and_days_are_in_order() {
        let mut draft: GrantDraft = "approver".parse().expect("grant");
        draft.commodity = Some("batik".to_owned());
        draft.valid_from = NaiveDate::from_ymd_opt(2021, 3, 2);
        draft.valid_until = NaiveDate::from_ymd_opt(2021, 3, 1);
        let codes: Vec<_> =
            draft.check().expect_err("errors").into_iter().map(|error| error.code).collect();
        assert_eq!(codes, ["not_taken", "order"]);
    }
}
