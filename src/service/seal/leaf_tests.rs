//! Leaves: the bytes of an event are what they are said to be, and each part of it is in them.
use super::*;
use crate::domain::audit::canonical;
use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};

fn text(write: impl FnOnce(&mut Room)) -> String {
    // What is left of the row before must not show.
    let mut room = b"{\"left\":1}".to_vec();
    write(&mut room);
    String::from_utf8(room).expect("a text")
}

fn revision_text(row: &RevisionText) -> String {
    text(|room| write_revision(row, room))
}

fn entry_text(row: &EntryText) -> String {
    text(|room| write_entry(row, room))
}

fn moment(text: &str) -> Moment {
    serde_json::from_value(json!(text)).expect("a moment")
}

fn event(content: &str, optional: Option<&str>) -> EventText {
    let optional = optional.map(str::to_owned);
    EventText {
        id: "0190a7a5-5ed1-7000-8000-000000000001".to_owned(),
        at: moment("2021-07-15T02:30:00.000001Z"),
        actor_id: optional.clone(),
        actor_role: optional.clone(),
        grant_id: optional.clone(),
        action: "proposal.submit".to_owned(),
        outcome: "done".to_owned(),
        subject_kind: "proposal".to_owned(),
        subject_id: "s".to_owned(),
        proposal_id: optional.clone(),
        region_code: optional,
        content: content.to_owned(),
        request_id: "r".to_owned(),
    }
}

fn revision(content: &str) -> RevisionText {
    RevisionText {
        id: "i".to_owned(),
        subject_kind: "proposal".to_owned(),
        subject_id: "s".to_owned(),
        version: 7,
        event_id: "e".to_owned(),
        content: content.to_owned(),
    }
}

fn entry(reason: Option<&str>) -> EntryText {
    EntryText {
        id: "i".to_owned(),
        kind: "disburse".to_owned(),
        proposal_id: "p".to_owned(),
        allocation_id: "a".to_owned(),
        fiscal_year: 2021,
        region_code: "18.71".to_owned(),
        from_account: "treasury".to_owned(),
        to_account: "region".to_owned(),
        amount_idr: 1_500_000_000,
        effective_on: NaiveDate::from_ymd_opt(2021, 7, 21).expect("a date"),
        recorded_at: moment("2021-07-21T02:30:00Z"),
        source_kind: "tranche_request".to_owned(),
        source_id: "t".to_owned(),
        event_id: "e".to_owned(),
        reverses_id: reason.map(str::to_owned),
        reversed_kind: reason.map(str::to_owned),
        reason: reason.map(str::to_owned),
        origin_year: reason.map(|_| 2020),
    }
}

/// The same by way of serde and a sorted map, with what the leaf adds to the row.
fn by_serde(leaf: &Leaf<'_>) -> String {
    let mut value = serde_json::to_value(leaf.event).expect("a value");
    let map: &mut serde_json::Map<String, Value> = value.as_object_mut().expect("an object");
    let hashes =
        |hashes: &[Hash]| json!(hashes.iter().map(ToString::to_string).collect::<Vec<_>>());
    map.insert("seq".to_owned(), json!(leaf.seq));
    map.insert("sealed_at".to_owned(), json!(leaf.sealed_at));
    map.insert("revisions".to_owned(), hashes(leaf.revisions));
    map.insert("entries".to_owned(), hashes(leaf.entries));
    canonical(&value).expect("text")
}

proptest! {
    #[test]
    fn what_is_written_by_hand_is_canonical_json_of_every_column(
        content in any::<String>(), optional in any::<Option<String>>(), seq in any::<i64>(), hashes in 0..4_u8,
    ) {
        let event = event(&content, optional.as_deref());
        let hashes: Vec<Hash> = (0..hashes).map(|n| Hash::leaf(&[n])).collect();
        let leaf = Leaf { seq, sealed_at: event.at, event: &event, revisions: &hashes, entries: &hashes };
        prop_assert_eq!(leaf.text(), by_serde(&leaf));
        let revision = revision(&content);
        prop_assert_eq!(revision_text(&revision), canonical(&revision).expect("text"));
        let entry = entry(optional.as_deref());
        prop_assert_eq!(entry_text(&entry), canonical(&entry).expect("text"));
    }
}

/// Letters of every kind at every place of a block, in texts that end around the end of one.
#[test]
fn texts_of_any_length_are_quoted_as_json_quotes_them() {
    let letters: Vec<char> = "a\"\\é😀\n\0\u{1f} \u{7f}€/\t\r\u{8}\u{c}".chars().collect();
    for length in 0..200_usize {
        for step in 1..letters.len() {
            // Of a step, runs of plain letters are as long as it.
            let text: String = (0..length)
                .map(|at| if at % step == 0 { letters[(at / step) % letters.len()] } else { 'x' })
                .collect();
            let quoted = text_of(&text);
            assert_eq!(quoted, serde_json::to_string(&text).expect("JSON"), "{text:?}");
        }
    }
}

/// A text as it is quoted.
fn text_of(value: &str) -> String {
    text(|room| Object::new(room).quoted(value))
}

#[test]
fn a_leaf_is_these_bytes() {
    let event = event(r#"{"a":"é"}"#, None);
    let revisions = [revision_hash(&revision("{}"), &mut Room::new())];
    let sealed_at = moment("2021-07-15T02:30:00.25Z");
    let leaf = Leaf { seq: 1, sealed_at, event: &event, revisions: &revisions, entries: &[] };
    let expected = concat!(
        r#"{"action":"proposal.submit","actor_id":null,"actor_role":null,"at":"2021-07-15T02:30:00.000001Z","#,
        r#""content":"{\"a\":\"é\"}","entries":[],"grant_id":null,"id":"0190a7a5-5ed1-7000-8000-000000000001","#,
        r#""outcome":"done","proposal_id":null,"region_code":null,"request_id":"r","#,
        r#""revisions":["REVISION"],"sealed_at":"2021-07-15T02:30:00.250000Z","seq":1,"#,
        r#""subject_id":"s","subject_kind":"proposal"}"#
    );
    assert_eq!(leaf.text(), expected.replace("REVISION", &revisions[0].to_string()));
    assert_eq!(
        revision_text(&revision("{}")),
        r#"{"content":"{}","event_id":"e","id":"i","subject_id":"s","subject_kind":"proposal","version":7}"#
    );
    assert_eq!(revisions[0], Hash::of(revision_text(&revision("{}")).as_bytes()));
    assert_eq!(leaf.hash(&mut Room::new()), Hash::leaf(leaf.text().as_bytes()));
}
