//! What is told of a candidate: a sentence, the figures it was found by, and where they can be read.

use crate::domain::ids::ProposalId;
use crate::domain::moment::Moment;
use crate::service::question::Looked;
use crate::service::view::question::Figure;
use crate::storage::proposal::Proposal;
use serde_json::Value;

/// What is told of a candidate.
#[derive(Debug)]
pub struct Told {
    /// In a sentence, or several.
    pub says: String,
    /// What it was found by.
    pub figures: Vec<Figure>,
    /// Paths of the API.
    pub evidence: Vec<String>,
}

impl Told {
    /// A sentence about something of a proposal, which is the first of its evidence.
    pub fn new(proposal: ProposalId, says: impl Into<String>) -> Self {
        let evidence = vec![format!("/api/v1/proposals/{proposal}")];
        Told { says: says.into(), figures: Vec::new(), evidence }
    }

    /// With a figure; what is null is not known, or not asked for.
    pub fn figure(mut self, name: &str, expected: Value, found: Value) -> Self {
        let known = |value: Value| (!value.is_null()).then_some(value);
        self.figures.push(Figure {
            name: name.to_owned(),
            expected: known(expected),
            found: known(found),
        });
        self
    }

    /// With a list beneath the proposal.
    pub fn beneath(self, proposal: ProposalId, list: &str) -> Self {
        self.at(format!("/api/v1/proposals/{proposal}/{list}"))
    }

    /// With a path.
    pub fn at(mut self, path: String) -> Self {
        if !self.evidence.contains(&path) {
            self.evidence.push(path);
        }
        self
    }

    /// With the journal of the proposal.
    pub fn journal(self, proposal: ProposalId) -> Self {
        self.at(format!("/api/v1/journal?proposal_id={proposal}"))
    }

    /// With the rules of a proposal's year: as they held in its region when it was approved, and every version of them.
    pub fn rules_then(self, row: &Proposal, approved_at: Moment) -> Self {
        let (year, region) = (row.fiscal_year, &row.region_code);
        self.at(format!("/api/v1/policies/{year}?region_code={region}&at={approved_at}"))
            .at(format!("/api/v1/policies/{year}/versions"))
    }

    /// With a document.
    pub fn document(self, id: impl std::fmt::Display) -> Self {
        self.at(format!("/api/v1/documents/{id}"))
    }
}

/// A candidate, with what is told of it.
pub fn looked(proposal: ProposalId, key: impl ToString, told: Option<Told>) -> Looked {
    Looked { proposal, key: key.to_string(), told }
}
