//! A list as of an instant ends its page early where enough was looked at, and goes on from there: nothing is told twice, and
//! nothing is left out. The bound of the service is ten thousand proposals; here it is lowered.

use super::*;
use crate::domain::ids::{AllocationId, EventId, GrantId, UserId};
use crate::domain::journal::{Account, EntryKind};
use crate::domain::money::Rupiah;
use crate::domain::people::{Grant, Role};
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::service::context::Input;
use crate::service::outbox::tests::Desk;
use crate::service::proposal::{ProposalDraft, SiteDraft};
use crate::service::trail::{self, Event, Subject};
use crate::storage::allocation::{self, Allocation};
use crate::storage::ceiling::{self, Ceiling};
use crate::storage::{journal, proposal as rows};
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

const REGION: &str = "18.08";
/// Two proposals of each page at most.
const SHORT: Reach = Reach { window: 1, steps: 2 };

fn grant(role: Role, region: Option<&str>) -> Grant {
    Grant {
        id: GrantId::new(),
        role,
        region: region.map(Into::into),
        commodity: None,
        valid_from: NaiveDate::MIN,
        valid_until: None,
    }
}

fn signed(desk: &Desk, user: UserId, role: Role, region: Option<&str>) -> Context {
    let mut cx = Context::system(desk.sv.clock.now());
    cx.actor.user = Some(user);
    cx.actor.grants = vec![grant(role, region)];
    cx
}

fn draft() -> ProposalDraft {
    ProposalDraft {
        menu: Menu::Construction,
        fiscal_year: 2021,
        region_code: REGION.into(),
        title: "Sentra IKM Kopi".to_owned(),
        summary: String::new(),
        commodity: "Kopi".to_owned(),
        outcome_class: OutcomeClass::Ovop,
        theme: None,
        centre_id: None,
        site: SiteDraft::default(),
        baseline: None,
        gaps: Vec::new(),
        design_firm_name: None,
        design_firm_tax_number: None,
    }
}

/// So many drafts of a region, by a drafter, in the order of their making.
fn drafts(desk: &Desk, count: usize) -> Vec<ProposalId> {
    let user = desk.person("drafter", Role::Drafter, Some(REGION));
    let cx = signed(desk, user, Role::Drafter, Some(REGION));
    for _ in 0..count {
        proposal::create(&desk.sv, &cx, &Input(Ok(draft()))).expect("a draft");
    }
    let sight = cx.actor.sight();
    let list =
        desk.sv.db.read(|tx| Ok::<_, Error>(rows::list(tx, &sight, &Filter::default(), 50)?));
    list.expect("drafts").into_iter().map(|row| row.id).collect()
}

