//! Questions of files, photos, dates and plans.

use super::{contracted, figure, file, filed, finds, passes, said};
use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::text;
use crate::support::documents::{PDF, photo, upload};
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};

/// At the policy's reference of a square metre.
const AT_REFERENCE: Case = Case { unit_cost_idr: 5_000_000, ..CONSTRUCTION };

async fn picture(life: &Life<'_>, taken: &str, at: (f64, f64)) {
    picture_of(life, "photo_50", taken, at).await;
}

async fn picture_of(life: &Life<'_>, document_type: &str, taken: &str, at: (f64, f64)) {
    let mut bytes = photo(taken, Some(at));
    bytes.extend_from_slice(format!("\n%{document_type} {taken} {at:?} {}\n", life.id).as_bytes());
    bring(life, &[("type", document_type)], &bytes).await;
}

/// Brings a picture of some bytes.
async fn bring(life: &Life<'_>, fields: &[(&str, &str)], bytes: &[u8]) -> Value {
    let drafter = life.who(Role::Drafter).await;
    upload(life.app, &drafter, &life.id, fields, ("50.jpg", "image/jpeg", bytes)).await.is(201)
}

async fn waive(life: &Life<'_>, document_type: &str, reason: &str) -> Value {
    let waiver = json!({ "document_type": document_type, "reason": reason });
    life.add(Role::Approver, "waivers", waiver).await.is(201)
}

