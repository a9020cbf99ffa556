//! A gate that passed while the service was down: what missed it is forfeited at the start, once.

use crate::faults::seed::seed;
use crate::on_both;
use crate::support::served;
use chrono::TimeDelta;
use sentra::domain::moment::Moment;
use sentra::service::clock::Clock;
use sentra::service::policy;
use sentra::worker::deadlines::{DeadlineWorker, Settings};

const BEFORE_THE_GATE: &str = "state IN ('allocated', 'planned', 'contracted')";

on_both! {
    fn what_missed_its_gate_while_nobody_served_is_forfeited_once_by_two(db) {
        // Nothing in this data set was asked for before the gate of 2024.
        seed(db, 80, &["--fiscal-year", "2024"]);
        let gate = {
            let sv = served::services(db.target(), Clock::System);
            policy::show(&sv, 2024, None, sv.clock.now()).expect("a policy").policy.contract_gate.moment()
        };
        let look = |at: Moment| {
            let sv = served::services(db.target(), Clock::set_to(at));
            DeadlineWorker::new(sv, Settings::default()).run_once().expect("swept").forfeited
        };
        let count = |what: &str| db.number(&format!("SELECT COUNT(*) FROM {what}"));
        let missed = count(&format!("proposals WHERE {BEFORE_THE_GATE}"));
        let before = count("audit_events WHERE action = 'proposal.forfeit'");
        assert!(missed > 3);
        assert_eq!(look(gate.after(-TimeDelta::seconds(1))), 0, "it is not time yet");
        let forfeited: Vec<usize> = std::thread::scope(|scope| {
            let both: Vec<_> =
                (0..2).map(|_| scope.spawn(|| look(gate.after(TimeDelta::days(40))))).collect();
            both.into_iter().map(|one| one.join().expect("a look")).collect()
        });
        assert_eq!(i64::try_from(forfeited.iter().sum::<usize>()), Ok(missed), "{forfeited:?}");
        assert_eq!(look(gate.after(TimeDelta::days(41))), 0, "not again");
        assert_eq!(count(&format!("proposals WHERE {BEFORE_THE_GATE}")), 0);
        assert_eq!(count("audit_events WHERE action = 'proposal.forfeit'"), before + missed);
        assert_eq!(count("notices WHERE event = 'forfeit'"), missed);
        let folder = tempfile::tempdir().expect("a folder");
        crate::faults::load::verify_is_silent(&db.url(), folder.path());
    }
}