fn funds(desk: &Desk) -> AllocationId {
    let (id, now, amount) = (AllocationId::new(), desk.sv.clock.now(), Rupiah(1_000_000));
    let national = Ceiling {
        fiscal_year: 2021,
        amount_idr: amount,
        used_idr: amount,
        legal_basis: "UU".to_owned(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let regional = Allocation {
        id,
        fiscal_year: 2021,
        region_code: REGION.into(),
        amount_idr: amount,
        used_idr: Rupiah::ZERO,
        legal_basis: "Perpres".to_owned(),
        policy_version: 1,
        mode: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    desk.write(|tx| {
        ceiling::insert(tx, &national)?;
        Ok(allocation::insert(tx, &regional)?)
    });
    id
}

/// An entry of a proposal, with its event.
fn enter(desk: &Desk, allocation_id: AllocationId, proposal_id: ProposalId) -> String {
    let (id, event_id, now) = (EntryId::new(), EventId::new(), desk.sv.clock.now());
    let entry = Entry {
        id,
        kind: EntryKind::Allocate,
        proposal_id,
        allocation_id,
        fiscal_year: 2021,
        region_code: REGION.into(),
        from_account: Account::Ceiling,
        to_account: Account::Available,
        amount_idr: Rupiah(1),
        effective_on: NaiveDate::from_ymd_opt(2021, 7, 15).expect("a day"),
        recorded_at: now,
        source_kind: "proposal".to_owned(),
        source_id: proposal_id.to_string(),
        event_id,
        reverses_id: None,
        reversed_kind: None,
        reason: None,
        origin_year: None,
    };
    desk.write(|tx| {
        journal::append(tx, &entry)?;
        let subject = Subject::of(SubjectKind::Proposal, proposal_id);
        let (action, content) = ("proposal.allocate", json!({}));
        let event =
            Event { id: event_id, action, subject: &subject, by: None, content, personal: &[] };
        trail::done(tx, &Context::system(now), event)
    });
    id.to_string()
}

/// The pages of the journal under a bound, by what they hold; as of an instant, where one is named.
fn pages(desk: &Desk, limit: i64, at: Option<Moment>, reach: Reach) -> Vec<Vec<String>> {
    let cx = signed(desk, UserId::new(), Role::Auditor, None);
    let filter = Filter { fiscal_year: Some(2021), ..Filter::default() };
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = match at {
            Some(at) => journal_within(&desk.sv, &cx, &filter, (after, limit), (at, reach)),
            None => now::list_within(&desk.sv, &cx, &filter, (after, limit), reach),
        };
        let page = page.expect("a page");
        pages.push(page.items.iter().map(|entry| entry.id.to_string()).collect());
        assert!(pages.len() < 30, "it never ends: {pages:?}");
        let Some(cursor) = page.next_cursor else { return pages };
        after = Some(cursor.parse().expect("a place"));
    }
}

#[test]
fn the_journal_of_many_ends_its_page_where_enough_was_looked_at_and_goes_on_from_there() {
    let desk = Desk::new();
    let ids = drafts(&desk, 7);
    let allocation = funds(&desk);
    let mut entries: Vec<String> = Vec::new();
    for of in [2, 2, 2, 6] {
        entries.push(enter(&desk, allocation, ids[of]));
    }
    desk.pass(TimeDelta::hours(1));
    let at = desk.sv.clock.now();
    desk.pass(TimeDelta::hours(1));
    let since = enter(&desk, allocation, ids[0]);
    let [first, second, third, last] = entries.as_slice() else { panic!("{entries:?}") };
    let (first, second, third, last) = (first.clone(), second.clone(), third.clone(), last.clone());
    // Two proposals are looked at for each page: the first pages are empty, and say that there is more.
    let found = pages(&desk, 50, Some(at), SHORT);
    assert_eq!(
        found,
        [vec![], vec![first.clone(), second.clone(), third.clone()], vec![], vec![last.clone()]]
    );
    // A page that is full within a proposal goes on within it.
    let found = pages(&desk, 2, Some(at), SHORT);
    assert_eq!(
        found,
        [
            vec![],
            vec![first.clone(), second.clone()],
            vec![third.clone()],
            vec![],
            vec![last.clone()]
        ]
    );
    // Nothing is behind the end of the last window: its cursor is none.
    let found = pages(&desk, 50, Some(at), Reach { window: 4, steps: 2 });
    assert_eq!(found, [entries.clone()]);
    assert_eq!(pages(&desk, 50, Some(at), REACH), [entries.clone()]);
    // What is there now goes on in the same way.
    let all = [vec![since], entries].concat();
    for limit in [2, 50] {
        let found = pages(&desk, limit, None, SHORT);
        assert!(found.len() > 3, "{found:?}");
        assert_eq!(found.concat(), all);
    }
    assert_eq!(pages(&desk, 50, None, REACH), [all]);
}

#[test]
fn a_list_of_proposals_ends_its_page_where_enough_was_looked_at_and_goes_on_from_there() {
    let desk = Desk::new();
    let ids = drafts(&desk, 5);
    desk.pass(TimeDelta::hours(1));
    let at = desk.sv.clock.now();
    let cx = signed(&desk, UserId::new(), Role::Auditor, None);
    let list = |state, after| {
        let filter = Filter { state: Some(state), after, ..Filter::default() };
        proposals_within(&desk.sv, &cx, &filter, 50, (at, SHORT)).expect("a page")
    };
    for (state, expected) in [(State::Draft, ids.clone()), (State::Closed, Vec::new())] {
        let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list(state, after);
            pages += 1;
            assert!(page.items.len() <= 2 && pages < 10);
            found.extend(page.items.iter().map(|row| row.id));
            let Some(cursor) = page.next_cursor else { break };
            after = Some((Moment::default(), cursor.parse().expect("an id")));
        }
        assert_eq!((found, pages), (expected, 3), "{state}");
    }
}
