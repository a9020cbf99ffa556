//! `sentra verify` names what was changed behind the service's back.

use crate::faults::seed::seed;
use crate::support::database::{Kind, TestDatabase, texts};
use crate::support::served::sentra_on;

#[test]
fn a_changed_row_of_the_journal_is_named() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    seed(&db, 60, &[]);
    let one = texts(
        &mut db.connect(),
        "SELECT proposal_id AS value FROM journal_entries WHERE kind = 'disburse' LIMIT 1",
    );
    let proposal = one.first().expect("somebody was paid");
    db.execute("DROP TRIGGER journal_entries_no_update");
    db.execute(&format!(
        "UPDATE journal_entries SET amount_idr = amount_idr + 1 WHERE id = \
         (SELECT MIN(id) FROM journal_entries WHERE kind = 'disburse' AND proposal_id = '{proposal}')"
    ));
    let folder = tempfile::tempdir().expect("a folder");
    let output = sentra_on("verify", &db.url(), folder.path()).output().expect("run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let named = format!("BREACH: proposal {proposal}: disbursed is kept as");
    assert!(said.contains(&named) && said.contains(" 1 breaches"), "{said}");
}
