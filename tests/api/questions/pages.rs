//! Who reads which rows, in which pages.

use super::{filed, finds};
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, PROVINCE, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::life::CONSTRUCTION;
use reqwest::Method;
use sentra::domain::people::Role;
use serde_json::Value;
use std::collections::BTreeSet;

/// The proposals of the rows that somebody reads, over all pages of a size.
async fn read_by(app: &TestApp, person: &crate::support::app::Person, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/audit/questions/payment-orders?limit=2{query}{cursor}");
        let page = app.get(person, &path).await.is(200);
        let rows = page["items"].as_array().expect("rows").clone();
        assert!(rows.len() <= 2);
        all.extend(rows.iter().map(|row| text(&row["proposal_id"])));
        if page["next_cursor"].is_null() {
            return all;
        }
        cursor = format!("&cursor={}", text(&page["next_cursor"]));
    }
}

on_both! {
    async fn everybody_reads_the_rows_of_what_they_may_see_in_pages(db) {
        let app = TestApp::on(db);
        let mut lives = Vec::new();
        for region in [HOME, SIBLING, FOREIGN] {
            let life = CONSTRUCTION.within(region).at(&app, "funded").await;
            for amount in [1_000, 2_000] {
                life.spend(amount).await.is(201);
            }
            lives.push(life);
        }
        let ids: Vec<&str> = lives.iter().map(|life| life.id.as_str()).collect();
        let twice = |ids: &[&str]| {
            let sorted: BTreeSet<&str> = ids.iter().copied().collect();
            sorted.iter().flat_map(|id| [(*id).to_owned(), (*id).to_owned()]).collect::<Vec<_>>()
        };
        let auditor = lives[0].who(Role::Auditor).await;
        assert_eq!(read_by(&app, &auditor, "").await, twice(&ids));
        assert_eq!(read_by(&app, &auditor, "&fiscal_year=2020").await, Vec::<String>::new());
        assert_eq!(read_by(&app, &auditor, &format!("&province_code={PROVINCE}")).await, twice(&ids[..2]));
        assert_eq!(read_by(&app, &auditor, &format!("&region_code={FOREIGN}")).await, twice(&ids[2..]));
        let regional = app.someone("auditor foreign", Role::Auditor, vec![(Role::Auditor, Some(FOREIGN.into()))]).await;
        assert_eq!(read_by(&app, &regional, "").await, twice(&ids[2..]));
        assert_eq!(read_by(&app, &lives[1].who(Role::Drafter).await, "").await, twice(&ids[1..2]));
        let administrator = app.of(Role::Administrator, HOME).await;
        assert_eq!(read_by(&app, &administrator, "").await, Vec::<String>::new());
        let hidden = format!("/audit/questions/payment-orders?proposal_id={}", ids[0]);
        app.get(&regional, &hidden).await.is(404);
        app.call(Method::GET, "/audit/questions").await.is(401);
        app.get(&auditor, "/audit/questions/no-such-question").await.is(404);
        for wrong in ["cursor=x", "region_code=99", "fiscal_year=x", "limit=0", "as_of=x", "proposal_id=x"] {
            app.get(&auditor, &format!("/audit/questions/photos?{wrong}")).await.is(422);
        }
    }

    async fn a_row_names_its_proposal_and_where_it_can_be_read(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        let row = finds(&life, "regional-asset", &[]).await;
        assert_eq!((&row["region_code"], &row["fiscal_year"]), (&Value::from(HOME), &Value::from(2021)));
        assert_eq!(row["title"], life.shown().await["title"]);
        assert!(text(&row["evidence"][0]).ends_with(&life.id));
    }
}
