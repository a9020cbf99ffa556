//! The audit trail's own words: canonical text, and commitments to personal values.

use serde::Serialize;
use serde_json::Value;

text_enum! {
    /// How an attempt ended.
    pub enum Outcome {
        /// Done.
        Done = "done",
        /// Refused; nothing changed.
        Refused = "refused",
    }
}

text_enum! {
    /// What an event, or a revision, is about.
    pub enum SubjectKind {
        /// A person.
        User = "user",
        /// A grant.
        Grant = "grant",
        /// An invitation.
        Invitation = "invitation",
        /// A session or personal token.
        Token = "token",
        /// An industry centre.
        Centre = "centre",
        /// A year's policy.
        Policy = "policy",
        /// A decree that changes a policy.
        Decree = "decree",
        /// A proposal.
        Proposal = "proposal",
        /// The lines of a proposal.
        ProposalLines = "proposal_lines",
        /// A request for a change.
        ChangeRequest = "change_request",
        /// That a person reviews a proposal.
        Assignment = "assignment",
        /// That a proposal goes on without a document.
        Waiver = "waiver",
        /// Money that a centre got from elsewhere.
        CentreFunding = "centre_funding",
        /// The region's answer to a warning of double funding.
        FundingAnswer = "funding_answer",
        /// A condition.
        Condition = "condition",
        /// An audit hold.
        Hold = "hold",
        /// A finding of an auditor.
        Finding = "finding",
        /// A year's ceiling.
        Ceiling = "ceiling",
        /// A region's allocation.
        Allocation = "allocation",
        /// An activity plan.
        Plan = "plan",
        /// A contract.
        Contract = "contract",
        /// A change of a contract.
        Amendment = "amendment",
        /// A request for a tranche.
        TrancheRequest = "tranche_request",
        /// A payment order.
        Expenditure = "expenditure",
        /// Leftover paid back.
        Return = "return",
        /// Money that a vendor paid back.
        Recovery = "recovery",
        /// Leftover that another proposal uses.
        Carry = "carry",
        /// An entry of the journal.
        JournalEntry = "journal_entry",
        /// A report.
        Report = "report",
        /// A document.
        Document = "document",
        /// A message.
        Mail = "mail",
        /// How a person wants to be told.
        Preferences = "preferences",
        /// The whole of something: its list.
        Collection = "collection",
    }
}

/// The actions of events that tell who read what. They are no part of a proposal's own course, and those who are audited
/// are not told who looks at them.
pub const READS: [&str; 6] =
    [DOCUMENT_READ, EVIDENCE_READ, USER_READ, MAIL_READ, EXPORT_WRITE, CONFLICT_READ];
/// Bytes of a document were asked for.
pub const DOCUMENT_READ: &str = "document.read";
/// The evidence pack of a proposal was asked for.
pub const EVIDENCE_READ: &str = "evidence_pack.read";
/// What is kept of other people was looked at.
pub const USER_READ: &str = "user.read";
/// Messages to other people were looked at.
pub const MAIL_READ: &str = "mail.read";
/// An export that names people or firms, the trail's and the sheets of contracts and of questions among them, or one from the
/// command line, was written.
pub const EXPORT_WRITE: &str = "export.write";
/// Conflicts of interest that were declared were asked for; kept where that was refused.
pub const CONFLICT_READ: &str = "conflict.read";

/// Canonical JSON: keys sorted, no spaces, integers as they are. Values come from our own types, which hold no other
/// numbers than integers and decimal degrees.
pub fn canonical(value: &impl Serialize) -> serde_json::Result<String> {
    // serde_json's map sorts its keys, as long as its feature `preserve_order` is off; a test holds it to that.
    serde_json::to_value(value).map(|value: Value| value.to_string())
}

/// Canonical JSON of a row, or of rows, without the columns that have nothing: most columns wait for a later step of a row's
/// life, and every version of it is kept.
pub fn canonical_row(row: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_value(row).map(|row| without_nothing(row).to_string())
}

fn without_nothing(mut row: Value) -> Value {
    match &mut row {
        Value::Object(columns) => columns.retain(|_, value| !value.is_null()),
        Value::Array(rows) => {
            rows.iter_mut().for_each(|row| *row = without_nothing(row.take()));
        }
        _ => {}
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_has_sorted_keys_and_no_spaces() {
        let value = serde_json::json!({ "b": [1, 2], "a": { "z": null, "y": "é" } });
        assert_eq!(
            canonical(&value).ok().as_deref(),
            Some(r#"{"a":{"y":"é","z":null},"b":[1,2]}"#)
        );
    }

    #[test]
    fn a_row_is_kept_without_the_columns_that_have_nothing() {
        let row = serde_json::json!({ "b": null, "a": { "z": null }, "c": false, "d": "" });
        let kept = r#"{"a":{"z":null},"c":false,"d":""}"#;
        assert_eq!(canonical_row(&row).ok().as_deref(), Some(kept));
        let rows = serde_json::json!([row, { "b": null }]);
        assert_eq!(canonical_row(&rows).ok(), Some(format!("[{kept},{{}}]")));
    }
}