on_both! {
    async fn a_contract_without_its_file_is_found_and_one_with_it_is_not(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let made = life.contract(json!({ "number": "602/01/SPK" })).await.is(201);
        finds(&life, "contract-files", &["602/01/SPK", "has no file of its number"]).await;
        file(&life, "contract", "602 / 01 / spk", "2020-01-02").await;
        let row = finds(&life, "contract-files", &["its file is of 2020-01-02"]).await;
        assert_eq!(figure(&row, "dated_on"), (made["signed_on"].clone(), json!("2020-01-02")));
        // The newest file of the number counts, whatever its spaces.
        file(&life, "contract", "602 / 01 / spk", &text(&made["signed_on"])).await;
        passes(&life, "contract-files").await;
        let amendment = json!({ "number": "ADD-1", "signed_on": app.today(), "value_idr": CONSTRUCTION.total() - 1, "reason": "CCO." });
        let path = format!("/contracts/{}/amendments", text(&made["id"]));
        app.post(&life.who(Role::Drafter).await, &path, amendment).await.is(201);
        finds(&life, "contract-files", &["Amendment ADD-1"]).await;
        file(&life, "contract", "ADD-1", &app.today()).await;
        passes(&life, "contract-files").await;
    }

    async fn amendments_of_one_number_need_a_file_each(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let half = CONSTRUCTION.total() / 2;
        let mut contracts = Vec::new();
        for number in ["A", "B"] {
            contracts.push(contracted(&life, json!({ "number": number, "value_idr": half })).await);
        }
        let amend = async |contract: &Value, number: &str| {
            let body = json!({ "number": number, "signed_on": app.today(), "value_idr": half, "ends_on": "2021-12-30",
                "reason": format!("CCO {number}.") });
            let path = format!("/contracts/{}/amendments", text(&contract["id"]));
            app.post(&life.who(Role::Drafter).await, &path, body).await.is(201)
        };
        for contract in &contracts {
            amend(contract, "ADD-1").await;
        }
        assert_eq!(said(&life, "contract-files").await.len(), 2);
        file(&life, "contract", "ADD-1", &app.today()).await;
        let row = finds(&life, "contract-files", &["Amendment ADD-1 of contract B", "has no file of its own"]).await;
        assert_eq!(figure(&row, "files"), (json!(2), json!(1)));
        file(&life, "contract", "add - 1", &app.today()).await;
        passes(&life, "contract-files").await;
        // Of two days, each is held against the file of its own.
        for contract in &contracts {
            app.later(chrono::TimeDelta::days(1));
            amend(contract, "ADD-2").await;
            file(&life, "contract", "add - 2", &app.today()).await;
        }
        passes(&life, "contract-files").await;
    }

    async fn photos_from_elsewhere_from_before_the_works_and_used_twice_are_found(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "funded").await;
        life.bring().await;
        passes(&life, "photos").await;
        picture(&life, "2021:05:03 09:00:00", (-5.46, 105.25)).await;
        let row = finds(&life, "photos", &["m from the site", "photo_50"]).await;
        assert_eq!(figure(&row, "distance_m").0, json!(500));
        picture(&life, "2020:01:15 09:00:00", (-5.45, 105.25)).await;
        let all = said(&life, "photos").await;
        assert!(all.len() == 2 && all[1].contains("before the works began"), "{all:?}");
        let other = filed(&app, CONSTRUCTION, "funded").await;
        let mut bytes = photo("2021:05:03 09:00:00", Some((-5.45, 105.25)));
        bytes.extend_from_slice(b"\n%the same\n");
        for one in [&life, &other] {
            let drafter = one.who(Role::Drafter).await;
            let file = ("50.jpg", "image/jpeg", bytes.as_slice());
            upload(&app, &drafter, &one.id, &[("type", "photo_50")], file).await.is(201);
        }
        finds(&other, "photos", &["has the bytes of 1 other document"]).await;
    }

    async fn a_picture_whose_place_another_took_is_used_no_more(db) {
        let app = TestApp::on(db);
        let (life, other) = (filed(&app, CONSTRUCTION, "funded").await, filed(&app, CONSTRUCTION, "funded").await);
        let [one, two] = [&b"\n%one\n"[..], &b"\n%two\n"[..]].map(|end| {
            [photo("2021:05:03 09:00:00", Some((-5.45, 105.25))).as_slice(), end].concat()
        });
        let first = bring(&life, &[("type", "photo_50")], &one).await;
        // The same picture again, with its number: no other one was used.
        let id = text(&first["id"]);
        let second = bring(&life, &[("type", "photo_50"), ("number", "7"), ("supersedes_id", &id)], &one).await;
        passes(&life, "photos").await;
        bring(&other, &[("type", "photo_50")], &one).await;
        finds(&other, "photos", &["has the bytes of 1 other document"]).await;
        let id = text(&second["id"]);
        bring(&life, &[("type", "photo_50"), ("supersedes_id", &id)], &two).await;
        passes(&other, "photos").await;
        passes(&life, "photos").await;
    }

    async fn a_picture_of_works_that_go_on_is_not_taken_after_their_handover(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        passes(&life, "photos").await;
        app.later(chrono::TimeDelta::days(2));
        let taken = format!("{} 09:00:00", app.today().replace('-', ":"));
        for document_type in ["photo_100", "photo_use"] {
            picture_of(&life, document_type, &taken, (-5.45, 105.25)).await;
        }
        passes(&life, "photos").await;
        picture_of(&life, "photo_50", &taken, (-5.45, 105.25)).await;
        finds(&life, "photos", &["photo_50", "after the works were handed over"]).await;
    }

    async fn a_design_begins_no_works_and_a_picture_of_any_kind_says_where_it_was_taken(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let small = 1_000_000;
        let design = json!({ "number": "D", "role": "design", "vendor_name": "CV Rancang", "lines": [2], "value_idr": small,
            "signed_on": "2020-01-02", "starts_on": "2020-01-02" });
        contracted(&life, design).await;
        contracted(&life, json!({ "number": "W", "value_idr": CONSTRUCTION.total() - small })).await;
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.to("funded").await;
        picture(&life, "2020:02:01 09:00:00", (-5.45, 105.25)).await;
        finds(&life, "photos", &["was taken on 2020-02-01, before the works began"]).await;
        let bytes = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), life.id.as_bytes()].concat();
        let file = ("100.png", "image/png", bytes.as_slice());
        let drafter = life.who(Role::Drafter).await;
        upload(&app, &drafter, &life.id, &[("type", "photo_100")], file).await.is(201);
        let all = said(&life, "photos").await;
        assert!(all.len() == 2 && all[1].contains("(photo_100) does not say where it was taken"), "{all:?}");
    }

    async fn lines_outside_the_plan_and_its_changes_are_told_with_who_approved_them(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        passes(&life, "outside-plan").await;
        let mut plan = life.plan_body();
        plan["reason"] = json!("Banjir merusak akses.");
        plan["lines"].as_array_mut().expect("lines").pop();
        let made = life.add(Role::Drafter, "plans", plan).await.is(201);
        let drafter = life.who(Role::Drafter).await;
        life.step_of(&drafter, "plans", &made, "submit", json!({})).await.is(200);
        passes(&life, "outside-plan").await;
        life.approve_plan(json!({})).await.is(200);
        let all = said(&life, "outside-plan").await;
        let approver = life.who(Role::Approver).await.name;
        assert!(all.len() == 2 && all[0].contains("Banjir merusak akses.") && all[0].contains(&approver), "{all:?}");
        // Submitted under the first version, and paid from an allocation that was made under the second.
        assert_eq!(life.shown().await["policy_version"], 1);
        assert!(all[0].contains("judged under version 2"), "{all:?}");
        assert!(all[1].starts_with("Line 2 (supporting)"), "{all:?}");
    }

    async fn an_approval_without_a_document_of_the_land_is_found_with_its_waiver(db) {
        let app = TestApp::on(db);
        let clean = CONSTRUCTION.at(&app, "approved").await;
        passes(&clean, "land-clear").await;
        let without = CONSTRUCTION.draft(&app).await;
        let reason = "Sertifikat dalam proses di BPN.";
        let waiver = json!({ "document_type": "land_certificate", "reason": reason });
        without.add(Role::Approver, "waivers", waiver).await.is(201);
        without.to("decision").await;
        passes(&without, "land-clear").await;
        without.to("approved").await;
        let row = finds(&without, "land-clear", &["land_certificate", reason]).await;
        assert_eq!(figure(&row, "land_certificate").1, json!(null));
    }

    async fn a_document_of_the_land_that_had_run_out_or_has_no_date_is_found_with_the_waiver_that_stood(db) {
        let app = TestApp::on(db);
        let (expired, undated) = (CONSTRUCTION.draft(&app).await, CONSTRUCTION.draft(&app).await);
        file(&expired, "land_statement", "S/1", "2019-01-02").await;
        let drafter = undated.who(Role::Drafter).await;
        upload(&app, &drafter, &undated.id, &[("type", "land_statement")], PDF).await.is(201);
        for (life, why) in [(&expired, "had run out"), (&undated, "has no date")] {
            let waiver = waive(life, "land_statement", "Sedang diperbarui.").await;
            life.to("approved").await;
            let said = format!("the land_statement that was there {why}");
            let row = finds(life, "land-clear", &[&said, "(waived: Sedang diperbarui.)"]).await;
            assert_ne!(figure(&row, "land_statement").1, json!(null));
            // It stood then, whatever became of it.
            app.later(chrono::TimeDelta::days(1));
            let approver = life.who(Role::Approver).await;
            life.step_of(&approver, "waivers", &waiver, "revoke", json!({ "reason": "Sudah ada." })).await.is(200);
            waive(life, "land_statement", "Belakangan.").await;
            finds(life, "land-clear", &[&said, "(waived: Sedang diperbarui.)"]).await;
        }
    }

    async fn a_document_of_the_land_that_held_when_it_was_needed_is_in_order(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        file(&life, "land_statement", "S/1", "2019-05-20").await;
        life.to("decision").await;
        app.later(chrono::TimeDelta::days(20));
        assert!(app.today().as_str() > "2020-05-20");
        life.to("approved").await;
        passes(&life, "land-clear").await;
    }

    async fn an_approval_is_judged_by_the_rules_that_it_was_given_under(db) {
        let app = TestApp::on(db);
        let before = CONSTRUCTION.as_shipped().at(&app, "approved").await;
        let administrator = app.of(Role::Administrator, HOME).await;
        let mut policy = app.get(&administrator, "/policies/2021").await.is(200)["policy"].clone();
        let rule = |document_type: &str, stage: &str, components: Value| json!({
            "type": document_type, "menus": ["construction"], "components": components, "stage": stage, "mandatory": true,
            "valid_months": null, "label_id": "Tanah", "label_en": "Land", "legal_basis": null,
        });
        let rules = policy["documents"].as_array_mut().expect("documents");
        rules.push(rule("land_grant", "confirm_planning", json!([])));
        rules.push(rule("land_lease", "confirm_planning", json!(["wastewater_treatment"])));
        rules.push(rule("land_deed", "complete_works", json!([])));
        app.put(&administrator, "/policies/2021", policy).if_match(1).await.is(200);
        // Its allocation pins the second version; the first one asked for no grant when it was approved.
        before.to("allocated").await;
        passes(&before, "land-clear").await;
        file(&before, "land_grant", "H/1", &app.today()).await;
        passes(&before, "back-filled-documents").await;
        // Neither a component that it does not pay for, nor a later step, is asked of another.
        let after = CONSTRUCTION.as_shipped().draft(&app).await;
        let waiver = json!({ "document_type": "land_grant", "reason": "Hibah dalam proses." });
        after.add(Role::Approver, "waivers", waiver).await.is(201);
        after.to("approved").await;
        let row = finds(&after, "land-clear", &["land_grant", "Hibah dalam proses."]).await;
        assert!(!text(&row["says"]).contains("land_lease") && !text(&row["says"]).contains("land_deed"), "{row:#?}");
    }

    async fn prices_and_menus_are_those_of_the_rules_that_the_approval_was_given_under(db) {
        let app = TestApp::on(db);
        let case = Case { unit_cost_idr: 5_000_000, ..CONSTRUCTION.as_shipped() };
        let before = case.at(&app, "approved").await;
        let administrator = app.of(Role::Administrator, HOME).await;
        let mut policy = app.get(&administrator, "/policies/2021").await.is(200)["policy"].clone();
        for cost in policy["unit_costs"].as_array_mut().expect("references") {
            cost["reference_idr"] = json!(cost["reference_idr"].as_i64().expect("a price") * 2);
        }
        let menus = policy["menus"].as_array_mut().expect("menus");
        for menu in menus {
            menu["components"].as_array_mut().expect("components").retain(|one| one != "production_house");
        }
        app.put(&administrator, "/policies/2021", policy).if_match(1).await.is(200);
        // Its allocation pins the second version.
        before.to("allocated").await;
        passes(&before, "unit-prices").await;
        passes(&before, "outside-plan").await;
    }

    async fn a_line_off_the_menu_is_told_with_the_version_that_it_was_approved_under(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.as_shipped().at(&app, "decision").await;
        let administrator = app.of(Role::Administrator, HOME).await;
        let policy = app.get(&administrator, "/policies/2021").await.is(200)["policy"].clone();
        let menus = policy["menus"].as_array().expect("menus");
        let at = menus.iter().position(|menu| menu["menu"] == "construction").expect("a menu");
        let mut components = menus[at]["components"].as_array().expect("components").clone();
        components.retain(|one| one != "production_house");
        let decree = json!({
            "fiscal_year": 2021, "number": "KMK 3/2020", "dated_on": app.today(), "reason": "Dihentikan.", "regions": [],
            "changes": [{ "path": format!("/menus/{at}/components"), "value": components }],
        });
        app.post(&administrator, "/decrees", decree).await.is(201);
        passes(&life, "outside-plan").await;
        life.to("approved").await;
        finds(&life, "outside-plan", &["Line 1 pays for production_house", "by version 1 of the rules of 2021"]).await;
    }

    async fn a_decree_after_the_approval_asks_nothing_of_it(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.as_shipped().at(&app, "approved").await;
        app.later(chrono::TimeDelta::hours(1));
        let administrator = app.of(Role::Administrator, HOME).await;
        let policy = app.get(&administrator, "/policies/2021").await.is(200)["policy"].clone();
        let rules = policy["documents"].as_array().expect("documents");
        let at = rules.iter().position(|rule| rule["type"] == "rab").expect("a rule");
        let path = format!("/documents/{at}/type");
        // What was a bill of quantities is a deed of the land from then on.
        let decree = json!({
            "fiscal_year": 2021, "number": "KMK 2/2020", "dated_on": app.today(), "reason": "Sengketa",
            "regions": [], "changes": [{ "path": path, "value": "land_deed" }],
        });
        app.post(&administrator, "/decrees", decree).await.is(201);
        passes(&life, "land-clear").await;
    }

    async fn what_a_centre_gets_from_elsewhere_too_is_found_with_the_regions_answer(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planned").await;
        passes(&life, "double-funding").await;
        let centre = text(&life.shown().await["centre_id"]);
        let mut body = json!({
            "fiscal_year": 2020, "fund_source": "APBD", "component": "clean_water",
            "description": "Sumur", "amount_idr": 300_000_000, "legal_basis": "DPA 2020",
        });
        let (planner, path) = (life.who(Role::Planner).await, format!("/centres/{centre}/fundings"));
        app.post(&planner, &path, body.clone()).await.is(201);
        passes(&life, "double-funding").await;
        body["component"] = json!("production_house");
        let made = app.post(&planner, &path, body).await.is(201);
        let row = finds(&life, "double-funding", &["production_house", "Not answered."]).await;
        let key = format!("centre_funding:{}:production_house", text(&made["id"]));
        assert_eq!(figure(&row, &key), (json!(0), json!(300_000_000)));
    }

    async fn a_firm_that_supervises_its_own_design_and_a_split_package_are_found(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let small = json!({ "number": "1", "value_idr": 1_000_000, "lines": [2] });
        let with = |number: &str, role: &str, vendor: &str| {
            let mut body = small.clone();
            body["number"] = json!(number);
            body["role"] = json!(role);
            body["vendor_name"] = json!(vendor);
            body
        };
        contracted(&life, with("1", "works", "PT Karya")).await;
        contracted(&life, with("2", "design", "CV Rancang")).await;
        contracted(&life, with("3", "supervision", "CV Awasi")).await;
        contracted(&life, with("4", "works", "PT Lain")).await;
        passes(&life, "same-firm").await;
        contracted(&life, with("5", "works", "pt. KARYA")).await;
        finds(&life, "same-firm", &["Contract 5", "the firm of contract 1"]).await;
        contracted(&life, with("6", "supervision", "cv rancang")).await;
        let all = said(&life, "same-firm").await;
        assert!(all.len() == 2 && all[1].contains("supervises what CV Rancang designed"), "{all:?}");
    }

    async fn prices_beside_the_reference_are_told_with_who_accepted_them(db) {
        let app = TestApp::on(db);
        let clean = AT_REFERENCE.at(&app, "approved").await;
        passes(&clean, "unit-prices").await;
        let life = CONSTRUCTION.at(&app, "approved").await;
        let reviewer = life.who(Role::Reviewer).await.name;
        let approved = format!("{} approved it as proposed", life.who(Role::Approver).await.name);
        let row = finds(&life, "unit-prices", &["50.00 % of the reference", &reviewer, &approved]).await;
        assert_eq!(figure(&row, "unit_cost_idr"), (json!(5_000_000), json!(2_500_000)));
    }

    async fn a_price_is_that_of_what_was_approved(db) {
        let app = TestApp::on(db);
        let life = AT_REFERENCE.at(&app, "decision").await;
        let half = |line_no: i64, volume: i64, amount: i64| json!({
            "line_no": line_no, "volume_thousandths": volume, "amount_idr": amount / 2, "reason": "Dipotong.",
        });
        let unit = AT_REFERENCE.unit_cost_idr;
        let body = json!({ "reviews": [half(1, 800_000, unit * 800), half(2, 1_000, unit * 40)] });
        life.put(Role::Approver, "line-reviews", body).await.is(200);
        passes(&life, "unit-prices").await;
        life.act(Role::Approver, json!({ "action": "approve" })).await.is(200);
        let (approver, reviewer) = (life.who(Role::Approver).await, life.who(Role::Reviewer).await.name);
        let accepted = format!("{} approved that price in place of the proposed one (Dipotong.)", approver.name);
        let assessed = format!("{reviewer} assessed what was proposed");
        let price = "One m2 costs Rp2,500,000, which is 50.00 % of the reference";
        let row = finds(&life, "unit-prices", &[price, &accepted, &assessed]).await;
        assert_ne!(figure(&row, "approved_by").1, json!(null));
        assert_eq!(figure(&row, "unit_cost_idr"), (json!(5_000_000), json!(2_500_000)));
        assert_eq!(figure(&row, "proposed_unit_cost_idr").1, json!(5_000_000));
    }

    async fn documents_that_are_filled_in_after_the_approval_are_found(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "approved").await;
        passes(&life, "back-filled-documents").await;
        app.later(chrono::TimeDelta::days(3));
        file(&life, "correspondence", "1", &app.today()).await;
        passes(&life, "back-filled-documents").await;
        file(&life, "feasibility_study", "FS/1", "2020-02-01").await;
        let row = finds(&life, "back-filled-documents", &["feasibility_study", "filled in afterwards"]).await;
        assert_eq!(figure(&row, "issued_on").1, json!("2020-02-01"));
        // What was there in time is revised later on.
        file(&life, "tor", "KAK/2", &app.today()).await;
        finds(&life, "back-filled-documents", &["feasibility_study", "another had come by then"]).await;
        let without = CONSTRUCTION.draft(&app).await;
        let waiver = json!({ "document_type": "land_certificate", "reason": "Dalam proses." });
        without.add(Role::Approver, "waivers", waiver).await.is(201);
        without.to("approved").await;
        app.later(chrono::TimeDelta::days(3));
        file(&without, "land_certificate", "HP/1", &app.today()).await;
        finds(&without, "back-filled-documents", &["land_certificate", "none had come by then (waived: Dalam proses.)", "after the approval."]).await;
    }
}
