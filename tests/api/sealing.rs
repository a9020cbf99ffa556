//! The sealer: a dense sequence, a chain, and the same answer for the same moment, however many seal.

use crate::on_both;
use crate::support::app::moment;
use crate::support::database::{Kind, TestDatabase, texts, write};
use crate::support::s3::{Line, S3Server};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use sentra::app::Store;
use sentra::domain::audit::{Outcome, SubjectKind};
use sentra::domain::ids::{EventId, RevisionId};
use sentra::domain::moment::Moment;
use sentra::service::Services;
use sentra::service::clock::Clock;
use sentra::service::error::Error;
use sentra::service::seal::merkle::Hash;
use sentra::service::seal::outlet::{Folder, Found, Outlet};
use sentra::service::seal::{self, checkpoint};
use sentra::service::store::Patience;
use sentra::service::verify::trail;
use sentra::storage::audit::{self, EventRow, RevisionRow};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MORNING: &str = "2021-05-03T02:00:00Z";

/// Waits for a bucket for less than people would.
pub const QUICK: Patience = Patience {
    connect: Duration::from_millis(500),
    answer: Duration::from_secs(2),
    bytes_per_second: 16 * 1024 * 1024,
    retries: 0,
    pause: Duration::from_millis(20),
    in_all: Duration::from_secs(4),
};

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

/// Lets something happen where only the use-cases are at hand.
pub fn happen_in(sv: &Services) {
    happen_as(sv, &event(sv.clock.now()));
}

/// The same, of an event of one's own.
pub fn happen_as(sv: &Services, row: &EventRow) {
    sv.db
        .write("test.happen", |tx| Ok::<_, Error>(audit::append(tx, row, &[])?), |_, _| Ok(()))
        .expect("it happens");
}

/// The ids of the sealed events, in their sequence; which is dense, and whose chain is whole.
pub fn sealed(db: &TestDatabase) -> Vec<String> {
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

    fn what_counts_from_one_is_refused_below(db) {
        for number in ["0", "-1", "-9223372036854775808"] {
            for sql in [
                format!("INSERT INTO audit_seals (seq, event_id, leaf, hash, sealed_at, action) VALUES ({number}, 'x', 'x', 'x', '2021-02-03 04:05:06', 'x')"),
                format!("INSERT INTO audit_checkpoints (size, root, note, made_at) VALUES ({number}, 'x', 'x', '2021-02-03 04:05:06')"),
            ] {
                let error = db.connect().batch_execute(&sql).expect_err(&sql).to_string();
                assert!(error.contains("counts from 1"), "{error}");
            }
        }
    }

    fn a_seal_below_the_first_is_named_wherever_it_came_from(db) {
        let clock = Clock::set_to(moment(MORNING));
        let sv = services(db, &clock);
        happen(db, clock.now(), 3);
        seal::drain(&sv).expect("sealed");
        db.drop_trigger("audit_seals", "no_other");
        db.execute(
            "INSERT INTO audit_seals SELECT -9223372036854775808, 'x', leaf, hash, sealed_at, action, actor_id, region_code, outcome, subject_kind \
             FROM audit_seals WHERE seq = 1",
        );
        let report = trail::verify(&sv, &[], &[], |_| {}).expect("verified");
        assert_eq!(report.findings.first().map(|one| one.seq), Some(i64::MIN), "{report:?}");
        let mut lines = Vec::new();
        seal::export::export(&sv, &mut lines, |_| {}).expect("exported");
        assert!(String::from_utf8_lossy(&lines).contains("\"seq\":-9223372036854775808"));
    }

    fn what_waits_falsely_is_named_and_the_others_are_known_to_wait(db) {
        let clock = Clock::set_to(moment(MORNING));
        let sv = services(db, &clock);
        let sealed = happen(db, clock.now(), 1).concat();
        seal::drain(&sv).expect("sealed");
        happen(db, clock.now(), 1);
        clock.advance_to(clock.now().after(TimeDelta::minutes(1)));
        for id in ["00000000-0000-7000-8000-000000000000", &sealed] {
            db.execute(&format!("INSERT INTO audit_pending VALUES ('{id}')"));
            let error = seal::step(&sv).expect_err("it stops").to_string();
            assert!(error.contains(id), "{error}");
            assert_eq!(seal::lag(&sv).expect("a lag"), TimeDelta::minutes(1));
            let report = trail::verify(&sv, &[], &[], |_| {}).expect("verified");
            assert!(report.findings.iter().any(|one| one.words.contains(id)), "{report:?}");
            db.execute(&format!("DELETE FROM audit_pending WHERE event_id = '{id}'"));
        }
        assert_eq!(seal::drain(&sv).expect("the rest"), 1);
    }

    fn a_trail_that_does_not_continue_what_was_signed_is_not_signed(db) {
        let clock = Clock::set_to(moment(MORNING));
        let (sv, keys) = (services(db, &clock), crate::audit::keys());
        let more = || {
            happen(db, clock.now(), 2);
            seal::drain(&sv).expect("sealed");
        };
        more();
        let made = checkpoint::make(&sv, &keys).expect("signed").expect("a checkpoint");
        let outside = Found { place: "a file".to_owned(), size: made.size, note: made.note };
        let refused = |outside: Option<&Found>, why: &str| {
            let error = checkpoint::make_continuing(&sv, &keys, None, outside).expect_err(why).to_string();
            assert!(error.contains(why) && error.contains("set back, cut or rewritten"), "{error}");
        };
        more();
        refused(Some(&Found { note: "x".to_owned(), ..outside.clone() }), "does not hold");
        db.drop_trigger("audit_seals", "no_update");
        db.execute("UPDATE audit_seals SET leaf = hash WHERE seq = 2");
        refused(None, "has another root over the first 2 events");
        db.drop_trigger("audit_checkpoints", "no_delete");
        db.execute("DELETE FROM audit_checkpoints");
        refused(Some(&outside), "a file has another root over the first 2 events");
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_checkpoints"), 0);
    }

    fn of_several_processes_that_sign_at_once_one_does_and_its_key_is_known_since_then(db) {
        let clock = Clock::set_to(moment(MORNING));
        let keys = crate::audit::keys();
        for round in 0..5 {
            happen(db, clock.now(), 1);
            seal::drain(&services(db, &clock)).expect("sealed");
            let made: usize = std::thread::scope(|scope| {
                let signing: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| {
                        let every = TimeDelta::seconds(60);
                        checkpoint::make_continuing(&services(db, &clock), &keys, Some(every), None).expect("tried").is_some()
                    }))
                    .collect();
                signing.into_iter().map(|one| usize::from(one.join().expect("signed"))).sum()
            });
            assert_eq!(made, 1, "round {round}");
            clock.advance_to(clock.now().after(TimeDelta::minutes(1)));
        }
        let report = trail::verify(&services(db, &clock), &[], &[], |_| {}).expect("verified");
        assert_eq!((report.findings, report.checkpoints), (Vec::new(), 5));
    }
}

