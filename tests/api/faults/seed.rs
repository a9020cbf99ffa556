//! `sentra seed`: a nation of proposals in which nothing contradicts itself.

use crate::on_both;
use crate::support::database::{Kind, TestDatabase, texts};
use crate::support::served::sentra_on;

/// Seeds so many proposals.
pub fn seed(db: &TestDatabase, proposals: usize, more: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = sentra_on("seed", &db.url(), folder.path())
        .args(["--proposals", &proposals.to_string()])
        .args(more)
        .output()
        .expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    crate::faults::load::verify_is_silent(&db.url(), folder.path());
}

fn share(db: &TestDatabase, of: &str, whole: i64) -> i64 {
    db.number(&format!("SELECT COUNT(*) FROM proposals WHERE {of}")) * 100 / whole
}

/// What has to hold of any number of seeds, beside what `sentra verify` proves.
fn holds_together(db: &TestDatabase, whole: i64) {
    for (what, sql) in [
        (
            "a line builds the amount",
            "SELECT COUNT(*) FROM proposal_lines WHERE amount_idr <> volume_thousandths / 1000 * unit_cost_idr",
        ),
        (
            "supporting is at most 5 %",
            "SELECT COUNT(*) FROM proposals WHERE supporting_idr * 20 > total_idr",
        ),
        (
            "three to nine lines",
            "SELECT COUNT(*) FROM proposals WHERE line_count < 3 OR line_count > 9",
        ),
        (
            "a revitalisation names a centre of its region",
            "SELECT COUNT(*) FROM proposals LEFT JOIN centres ON centres.id = centre_id WHERE menu = 'revitalisation' AND (centres.id IS NULL OR centres.region_code <> proposals.region_code OR baseline IS NULL)",
        ),
        (
            "paid is within contracts",
            "SELECT COUNT(*) FROM balances WHERE disbursed_idr > contracted_idr OR absorbed_idr + returned_idr > disbursed_idr",
        ),
        (
            "what is closed is settled",
            "SELECT COUNT(*) FROM proposals JOIN balances ON proposal_id = id WHERE state IN ('closed', 'forfeited', 'cancelled') AND (disbursed_idr <> absorbed_idr + returned_idr OR ceiling_idr - released_idr - disbursed_idr <> 0)",
        ),
        (
            "an entry comes with an event",
            "SELECT COUNT(*) FROM journal_entries WHERE NOT EXISTS (SELECT 1 FROM audit_events WHERE id = event_id AND audit_events.proposal_id = journal_entries.proposal_id)",
        ),
        (
            "each version has its revision",
            "SELECT COUNT(*) FROM proposals WHERE version <> (SELECT COUNT(*) FROM revisions WHERE subject_kind = 'proposal' AND subject_id = proposals.id)",
        ),
        (
            "each version of a contract too",
            "SELECT COUNT(*) FROM contracts WHERE version <> (SELECT COUNT(*) FROM revisions WHERE subject_kind = 'contract' AND subject_id = contracts.id)",
        ),
        ("nothing lies ahead", "SELECT COUNT(*) FROM audit_events WHERE at > CURRENT_TIMESTAMP"),
    ] {
        assert_eq!(db.number(sql), 0, "{what}");
    }
    assert_eq!(db.number("SELECT COUNT(*) FROM proposals"), whole);
    let construction = share(db, "menu = 'construction'", whole);
    assert!((30..=50).contains(&construction), "{construction} % construct");
    let small = share(db, "total_idr < 1000000000", whole);
    assert!((20..=40).contains(&small), "{small} % are small");
}

on_both! {
    fn three_hundred_seeds_agree_with_each_other(db) {
        seed(db, 300, &[]);
        holds_together(db, 300);
        let folder = tempfile::tempdir().expect("a folder");
        let again = sentra_on("seed", &db.url(), folder.path()).output().expect("run");
        assert_eq!(again.status.code(), Some(1));
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        assert!(said.contains("has proposals already"), "{said}");
    }

    /// `cargo test --test api two_thousand_seeds -- --ignored`
    #[ignore = "some minutes in a build for tests"]
    fn two_thousand_seeds_stand_in_every_state(db) {
        seed(db, 2_000, &[]);
        holds_together(db, 2_000);
        for menu in ["construction", "revitalisation"] {
            let expected = if menu == "construction" { 23 } else { 22 };
            let sql = format!("SELECT COUNT(DISTINCT state) FROM proposals WHERE menu = '{menu}'");
            assert_eq!(db.number(&sql), expected, "{menu}");
        }
        assert!(db.number("SELECT COUNT(DISTINCT region_code) FROM proposals") > 500);
    }
}

#[test]
fn the_same_dice_give_the_same_nation() {
    let nation = |dice: &str| {
        let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
        seed(&db, 30, &["--seed", dice, "--fiscal-year", "2024"]);
        texts(
            &mut db.connect(),
            "SELECT id || state || total_idr || version || created_by AS value FROM proposals ORDER BY id",
        )
    };
    let first = nation("7");
    assert_eq!(first, nation("7"));
    assert_ne!(first, nation("8"));
}
