//! Files that go with acts: which of a proposal's documents is the file of a contract, an amendment or a payment order.

use crate::domain::document::DocumentStatus;
use crate::domain::ids::ProposalId;
use crate::domain::input::number_key;
use crate::service::question::told::Told;
use crate::storage::document::Document;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

/// The files of some proposals.
pub type Files = HashMap<ProposalId, Vec<Document>>;

/// The files of a number, whatever its spaces and the case of its letters; the newest first.
fn of_number<'a>(files: &'a Files, proposal: ProposalId, number: &str) -> Vec<&'a Document> {
    let key = number_key(number);
    let is_its = |file: &&Document| file.number.as_deref().is_some_and(|n| number_key(n) == key);
    files.get(&proposal).into_iter().flatten().rev().filter(is_its).collect()
}

/// The files of a number and a date: those that can be read first.
pub fn files_of<'a>(
    files: &'a Files,
    proposal: ProposalId,
    (number, dated): (&str, NaiveDate),
) -> Vec<&'a Document> {
    let mut all = of_number(files, proposal, number);
    all.retain(|file| file.issued_on == Some(dated));
    all.sort_by_key(|file| file.status != DocumentStatus::Available);
    all
}

/// The file of an act: of its number and date where there is one, else the newest of its number.
pub fn file_of<'a>(
    files: &'a Files,
    proposal: ProposalId,
    (number, dated): (&str, NaiveDate),
) -> Option<&'a Document> {
    let own = files_of(files, proposal, (number, dated)).first().copied();
    own.or_else(|| of_number(files, proposal, number).first().copied())
}

/// What keeps a file from being that of an act: in words, with its figure.
#[derive(Debug)]
pub struct Doubt {
    /// In words, after the name of the act.
    pub words: String,
    /// Name of the figure, what the list says, what the file says.
    pub figure: (&'static str, serde_json::Value, serde_json::Value),
}

impl Doubt {
    /// Adds the figure to what is told.
    pub fn on(&self, told: Told) -> Told {
        let (name, expected, found) = &self.figure;
        told.figure(name, expected.clone(), found.clone())
    }
}

/// What is wrong with the file of an act of a number and a date.
pub fn doubt(file: Option<&Document>, number: &str, dated: NaiveDate) -> Option<Doubt> {
    let Some(file) = file else {
        let figure = ("file_number", json!(number), serde_json::Value::Null);
        return Some(Doubt { words: "has no file of its number".to_owned(), figure });
    };
    match file.issued_on {
        Some(issued_on) if issued_on == dated => {}
        issued_on => {
            let said = issued_on.map_or("without a date".to_owned(), |on| format!("of {on}"));
            let words = format!("is dated {dated} in the list, and its file is {said}");
            return Some(Doubt { words, figure: ("dated_on", json!(dated), json!(issued_on)) });
        }
    }
    if file.status == DocumentStatus::PendingScan {
        let words = "has a file that the virus scanner has not seen yet".to_owned();
        let figure = ("file_status", json!(DocumentStatus::Available), json!(file.status));
        return Some(Doubt { words, figure });
    }
    None
}
