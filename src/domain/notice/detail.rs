//! What a notice lists and by when the next step is due: kept as facts, so that each recipient reads them in their own
//! language. Rows of earlier versions hold sentences in their place, which are told as they are.

use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::guard::Guard;
use crate::domain::journal::EntryKind;
use crate::domain::line::Component;
use crate::domain::moment::{Moment, Zone};
use crate::domain::report::ReportKind;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What has to be there before the gate passes.
    pub enum Milestone {
        /// The activity plan (RK) is approved.
        PlanApproved = "plan_approved",
        /// The contract list is accepted by the inspector.
        ContractsAccepted = "contracts_accepted",
        /// A first request for a tranche is received.
        FirstRequest = "first_request",
    }
}

/// A type of document, with what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentName {
    /// The code of the policy.
    pub document_type: String,
    /// What it is called in Indonesian; the code where the policy knows the type no more.
    pub label_id: String,
    /// What it is called in English.
    pub label_en: String,
}

/// One line that a message lists. Amounts are whole rupiah.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// Less was approved of a line than was proposed.
    LineCut {
        /// Its number, from 1.
        line_no: i64,
        /// What it pays for.
        component: Component,
        /// As proposed.
        proposed_idr: i64,
        /// As approved.
        approved_idr: i64,
        /// Why, in words.
        reason: Option<String>,
    },
    /// What is put to the region, or agreed, of a line.
    LineAgreed {
        /// Its number, from 1.
        line_no: i64,
        /// What it pays for.
        component: Component,
        /// As proposed.
        proposed_idr: i64,
        /// As agreed.
        agreed_idr: i64,
    },
    /// The verifier's flag of a line does not let it pass.
    LineFlagged {
        /// Its number, from 1.
        line_no: i64,
        /// What it pays for.
        component: Component,
        /// The flag in Indonesian, as the policy words it.
        label_id: String,
        /// The flag in English.
        label_en: String,
        /// What the verifier says with it.
        comment: Option<String>,
    },
    /// A change is asked for, and not made yet.
    ChangeAsked {
        /// Its number, from 1.
        n: i64,
        /// What it is about: a JSON pointer into the proposal.
        pointer: String,
        /// The document that it is about, where it is about one.
        document: Option<DocumentName>,
        /// What is asked, in words.
        comment: String,
    },
    /// A condition of the approval.
    Condition {
        /// In words.
        text: String,
    },
    /// The law that it rests on.
    LegalBasis {
        /// In words.
        text: String,
    },
    /// The decree that it rests on.
    Decree {
        /// Its number.
        number: String,
    },
    /// Which tranche it is about.
    Tranche {
        /// Its number, from 1.
        n: i64,
    },
    /// What a request asked for, and what it asks for still.
    RequestReduced {
        /// The number of the tranche.
        n: i64,
        /// Its sum before.
        before_idr: i64,
        /// Its sum now.
        after_idr: i64,
    },
    /// The entry of the journal that was taken back.
    Entry {
        /// What it booked.
        entry: EntryKind,
        /// When that happened.
        effective_on: NaiveDate,
    },
    /// What a contract was worth, and what it is worth now.
    ContractValue {
        /// The number of the amendment.
        number: String,
        /// Its value before.
        before_idr: i64,
        /// Its value now.
        after_idr: i64,
    },
    /// What was set aside for the proposal, and what is now.
    Ceiling {
        /// Before.
        before_idr: i64,
        /// Now.
        after_idr: i64,
    },
    /// The document that it is about.
    Document(DocumentName),
    /// The report that it is about.
    Report {
        /// What it is for.
        report: ReportKind,
        /// Until when it speaks.
        as_of: NaiveDate,
        /// Physical progress in basis points.
        physical_bp: i64,
    },
    /// The finding that it is about.
    Finding {
        /// Its number in the proposal, from 1.
        n: i64,
        /// What was found.
        finding: FindingKind,
        /// In a few words.
        title: String,
    },
    /// What was claimed, and what was found in its place.
    ClaimedAndFound {
        /// As claimed.
        claimed_idr: i64,
        /// As found.
        found_idr: i64,
    },
    /// How a finding ended, and what of the amount at issue was settled.
    FindingClosed {
        /// How.
        outcome: FindingOutcome,
        /// How much.
        settled_idr: i64,
    },
    /// What was not reached before the gate passed.
    NotReached {
        /// What.
        milestone: Milestone,
    },
    /// The first request came too late.
    RequestLate {
        /// When it was received.
        received_at: Moment,
    },
    /// A document that was not there.
    DocumentLacking(DocumentName),
    /// A guard that did not hold when the service itself ended the proposal.
    Unmet {
        /// Which.
        guard: Guard,
        /// Its figures: numbers of lines, or how many; none for most.
        figures: Vec<i64>,
    },
    /// A sentence of an earlier version, in the language in which it was kept.
    #[serde(untagged)]
    Plain(String),
}

/// By when the next step is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NoticeDue {
    /// As a moment.
    At(DueAt),
    /// As a sentence of an earlier version.
    Plain(String),
}

/// A moment that is due, and how far it lay ahead when the notice was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueAt {
    /// The first instant that is too late; the beginning of a day stands for the end of the day before.
    pub at: Moment,
    /// Whose clocks count.
    pub zone: Zone,
    /// Working days until then, by the calendar of the year's policy; below zero when it had passed.
    pub working_days_left: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_earlier_versions_are_still_read() {
        let old = r#"["3: Rp4,800,000,000 → Rp4,000,000,000. Terlalu mahal", {"kind": "tranche", "n": 2}]"#;
        let read: Vec<Detail> = serde_json::from_str(old).expect("details");
        let plain = "3: Rp4,800,000,000 → Rp4,000,000,000. Terlalu mahal".to_owned();
        assert_eq!(read, [Detail::Plain(plain), Detail::Tranche { n: 2 }]);
        let due: NoticeDue = serde_json::from_str("\"2020-08-03 24:00 WIT\"").expect("due");
        assert_eq!(due, NoticeDue::Plain("2020-08-03 24:00 WIT".to_owned()));
    }

    #[test]
    fn what_is_kept_is_what_was_raised() {
        let name = |text: &str| DocumentName {
            document_type: text.to_owned(),
            label_id: "Sertifikat".to_owned(),
            label_en: "Certificate".to_owned(),
        };
        let all = vec![
            Detail::LineCut {
                line_no: 3,
                component: Component::Supporting,
                proposed_idr: 5,
                approved_idr: -1,
                reason: None,
            },
            Detail::Document(name("land_certificate")),
            Detail::DocumentLacking(name("land_certificate")),
            Detail::Unmet { guard: Guard::ConditionsLifted, figures: vec![2] },
            Detail::RequestLate {
                received_at: Moment::default().after(chrono::TimeDelta::days(18_000)),
            },
            Detail::Plain("lama".to_owned()),
        ];
        let kept = serde_json::to_string(&all).expect("json");
        assert_eq!(serde_json::from_str::<Vec<Detail>>(&kept).expect("details"), all);
        let at = Moment::default().after(chrono::TimeDelta::days(18_000));
        let due = NoticeDue::At(DueAt { at, zone: Zone::Wit, working_days_left: -2 });
        let kept = serde_json::to_string(&due).expect("json");
        assert_eq!(serde_json::from_str::<NoticeDue>(&kept).expect("due"), due);
    }
}
