//! The life of a proposal, lived through the API: brought to a wanted state along the way that goes well.

use crate::support::app::{Person, TestApp};
pub use crate::support::case::{CONSTRUCTION, Case, REVITALISATION, overlay};
use crate::support::client::{Answer, text};
use crate::support::documents::{PDF, photo, upload};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Case {
    /// Writes the draft, with its lines; a revitalisation names a centre of the registry.
    pub async fn draft(self, app: &TestApp) -> Life<'_> {
        let drafter = app.of(Role::Drafter, self.region).await;
        let mut body = self.draft_body();
        if self.menu == "revitalisation" {
            body["centre_id"] =
                app.post(&drafter, "/centres", self.centre()).await.is(201)["id"].clone();
        }
        let id = text(&app.post(&drafter, "/proposals", body).await.is(201)["id"]);
        let life = Life { app, case: self, id };
        life.put(Role::Drafter, "lines", self.lines()).await.is(200);
        life
    }

    /// Brings a new proposal to a state.
    pub async fn at<'a>(self, app: &'a TestApp, state: &str) -> Life<'a> {
        let life = self.draft(app).await;
        life.to(state).await;
        life
    }
}

/// A proposal.
#[derive(Clone)]
pub struct Life<'a> {
    pub app: &'a TestApp,
    pub case: Case,
    pub id: String,
}

