//! The sealer: a dense sequence, a chain, and the same answer for the same moment, however many seal.

use crate::on_both;
use crate::support::app::moment;
use crate::support::database::{TestDatabase, texts, write};
use chrono::TimeDelta;
use sentra::app::Store;
use sentra::domain::audit::{Outcome, SubjectKind};
use sentra::domain::ids::EventId;
use sentra::domain::moment::Moment;
use sentra::service::Services;
use sentra::service::clock::Clock;
use sentra::service::error::Error;
use sentra::service::seal;
use sentra::service::seal::merkle::Hash;
use sentra::storage::audit::{self, EventRow};
use std::sync::atomic::{AtomicBool, Ordering};

const MORNING: &str = "2021-05-03T02:00:00Z";

/// The use-cases over a database, on a clock that is set; each call is a process of its own.
pub fn services(db: &TestDatabase, clock: &Clock) -> Services {
    let mut store = Store::new(db.target().clone());
    store.clock = clock.clone();
    store.services().expect("services")
}

/// An event that happened at a moment.
pub fn event(at: Moment) -> EventRow {
    EventRow {
        id: EventId::new(),
        at,
        actor_id: None,
        actor_role: None,
        grant_id: None,
        action: "test.happen".to_owned(),
        outcome: Outcome::Done,
        subject_kind: SubjectKind::Collection,
        subject_id: "nothing".to_owned(),
        proposal_id: None,
        region_code: None,
        content: "{}".to_owned(),
        request_id: "r".to_owned(),
    }
}

/// Lets something happen; the ids of the events.
pub fn happen(db: &TestDatabase, at: Moment, count: usize) -> Vec<String> {
    let rows: Vec<EventRow> = (0..count).map(|_| event(at)).collect();
    let written = write(db.database(), |tx| {
        for row in &rows {
            audit::append(tx, row, &[])?;
        }
        Ok(())
    });
    written.expect("they happen");
    rows.iter().map(|row| row.id.to_string()).collect()
}

/// The ids of the sealed events, in their sequence; which is dense, and whose chain is whole.
fn sealed(db: &TestDatabase) -> Vec<String> {
    let rows = texts(
        &mut db.connect(),
        "SELECT CAST(seq AS TEXT) || '|' || event_id || '|' || leaf || '|' || hash AS value \
         FROM audit_seals ORDER BY seq",
    );
    let mut chain = Hash::ZERO;
    let ids = rows.iter().enumerate().map(|(index, row)| {
        let [seq, id, leaf, hash] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
        assert_eq!(seq, (index + 1).to_string());
        chain = chain.link(Hash::from_hex(leaf).expect("a hash"));
        assert_eq!(hash, chain.to_string());
        id.to_owned()
    });
    ids.collect()
}

on_both! {
    fn what_happened_is_sealed_once_and_in_a_dense_sequence(db) {
        let clock = Clock::set_to(moment(MORNING));
        let sv = services(db, &clock);
        assert_eq!(seal::step(&sv).expect("a step"), seal::Step::default());
        let first = happen(db, clock.now(), 700);
        let step = seal::step(&sv).expect("a step");
        assert_eq!((step.sealed, step.last_seq, step.more), (500, 500, true));
        assert_eq!(seal::drain(&sv).expect("the rest"), 200);
        let second = happen(db, clock.now(), 3);
        assert_eq!(seal::drain(&sv).expect("the rest"), 3);
        assert_eq!(sealed(db), [first, second].concat());
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_pending"), 0);
        // 703 leaves have two whole tiles of 256.
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_tiles"), 2);
    }

    fn an_event_that_was_committed_late_is_sealed_late_and_none_is_missed(db) {
        let clock = Clock::set_to(moment(MORNING));
        let sv = services(db, &clock);
        let early = event(clock.now());
        let later = happen(db, clock.now(), 2);
        seal::drain(&sv).expect("sealed");
        write(db.database(), |tx| Ok(audit::append(tx, &early, &[])?)).expect("committed");
        seal::drain(&sv).expect("sealed");
        assert_eq!(sealed(db), [later, vec![early.id.to_string()]].concat());
    }

    fn however_many_seal_while_others_write_each_event_has_one_place(db) {
        let clock = Clock::set_to(moment(MORNING));
        let writing = AtomicBool::new(true);
        let mut all = std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // Pools of its own, as another process has them.
                    let sv = services(db, &clock);
                    while writing.load(Ordering::SeqCst) {
                        seal::step(&sv).expect("a step");
                    }
                    seal::drain(&sv).expect("the rest");
                });
            }
            let writers: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| (0..20).flat_map(|_| happen(db, clock.now(), 7)).collect::<Vec<_>>()))
                .collect();
            let all: Vec<String> =
                writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect();
            writing.store(false, Ordering::SeqCst);
            all
        });
        let mut found = sealed(db);
        found.sort();
        all.sort();
        assert_eq!(found.len(), 3 * 20 * 7);
        assert_eq!(found, all);
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_pending"), 0);
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_tiles"), 1);
    }

    fn the_same_moment_always_means_the_same_sequence(db) {
        let clock = Clock::set_to(moment(MORNING));
        let sv = services(db, &clock);
        let through = |at: Moment| seal::through(&sv, at).expect("an answer");
        let morning = clock.now();
        assert_eq!(through(morning), 0);
        // At the very moment that was answered about: it is known from just after on.
        happen(db, morning, 1);
        assert_eq!(through(morning), 0);
        clock.advance_to(morning.after(TimeDelta::seconds(10)));
        assert_eq!(through(morning.after(TimeDelta::microseconds(1))), 1);
        let noon = morning.after(TimeDelta::hours(3));
        happen(db, noon.after(TimeDelta::hours(-1)), 2);
        happen(db, noon, 1);
        clock.advance_to(noon.after(TimeDelta::hours(1)));
        // What happened after the moment asked about is not known then, though it is there already.
        assert_eq!(through(noon.after(TimeDelta::minutes(-1))), 3);
        seal::drain(&sv).expect("sealed");
        assert_eq!(through(noon.after(TimeDelta::minutes(-1))), 3);
        assert_eq!(through(clock.now()), 4);
        assert_eq!(through(morning), 0);
        match seal::through(&sv, clock.now().after(TimeDelta::microseconds(1))) {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].pointer, "/query/as_of"),
            other => panic!("{other:?}"),
        }
    }

    fn a_question_seals_no_more_than_it_may(db) {
        let clock = Clock::set_to(moment(MORNING));
        let sv = services(db, &clock);
        happen(db, clock.now(), 5_001);
        assert!(matches!(seal::through(&sv, clock.now()), Err(Error::Busy)));
        seal::step(&sv).expect("a step");
        clock.advance_to(clock.now().after(TimeDelta::seconds(1)));
        assert_eq!(seal::through(&sv, clock.now()).expect("an answer"), 5_001);
        sealed(db);
    }
}
