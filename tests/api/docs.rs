//! The documents that are made from the code are fresh.

use sentra::domain::workflow;
use sentra::mail::table;

#[test]
fn the_document_of_the_workflow_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/workflow.md");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == workflow::document(),
        "docs/workflow.md is not fresh; make it again: sentra workflow > docs/workflow.md"
    );
}

#[test]
fn the_document_of_who_is_told_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/mail.md");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == table::document(),
        "docs/mail.md is not fresh; make it again: sentra mail table > docs/mail.md"
    );
}
