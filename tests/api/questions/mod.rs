//! The questions that auditors ask: each finds what was planted through the API, and passes what is in order.

mod ends;
mod money;
mod pages;
mod papers;
mod sheets;

use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::documents::{PDF, upload};
use crate::support::life::{Case, Life};
use sentra::domain::people::Role;
use serde_json::{Value, json};

/// Every row of a question about one proposal, as the nation's auditor reads them.
pub async fn asked(life: &Life<'_>, slug: &str) -> Vec<Value> {
    let auditor = life.who(Role::Auditor).await;
    let path = format!("/audit/questions/{slug}?proposal_id={}&limit=200", life.id);
    let body = life.app.get(&auditor, &path).await.is(200);
    assert_eq!(body["next_cursor"], Value::Null);
    let rows = body["items"].as_array().expect("rows").clone();
    for row in &rows {
        assert_eq!(text(&row["proposal_id"]), life.id);
        // Whatever is named as evidence can be read.
        for path in row["evidence"].as_array().expect("evidence") {
            let path = text(path);
            let below = path.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{path}"));
            life.app.get(&auditor, below).await.is(200);
        }
    }
    rows
}

/// The sentences of its rows.
pub async fn said(life: &Life<'_>, slug: &str) -> Vec<String> {
    asked(life, slug).await.iter().map(|row| text(&row["says"])).collect()
}

/// That one row says some words, and only one is there.
pub async fn finds(life: &Life<'_>, slug: &str, words: &[&str]) -> Value {
    let rows = asked(life, slug).await;
    let [row] = rows.as_slice() else { panic!("{slug}: {rows:#?}") };
    let said = text(&row["says"]);
    for word in words {
        assert!(said.contains(word), "{slug}: {word:?} is not in {said:?}");
    }
    row.clone()
}

/// That nothing is found.
pub async fn passes(life: &Life<'_>, slug: &str) {
    assert_eq!(said(life, slug).await, Vec::<String>::new(), "{slug}");
}

/// The figure of a row: what was expected, what was found.
pub fn figure(row: &Value, name: &str) -> (Value, Value) {
    let figures = row["figures"].as_array().expect("figures");
    let one = figures.iter().find(|one| one["name"] == name);
    let one = one.unwrap_or_else(|| panic!("no figure {name}: {row:#?}"));
    (one["expected"].clone(), one["found"].clone())
}

/// Files something: a document of a type with a number and a date.
pub async fn file(life: &Life<'_>, document_type: &str, number: &str, issued_on: &str) {
    let fields = [("type", document_type), ("number", number), ("issued_on", issued_on)];
    let mut bytes = PDF.2.to_vec();
    bytes.extend_from_slice(
        format!("\n%{document_type} {number} {issued_on} {}\n", life.id).as_bytes(),
    );
    let drafter = life.who(Role::Drafter).await;
    let file = ("berkas.pdf", "application/pdf", bytes.as_slice());
    upload(life.app, &drafter, &life.id, &fields, file).await.is(201);
}

/// A contract over everything, with its file.
pub async fn contracted(life: &Life<'_>, but: Value) -> Value {
    let made = life.contract(but).await.is(201);
    file(life, "contract", &text(&made["number"]), &text(&made["signed_on"])).await;
    made
}

/// A payment order of today over some amount, with its file.
pub async fn paid(life: &Life<'_>, number: &str, amount_idr: i64) -> Value {
    let contract = life.last("contracts").await;
    let body = json!({
        "contract_id": contract["id"], "number": number, "spent_on": life.app.today(), "amount_idr": amount_idr,
    });
    let made = life.add(Role::Drafter, "expenditures", body).await.is(201);
    file(life, "payment_order", number, &life.app.today()).await;
    made
}

/// A life that goes well and leaves its files, brought to a state from `contracted` on.
pub async fn filed<'a>(app: &'a TestApp, case: Case, state: &str) -> Life<'a> {
    let life = case.at(app, "planned").await;
    contracted(&life, json!({})).await;
    life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
    if state == "contracted" {
        return life;
    }
    life.to("funded").await;
    if state == "funded" {
        return life;
    }
    paid(&life, "SP2D/0", life.figure("in_hand_idr").await).await;
    life.complete_works().await.is(200);
    life.to(state).await;
    life
}
