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

#[test]
fn a_preview_is_written_as_text_and_html_and_an_unknown_role_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("mail");
    let preview = |role: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sentra"));
        command.args([
            "mail",
            "preview",
            "approve_with_conditions",
            "--lang",
            "en",
            "--role",
            role,
        ]);
        command.arg("--out").arg(&out).output().expect("the command")
    };
    assert!(preview("drafter").status.success());
    let read = |ending: &str| {
        let name = format!("approve_with_conditions.drafter.en.{ending}");
        std::fs::read_to_string(out.join(name)).expect("a file")
    };
    let text = read("txt");
    for part in ["Subject: Your action: meet the conditions", "Rp1,480,000,000 → Rp1,260,000,000"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(read("html").starts_with("<!DOCTYPE html>"));
    let refused = preview("auditor");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("drafter"));
}
