//! Clients that write with keys and remember what they were told; and what has to be true of it afterwards.

use crate::support::database::number;
use crate::support::served::{self, Answer, Sent};
use sentra::storage::AnyConnection;
use sentra::storage::connection::{Opener, Target, Use};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How many clients write at once.
const CLIENTS: usize = 8;

/// What a client was told of a write; nothing when the connection failed.
pub struct Told {
    pub sent: Sent,
    pub answer: Option<Answer>,
}

impl Told {
    /// Whether it was told that it is done.
    pub fn is_done(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.status < 300)
    }
}

/// Clients at work, and everything that they were told.
pub struct Load {
    pub told: Rc<RefCell<Vec<Told>>>,
    tokens: (String, String),
    year: i64,
    titles: Rc<Cell<usize>>,
    http: reqwest::Client,
}

/// The people of a load: one who drafts, one who checks, one who heads.
pub fn people(target: &Target) -> i64 {
    let sv = served::services(target, sentra::service::clock::Clock::System);
    served::hire(&sv, "drafter", &["drafter@18.71"]);
    served::hire(&sv, "planner", &["planner@18.71"]);
    served::hire(&sv, "head", &["regional_head@18.71"]);
    served::open_year(&sv)
}

impl Load {
    /// Signs everybody in.
    pub async fn new(base: &str, year: i64) -> Load {
        let http = reqwest::Client::new();
        let drafter = served::sign_in(&http, base, "drafter").await;
        let head = served::sign_in(&http, base, "head").await;
        let told = Rc::default();
        Load { told, tokens: (drafter, head), year, titles: Rc::default(), http }
    }

