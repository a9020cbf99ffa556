//! Figures for people, as ratios of one run: how many transitions a second each database makes with 16 clients.
//! Nothing here is held to a time.

use crate::support::app::TestApp;
use crate::support::database::Kind;
use crate::support::life::{CONSTRUCTION, Life};
use futures_util::future::join_all;
use sentra::domain::people::Role;
use serde_json::json;
use std::time::Instant;

const CLIENTS: usize = 16;
/// Pairs of transitions that each client makes.
const PAIRS: usize = 50;

/// Sends the proposal to Bappeda and back, over and over.
async fn to_and_fro(life: &Life<'_>) {
    for _ in 0..PAIRS {
        life.act(Role::Drafter, json!({ "action": "request_planning_check" })).await.is(200);
        life.act(Role::Planner, json!({ "action": "return", "comment": "again" })).await.is(200);
    }
}

async fn transitions_a_second(kind: Kind) -> Option<f64> {
    let app = TestApp::spawn(kind)?;
    let mut lives = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        let life = CONSTRUCTION.at(&app, "draft").await;
        life.bring().await;
        lives.push(life);
    }
    let started = Instant::now();
    join_all(lives.iter().map(to_and_fro)).await;
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(app.verified(), Vec::<String>::new());
    let count = u32::try_from(CLIENTS * PAIRS * 2).expect("a small count");
    Some(f64::from(count) / seconds)
}

/// `cargo test --release --test api figures -- --ignored --nocapture`
#[actix_web::test]
#[ignore = "prints figures; it proves nothing"]
async fn transitions_a_second_with_sixteen_clients() {
    let sqlite = transitions_a_second(Kind::Sqlite).await.expect("SQLite is always there");
    println!(
        "SQLite: {sqlite:.0} transitions a second (each with a read of the version before it)"
    );
    if let Some(postgres) = transitions_a_second(Kind::Postgres).await {
        println!("PostgreSQL (fsync off): {postgres:.0}, {:.2} of SQLite's", postgres / sqlite);
    }
}