impl Life<'_> {
    /// Who has a role over its region.
    pub async fn who(&self, role: Role) -> Person {
        self.app.of(role, self.case.region).await
    }

    pub fn path(&self, below: &str) -> String {
        let slash = if below.is_empty() { "" } else { "/" };
        format!("/proposals/{}{slash}{below}", self.id)
    }

    /// How it is, as an approver sees it.
    pub async fn shown(&self) -> Value {
        let approver = self.who(Role::Approver).await;
        self.app.get(&approver, &self.path("")).await.is(200)
    }

    pub async fn state(&self) -> String {
        text(&self.shown().await["state"])
    }

    pub async fn version(&self) -> i64 {
        self.shown().await["version"].as_i64().expect("a version")
    }

    /// One of its figures.
    pub async fn figure(&self, name: &str) -> i64 {
        self.shown().await["figures"][name].as_i64().unwrap_or_else(|| panic!("no figure {name}"))
    }

    /// What lies beneath it, as an approver sees it.
    pub async fn list(&self, below: &str) -> Vec<Value> {
        let approver = self.who(Role::Approver).await;
        let body = self.app.get(&approver, &self.path(below)).await.is(200);
        body["items"].as_array().expect("a list").clone()
    }

    /// Somebody acts, having read it.
    pub async fn act_as(&self, person: &Person, body: Value) -> Answer {
        let version = self.version().await;
        self.app.post(person, &self.path("actions"), body).if_match(version).await
    }

    /// The person of a role acts, having read it.
    pub async fn act(&self, role: Role, body: Value) -> Answer {
        self.act_as(&self.who(role).await, body).await
    }

    /// The person of a role puts something beneath it.
    pub async fn put(&self, role: Role, below: &str, body: Value) -> Answer {
        let (person, version) = (self.who(role).await, self.version().await);
        self.app.put(&person, &self.path(below), body).if_match(version).await
    }

    /// The same, where a key is needed too.
    pub async fn put_with_key(&self, role: Role, below: &str, body: Value) -> Answer {
        let (person, version) = (self.who(role).await, self.version().await);
        self.app.put(&person, &self.path(below), body).fresh_key().if_match(version).await
    }

    /// The person of a role changes it.
    pub async fn patch(&self, role: Role, body: Value) -> Answer {
        let (person, version) = (self.who(role).await, self.version().await);
        self.app.patch(&person, &self.path(""), body).if_match(version).await
    }

    /// The person of a role adds something beneath it.
    pub async fn add(&self, role: Role, below: &str, body: Value) -> Answer {
        self.app.post(&self.who(role).await, &self.path(below), body).await
    }

    /// The person of a role takes a step of something that has a version of its own.
    pub async fn step_of(
        &self,
        person: &Person,
        what: &str,
        of: &Value,
        step: &str,
        body: Value,
    ) -> Answer {
        let path = format!("/{what}/{}/{step}", text(&of["id"]));
        self.app.post(person, &path, body).if_match(&of["version"]).await
    }

    /// Its newest plan, report or contract.
    pub async fn last(&self, below: &str) -> Value {
        self.list(below).await.last().unwrap_or_else(|| panic!("no {below}")).clone()
    }

    /// Its journal, as an approver sees it.
    pub async fn journal(&self) -> Vec<Value> {
        let approver = self.who(Role::Approver).await;
        let path = format!("/journal?proposal_id={}&limit=200", self.id);
        let body = self.app.get(&approver, &path).await.is(200);
        body["items"].as_array().expect("a list").clone()
    }

    /// Its newest entry of a kind.
    pub async fn entry(&self, kind: &str) -> Value {
        let journal = self.journal().await;
        journal
            .iter()
            .rfind(|one| one["kind"] == kind)
            .unwrap_or_else(|| panic!("no {kind}"))
            .clone()
    }

    /// Somebody takes an entry back.
    pub async fn reverse(&self, person: &Person, entry: &Value) -> Answer {
        let path = format!("/journal/{}/reverse", text(&entry["id"]));
        self.app.post(person, &path, json!({ "reason": "Salah ketik." })).await
    }

    /// The newest request of its allocation.
    pub async fn request(&self) -> Value {
        let path = format!("/allocations/{}/tranche-requests", self.allocation().await);
        let body = self.app.get(&self.who(Role::Approver).await, &path).await.is(200);
        body["items"].as_array().expect("a list").last().expect("a request").clone()
    }

    pub async fn allocation(&self) -> String {
        text(&self.shown().await["allocation_id"])
    }

    /// Goes on along the way that goes well, until it stands in the state.
    pub async fn to(&self, state: &str) {
        for _ in 0..30 {
            let now = self.state().await;
            if now == state {
                return;
            }
            Box::pin(self.step(&now)).await;
        }
        panic!("{state} is not on the way");
    }

    /// The next step that goes well.
    pub async fn step(&self, now: &str) {
        match now {
            "draft" => {
                self.answer_changes().await;
                self.answer_warnings().await;
                self.bring().await;
                self.simply(Role::Drafter, "request_planning_check").await;
            }
            "planning_check" => self.simply(Role::Planner, "confirm_planning").await,
            "endorsement" => self.simply(Role::RegionalHead, "submit").await,
            "verification" => {
                self.accept_changes(Role::Verifier).await;
                self.flag_lines().await;
                self.simply(Role::Verifier, "verify").await;
            }
            "technical_review" => {
                self.accept_changes(Role::Reviewer).await;
                self.assess_lines().await;
                self.simply(Role::Reviewer, "recommend").await;
            }
            "clarification" => {
                self.answer_changes().await;
                self.answer_warnings().await;
                self.bring().await;
                let body = json!({ "action": "answer", "comment": "Terlampir." });
                self.act(Role::Drafter, body).await.is(200);
            }
            "site_verification" => {
                self.bring().await;
                let body = json!({ "action": "confirm_site", "data": { "visit": self.visit() } });
                self.act(Role::Reviewer, body).await.is(200);
            }
            "harmonisation" => {
                self.review_lines(Role::Reviewer).await;
                self.propose_agreement().await;
                self.simply(Role::Planner, "accept_agreement").await;
            }
            "decision" => {
                self.review_lines(Role::Approver).await;
                self.simply(Role::Approver, "approve").await;
            }
            "approved" => {
                self.fund().await;
                self.act(Role::Treasurer, self.allocate_body()).await.is(200);
            }
            "allocated" => {
                self.submit_plan().await;
                self.approve_plan(json!({})).await.is(200);
            }
            "planned" => {
                self.contract(json!({})).await.is(201);
                self.simply(Role::Inspector, "accept_contracts").await;
            }
            "contracted" => {
                if self.case.recommended {
                    self.record_handover().await.is(200);
                }
                self.request_tranche(1, self.case.total()).await.is(201);
                self.review_and_verify().await;
                self.pay().await.is(200);
            }
            "funded" => {
                self.spend(self.figure("in_hand_idr").await).await.is(201);
                self.complete_works().await.is(200);
            }
            "reporting" if self.case.menu == "construction" => {
                self.hand_over().await.is(200);
            }
            "reporting" | "operating" => {
                self.final_report().await;
                self.close().await.is(200);
            }
            end => panic!("nothing follows {end}"),
        }
    }

    /// The drafter answers every warning of double funding.
    pub async fn answer_warnings(&self) {
        let drafter = self.who(Role::Drafter).await;
        let shown = self.app.get(&drafter, &self.path("double-funding")).await.is(200);
        for warning in shown["warnings"].as_array().expect("warnings") {
            if warning["answered"] == false {
                let body = json!({ "warning": warning["key"], "answer": "Bagian lain." });
                self.add(Role::Drafter, "funding-answers", body).await.is(201);
            }
        }
    }

    /// Brings what the checklist lacks for the next steps, by whoever brings documents where it stands.
    pub async fn bring(&self) {
        let (role, stages): (Role, &[&str]) = match self.state().await.as_str() {
            "draft" => (Role::Drafter, &["request_planning_check", "confirm_planning", "submit"]),
            "site_verification" => (Role::Reviewer, &["confirm_site"]),
            "funded" => (Role::Drafter, &["complete_works"]),
            _ => (Role::Drafter, &[]),
        };
        let person = self.who(role).await;
        for document_type in self.lacking(stages).await {
            self.bring_one(&person, &document_type).await.is(201);
        }
    }

    /// The documents that the checklist lacks for some steps, and for those before that are asked for still.
    pub async fn lacking(&self, stages: &[&str]) -> BTreeSet<String> {
        let approver = self.who(Role::Approver).await;
        let checklist = self.app.get(&approver, &self.path("readiness")).await.is(200);
        let mut lacking = BTreeSet::new();
        for stage in checklist["stages"].as_array().expect("stages") {
            let asked =
                stage["still_asked"] == true || stages.contains(&text(&stage["stage"]).as_str());
            let documents = stage["documents"].as_array().expect("documents");
            let missing = documents.iter().filter(|item| {
                item["mandatory"] == true && item["state"] != "present" && item["state"] != "waived"
            });
            lacking.extend(missing.filter(|_| asked).map(|item| text(&item["document_type"])));
        }
        lacking
    }

    /// Brings a document of a type, of today: a picture at the site, or a page.
    pub async fn bring_one(&self, person: &Person, document_type: &str) -> Answer {
        let today = self.app.today();
        let fields = [("type", document_type), ("issued_on", today.as_str())];
        let taken = format!("{} 09:00:00", today.replace('-', ":"));
        let mut bytes = match document_type.starts_with("photo") {
            true => photo(&taken, Some((-5.45, 105.25))),
            false => PDF.2.to_vec(),
        };
        // No two documents have the same bytes.
        bytes.extend_from_slice(format!("\n%{document_type} {} {today}\n", self.id).as_bytes());
        let file = match document_type.starts_with("photo") {
            true => ("foto.jpg", "image/jpeg", bytes.as_slice()),
            false => ("dokumen.pdf", "application/pdf", bytes.as_slice()),
        };
        upload(self.app, person, &self.id, &fields, file).await
    }

    /// Brings what shows that conditions are met; the body that lifts one with it.
    pub async fn evidence(&self) -> Value {
        let drafter = self.who(Role::Drafter).await;
        let document = self.bring_one(&drafter, "condition_evidence").await.is(201);
        json!({ "evidence": "Dokumen terlampir.", "document_id": document["id"] })
    }

    /// A role asks for changes of these places.
    pub async fn ask_changes(&self, role: Role, pointers: &[&str]) -> Vec<Value> {
        let items: Vec<Value> = pointers
            .iter()
            .map(|pointer| json!({ "pointer": pointer, "comment": "Mohon diperbaiki." }))
            .collect();
        let body = json!({ "items": items });
        let made = self.add(role, "change-requests", body).await.is(201);
        made["items"].as_array().expect("requests").clone()
    }

    /// The change request of a number, as it is now.
    pub async fn change(&self, n: usize) -> Value {
        self.list("change-requests?limit=200").await[n - 1].clone()
    }

    /// A role takes a step of the change request of a number.
    pub async fn change_step(&self, role: Role, n: usize, step: &str, body: Value) -> Answer {
        let (person, request) = (self.who(role).await, self.change(n).await);
        self.step_of(&person, "change-requests", &request, step, body).await
    }

    /// The drafter answers every open request.
    pub async fn answer_changes(&self) {
        let drafter = self.who(Role::Drafter).await;
        for request in self.list("change-requests?limit=200").await {
            if request["state"] == "open" {
                let body = json!({ "answer": "Sudah diperbaiki." });
                self.step_of(&drafter, "change-requests", &request, "answer", body).await.is(200);
            }
        }
    }

    /// A role accepts every answer.
    pub async fn accept_changes(&self, role: Role) {
        let person = self.who(role).await;
        for request in self.list("change-requests?limit=200").await {
            if request["state"] == "answered" {
                self.step_of(&person, "change-requests", &request, "accept", json!({}))
                    .await
                    .is(200);
            }
        }
    }

    async fn simply(&self, role: Role, action: &str) {
        self.act(role, json!({ "action": action })).await.is(200);
    }

    /// A visit to the place proposed.
    pub fn visit(&self) -> Value {
        json!({
            "visited_on": self.app.today(), "report": "Sesuai.", "land_clear": true,
            "latitude": -5.4501, "longitude": 105.2501,
        })
    }

    /// Agrees to, or approves, every line as proposed.
    pub async fn review_lines(&self, role: Role) {
        self.put(role, "line-reviews", self.reviews_body()).await.is(200);
    }

    /// The verifier flags every line as sound.
    pub async fn flag_lines(&self) {
        self.put(Role::Verifier, "line-reviews", flags_body(&["green", "green"])).await.is(200);
    }

    /// The reviewer assesses every line as proposed.
    pub async fn assess_lines(&self) {
        let body = json!({ "reviews": [assessment(1, json!({})), assessment(2, json!({}))] });
        self.put(Role::Reviewer, "line-reviews", body).await.is(200);
    }

    pub fn reviews_body(&self) -> Value {
        json!({ "reviews": [
            { "line_no": 1, "amount_idr": self.case.unit_cost_idr * 800 },
            { "line_no": 2, "amount_idr": self.case.unit_cost_idr * 40 },
        ] })
    }

    pub async fn propose_agreement(&self) {
        let due_on = self.app.in_days(14);
        let body = json!({ "action": "propose_agreement", "data": { "due_on": due_on } });
        self.act(Role::Reviewer, body).await.is(200);
    }

    /// Records the nation's ceiling where there is none, and adds what the proposal needs to its region's allocation.
    pub async fn fund(&self) {
        if let Some(count) = self.case.tranches {
            self.app.pay_in(count).await;
        }
        let treasurer = self.who(Role::Treasurer).await;
        let ceilings = self.app.get(&treasurer, "/ceilings").await.is(200);
        let known = ceilings["items"].as_array().expect("ceilings");
        if known.iter().all(|one| one["fiscal_year"] != self.case.fiscal_year) {
            let year = self.case.fiscal_year;
            let body = json!({ "fiscal_year": year, "amount_idr": 750_000_000_000_i64, "legal_basis": "APBN" });
            self.app.post(&treasurer, "/ceilings", body).await.is(201);
        }
        let path = format!(
            "/allocations?fiscal_year={}&region_code={}",
            self.case.fiscal_year, self.case.region
        );
        let known = self.app.get(&treasurer, &path).await.is(200);
        let before = known["items"][0]["amount_idr"].as_i64().unwrap_or_default();
        self.allot(before + self.case.total()).await.is(201);
    }

    /// Records the region's allocation.
    pub async fn allot(&self, amount_idr: i64) -> Answer {
        let body = json!({
            "fiscal_year": self.case.fiscal_year, "region_code": self.case.region, "amount_idr": amount_idr,
            "legal_basis": "Perpres Rincian APBN 2021",
        });
        self.app.post(&self.who(Role::Treasurer).await, "/allocations", body).await
    }

    pub fn allocate_body(&self) -> Value {
        json!({ "action": "allocate", "data": {
            "amount_idr": self.case.total(), "legal_basis": "Perpres Rincian APBN 2021",
        } })
    }

    pub fn plan_body(&self) -> Value {
        json!({ "target_output": "Satu rumah produksi", "lines": [
            { "line_no": 1, "volume_thousandths": 800_000, "amount_idr": self.case.unit_cost_idr * 800, "method": "contract" },
            { "line_no": 2, "volume_thousandths": 1_000, "amount_idr": self.case.unit_cost_idr * 40,
                "method": "self_managed", "supporting_activity": "design" },
        ] })
    }

    pub async fn submit_plan(&self) {
        let plan = self.add(Role::Drafter, "plans", self.plan_body()).await.is(201);
        let drafter = self.who(Role::Drafter).await;
        self.step_of(&drafter, "plans", &plan, "submit", json!({})).await.is(200);
    }

    /// Approves its newest plan.
    pub async fn approve_plan(&self, mut body: Value) -> Answer {
        body["lump_sum_recommended"] = json!(self.case.recommended);
        let (approver, plan) = (self.who(Role::Approver).await, self.last("plans").await);
        self.step_of(&approver, "plans", &plan, "approve", body).await
    }

    /// A contract over everything, but for what is named otherwise.
    pub fn contract_body(&self, but: Value) -> Value {
        let mut body = json!({
            "number": "602/01/SPK/2021", "signed_on": self.app.today(), "role": "works",
            "vendor_name": "PT Karya Bangun", "value_idr": self.case.total(), "fund_source": "DAK",
            "lines": [1, 2], "starts_on": self.app.today(),
            // Beyond the day on which these tests pay.
            "ends_on": self.app.in_days(150).max("2021-09-30".to_owned()),
        });
        overlay(&mut body, but);
        body
    }

    pub async fn contract(&self, but: Value) -> Answer {
        self.add(Role::Drafter, "contracts", self.contract_body(but)).await
    }

    pub async fn record_handover(&self) -> Answer {
        let handover =
            json!({ "number": "BAST/1", "date": self.app.today(), "value_idr": self.case.total() });
        let data = json!({ "handover": handover, "output_bp": 10_000 });
        self.act(Role::Drafter, json!({ "action": "record_handover", "data": data })).await
    }

    pub async fn request_tranche(&self, n: i64, amount_idr: i64) -> Answer {
        let path = format!("/allocations/{}/tranche-requests", self.allocation().await);
        let body =
            json!({ "n": n, "items": [{ "proposal_id": self.id, "amount_idr": amount_idr }] });
        self.app.post(&self.who(Role::RegionalHead).await, &path, body).await
    }

    /// The inspector reviews the newest request; the second treasurer verifies it.
    pub async fn review_and_verify(&self) {
        let inspector = self.who(Role::Inspector).await;
        let request = self.request().await;
        let request =
            self.step_of(&inspector, "tranche-requests", &request, "review", json!({})).await;
        let second = self.app.nth(Role::Treasurer, self.case.region, 2).await;
        self.step_of(&second, "tranche-requests", &request.is(200), "verify", json!({}))
            .await
            .is(200);
    }

    /// The first treasurer pays the newest request, in the fiscal year.
    pub async fn pay(&self) -> Answer {
        self.app.reach_the_year();
        let (treasurer, request) = (self.who(Role::Treasurer).await, self.request().await);
        let body = json!({ "payment_number": format!("KPPN/{}", text(&request["id"])) });
        self.step_of(&treasurer, "tranche-requests", &request, "pay", body).await
    }

    /// A payment order on the newest contract.
    pub async fn spend(&self, amount_idr: i64) -> Answer {
        let contract = self.last("contracts").await;
        let number = format!("SP2D/{}", self.list("expenditures").await.len());
        let body = json!({
            "contract_id": contract["id"], "number": number, "spent_on": self.app.today(), "amount_idr": amount_idr,
        });
        self.add(Role::Drafter, "expenditures", body).await
    }

    pub async fn complete_works(&self) -> Answer {
        self.bring().await;
        let handover = json!({ "number": "BAST/2021", "date": self.app.today() });
        let data = json!({ "handover": handover, "output_bp": 10_000 });
        self.act(Role::Drafter, json!({ "action": "complete_works", "data": data })).await
    }

    /// Registers the new centre, and hands it over.
    pub async fn hand_over(&self) -> Answer {
        let centre = self
            .app
            .post(&self.who(Role::Drafter).await, "/centres", self.case.centre())
            .await
            .is(201);
        let data = json!({
            "asset_number": "BMD/1", "manager": "UPT Tapis", "occupants": ["Ibu Ratna"], "centre_id": centre["id"],
        });
        self.act(Role::Drafter, json!({ "action": "hand_over", "data": data })).await
    }

    /// Writes, submits and reviews a final report.
    pub async fn final_report(&self) {
        let body = json!({ "kind": "final", "as_of": self.app.today(), "physical_bp": 10_000 });
        let report = self.add(Role::Drafter, "reports", body).await.is(201);
        let drafter = self.who(Role::Drafter).await;
        let report = self.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
        let inspector = self.who(Role::Inspector).await;
        self.step_of(&inspector, "reports", &report, "review", json!({})).await.is(200);
    }

    pub async fn close(&self) -> Answer {
        let (compared, outcome) = ("Dari 40 menjadi 55 usaha.", json!({ "businesses": 55 }));
        let data = if self.case.menu == "construction" {
            self.app.later(chrono::TimeDelta::days(190));
            let check =
                json!({ "checked_on": self.app.today(), "businesses": 12, "report": "Ramai." });
            json!({ "use_check": check, "baseline_comparison": compared, "baseline_outcome": outcome })
        } else {
            json!({ "baseline_comparison": compared, "baseline_outcome": outcome })
        };
        self.act(Role::Inspector, json!({ "action": "close", "data": data })).await
    }
}

/// Flags of the lines from the first on.
pub fn flags_body(codes: &[&str]) -> Value {
    let flag = |(n, code): (usize, &&str)| json!({ "line_no": n + 1, "flag": code });
    json!({ "reviews": codes.iter().enumerate().map(flag).collect::<Vec<_>>() })
}

/// The assessment of a line as proposed, but for what is named otherwise.
pub fn assessment(line_no: i64, but: Value) -> Value {
    let sound = json!({ "score": 80 });
    let scores = json!({ "technical": sound, "output_target": sound, "unit_price": sound, "readiness": sound });
    let mut body = json!({ "line_no": line_no, "scores": scores });
    overlay(&mut body, but);
    body
}