    /// Writes until `enough` says so, or a client meets a broken connection and `stop_when_cut`.
    pub async fn run(&self, base: &str, stop_when_cut: bool, enough: impl Fn() -> bool + 'static) {
        let enough = Rc::new(enough);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let client = Client {
                    told: self.told.clone(),
                    tokens: self.tokens.clone(),
                    year: self.year,
                    titles: self.titles.clone(),
                    // A pool of its own, so that one client's cut connection is not another's.
                    http: reqwest::Client::new(),
                    base: base.to_owned(),
                };
                let enough = enough.clone();
                actix_web::rt::spawn(async move {
                    while !enough() {
                        if client.one_proposal().await.is_err() {
                            if stop_when_cut {
                                break;
                            }
                            actix_web::rt::time::sleep(Duration::from_millis(30)).await;
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("a client");
        }
    }

    /// Sends everything again: what was done answers with the same bytes, what was not known has one effect.
    pub async fn reconcile(&self, base: &str, target: &Target) {
        let mut c = Opener { target: target.clone(), purpose: Use::Write }.open().expect("open");
        let mut all = self.told.take();
        for told in &mut all {
            if let Some(refused) = told.answer.as_ref().filter(|answer| answer.status == 503)
                && refused.code() != "outcome_unknown"
            {
                let sql = format!(
                    "SELECT COUNT(*) FROM idempotency_keys WHERE key = '{}'",
                    told.sent.key
                );
                assert_eq!(number(&mut c, &sql).expect("count"), 0, "{}", refused.body);
            }
            let again = served::send(&self.http, base, &told.sent).await.expect("answered");
            assert!(again.status < 300, "{:?}: {} {}", told.sent, again.status, again.body);
            if told.is_done() {
                let first = told.answer.as_ref().expect("done");
                assert_eq!(again.header("idempotency-replayed"), Some("true"), "it was lost");
                assert_eq!((again.status, &again.body), (first.status, &first.body));
                assert_eq!(again.header("etag"), first.header("etag"));
            }
            told.answer = Some(again);
        }
        self.told.replace(all);
        self.nothing_is_doubled(&mut c);
    }

    fn nothing_is_doubled(&self, c: &mut AnyConnection) {
        let told = self.told.borrow();
        let count = |path: &str| told.iter().filter(|one| one.sent.path.ends_with(path)).count();
        let mut is = |sql: &str, expected: usize| {
            let found = number(c, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            assert_eq!(usize::try_from(found), Ok(expected), "{sql}");
        };
        is("SELECT COUNT(*) FROM proposals", count("/proposals"));
        is("SELECT COUNT(DISTINCT title) FROM proposals", count("/proposals"));
        let moved = "action IN ('proposal.request_planning_check', 'proposal.withdraw') AND outcome = 'done'";
        is(&format!("SELECT COUNT(*) FROM audit_events WHERE {moved}"), count("/actions"));
        is(
            &format!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM audit_events WHERE {moved} \
                 GROUP BY proposal_id, action HAVING COUNT(*) > 1) AS doubled"
            ),
            0,
        );
        is(
            &format!(
                "SELECT COUNT(*) FROM audit_events WHERE {moved} AND \
                 (SELECT COUNT(*) FROM notices WHERE event_id = audit_events.id) <> 1"
            ),
            0,
        );
        is(
            "SELECT COUNT(*) FROM proposals WHERE version <> (SELECT COUNT(*) FROM revisions \
             WHERE subject_kind = 'proposal' AND subject_id = proposals.id)",
            0,
        );
    }

    /// How many writes were told to be done.
    pub fn done(&self) -> usize {
        self.told.borrow().iter().filter(|told| told.is_done()).count()
    }
}

struct Client {
    told: Rc<RefCell<Vec<Told>>>,
    tokens: (String, String),
    year: i64,
    titles: Rc<Cell<usize>>,
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// Starts a proposal, gives it a line, sends it on, takes it back. An error when one of these did not go well.
    async fn one_proposal(&self) -> Result<(), ()> {
        let (drafter, head) = (&self.tokens.0, &self.tokens.1);
        let n = self.titles.replace(self.titles.get() + 1);
        let made =
            self.write(served::start_proposal(drafter, self.year, &format!("No. {n}"))).await?;
        let id = made.json()["id"].as_str().expect("an id").to_owned();
        self.write(served::put_line(drafter, &id, 1)).await?;
        self.write(served::act(drafter, &id, 2, "request_planning_check")).await?;
        self.write(served::act(head, &id, 3, "withdraw")).await.map(|_| ())
    }

    async fn write(&self, sent: Sent) -> Result<Answer, ()> {
        let answer = served::send(&self.http, &self.base, &sent).await.ok();
        if let Some(answer) = &answer {
            assert!(
                answer.status < 300 || answer.status == 503,
                "{sent:?}: {} {}",
                answer.status,
                answer.body
            );
            if answer.status == 503 {
                assert!(answer.header("retry-after").is_some(), "{}", answer.body);
                let code = answer.code();
                let known = ["busy", "unavailable", "outcome_unknown"].contains(&code.as_str());
                assert!(known, "{code}");
            }
        }
        let done = answer.clone().filter(|answer| answer.status < 300).ok_or(());
        self.told.borrow_mut().push(Told { sent, answer });
        done
    }
}

/// Waits until every notice has become messages, and holds them to once per person.
pub async fn mails_are_made_once(target: &Target) {
    let mut c = Opener { target: target.clone(), purpose: Use::Write }.open().expect("open");
    let started = Instant::now();
    while number(&mut c, "SELECT COUNT(*) FROM notice_pending").expect("count") > 0 {
        assert!(started.elapsed() < Duration::from_secs(120), "notices stay where they are");
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
    for sql in [
        "SELECT COUNT(*) FROM notices WHERE NOT EXISTS (SELECT 1 FROM mails WHERE notice_id = notices.id)",
        "SELECT COUNT(*) FROM (SELECT 1 FROM mails GROUP BY notice_id, user_id HAVING COUNT(*) > 1) AS doubled",
        "SELECT COUNT(*) FROM (SELECT 1 FROM mails GROUP BY message_id HAVING COUNT(*) > 1) AS doubled",
    ] {
        assert_eq!(number(&mut c, sql).expect("count"), 0, "{sql}");
    }
}

/// `sentra verify` finds nothing, beside whatever runs.
pub fn verify_is_silent(url: &str, folder: &std::path::Path) {
    let output = served::sentra_on("verify", url, folder).output().expect("run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains(" 0 breaches"), "{said}{output:?}");
}