#[test]
fn checkpoints_are_brought_into_a_bucket_also_those_of_before_a_restart_and_never_over_others() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let (server, folder) = (S3Server::start(), tempfile::tempdir().expect("a folder"));
    let clock = Clock::set_to(moment(MORNING));
    let keys = crate::audit::keys();
    let in_bucket = |db: &TestDatabase| {
        let mut sv = services(db, &clock);
        sv.documents.store = server.store(QUICK);
        sv
    };
    let sv = in_bucket(&db);
    let sign = |sv: &Services| {
        happen_in(sv);
        seal::drain(sv).expect("sealed");
        clock.advance_to(clock.now().after(TimeDelta::minutes(1)));
        checkpoint::make(sv, &keys).expect("signed").expect("a checkpoint")
    };
    let outlet = || Outlet::new(Folder::new(folder.path().join("checkpoints")));
    let objects = || {
        let day = server.objects().join("checkpoints/2021-05-03");
        let Ok(found) = std::fs::read_dir(day) else { return Vec::new() };
        let mut names: Vec<_> = found.map(|one| one.expect("an object").path()).collect();
        names.sort();
        names
    };
    let mut first = outlet();
    let made = sign(&sv);
    first.bring_out(&sv).expect("brought out");
    assert_eq!(std::fs::read_to_string(&objects()[0]).expect("an object"), made.note);
    // The bucket is away; the folder is there all the same, and after a restart nothing is missing.
    server.line(Line::CutAfter(0));
    for _ in 0..2 {
        sign(&sv);
    }
    assert!(first.bring_out(&sv).is_err());
    assert_eq!(
        Folder::new(folder.path().join("checkpoints")).last_of_each_day().expect("files").len(),
        1
    );
    server.line(Line::Open);
    outlet().bring_out(&sv).expect("brought out");
    assert_eq!(objects().len(), 3);
    let puts = server.calls("PutObject");
    outlet().bring_out(&sv).expect("nothing to do");
    assert_eq!(server.calls("PutObject"), puts);
    // Another trail on the same day: what is there stays.
    let before: Vec<_> =
        objects().iter().map(std::fs::read_to_string).map(Result::unwrap).collect();
    let other = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let forked = in_bucket(&other);
    let elsewhere = tempfile::tempdir().expect("a folder");
    for _ in 0..4 {
        sign(&forked);
        let mut outlet = Outlet::new(Folder::new(elsewhere.path().join("checkpoints")));
        let error = outlet.bring_out(&forked).expect_err("it is told").to_string();
        assert!(error.contains("set back, cut or rewritten"), "{error}");
    }
    let after: Vec<_> = objects().iter().map(std::fs::read_to_string).map(Result::unwrap).collect();
    assert_eq!(before, after);
}

/// How many events a second are verified, each with a revision of a kilobyte:
/// `cargo test --release --test api verify_events_a_second -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn verify_events_a_second() {
    const EVENTS: usize = 100_000;
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let clock = Clock::set_to(moment(MORNING));
    let sv = services(&db, &clock);
    let title = "wisma batik ".repeat(25);
    let content = format!("{{\"after\":{{\"title\":\"{title}\"}},\"before\":null}}");
    // As many quotes as there are in the columns of a row.
    let whole = format!("{{{}}}", "\"centre_name\":\"wisma\",".repeat(40).trim_end_matches(','));
    for _ in 0..EVENTS / 1_000 {
        let written = write(db.database(), |tx| {
            for _ in 0..1_000 {
                let row = EventRow { content: content.clone(), ..event(clock.now()) };
                audit::append(tx, &row, &[])?;
                let revision = RevisionRow {
                    id: RevisionId::new(),
                    subject_kind: SubjectKind::Collection,
                    subject_id: row.id.to_string(),
                    version: 1,
                    event_id: row.id,
                    content: whole.clone(),
                };
                audit::revise(tx, &revision)?;
            }
            Ok(())
        });
        written.expect("they happen");
    }
    assert_eq!(seal::drain(&sv).expect("sealed"), EVENTS);
    checkpoint::make(&sv, &crate::audit::keys()).expect("signed");
    let started = std::time::Instant::now();
    let report = trail::verify(&sv, &[], &[], |_| {}).expect("verified");
    let took = started.elapsed().as_secs_f64();
    assert_eq!((report.findings, report.sealed), (Vec::new(), 100_000));
    println!("{EVENTS} events in {took:.2} s: {:.0} events a second", f64::from(100_000) / took);
}
