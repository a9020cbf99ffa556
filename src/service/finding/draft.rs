//! What auditors and regions send of a finding, and whether it names what is there.

use crate::domain::document::known_type;
use crate::domain::finding::{AboutKind, FindingKind, FindingOutcome};
use crate::domain::ids::{DocumentId, HoldId, ProposalId};
use crate::domain::input::{Checks, MAX_LONG, MAX_SHORT};
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::refusal::FieldError;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::finding::About;
use crate::service::{change_request, policy};
use crate::storage::proposal::Proposal;
use crate::storage::{
    AnyConnection, amendment, contract, document, expenditure, hold, journal, plan, recovery,
    report,
};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::str::FromStr;
use utoipa::ToSchema;

/// The most documents that a finding, or one follow-up, names.
const MOST_DOCUMENTS: usize = 50;
/// The most days until a follow-up is due.
const MOST_DAYS: u64 = 5 * 366;

/// A new finding.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingDraft {
    /// What was found.
    pub kind: FindingKind,
    /// What was recorded of the proposal that it is about, where it is about one thing.
    #[serde(default)]
    pub about: Option<About>,
    /// The place in the proposal that it is about, as a JSON pointer: a field, a line, a type of document.
    #[serde(default)]
    #[schema(example = "/lines/3")]
    pub pointer: Option<String>,
    /// In a few words.
    #[schema(example = "Fondasi rumah produksi lebih pendek dari kontrak")]
    pub title: String,
    /// The condition (kondisi).
    pub description: String,
    /// The rule that it is held against (kriteria).
    pub criterion: String,
    /// Why it came to be (sebab).
    #[serde(default)]
    pub cause: String,
    /// What it led to (akibat).
    #[serde(default)]
    pub effect: String,
    /// What the region claims; goes with `found_idr`.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 1_260_000_000)]
    pub claimed_idr: Option<Rupiah>,
    /// What was found in its place.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 1_212_000_000)]
    pub found_idr: Option<Rupiah>,
    /// What is to be done.
    pub recommendation: String,
    /// The last day of the follow-up; when absent, as many days from today as the policy of the year says.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// An audit hold of this proposal that goes with it.
    #[serde(default)]
    pub hold_id: Option<HoldId>,
    /// What it rests on: documents of this proposal.
    #[serde(default)]
    pub documents: Vec<DocumentId>,
}

impl FindingDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/title", &self.title, MAX_SHORT);
        checks.text("/description", &self.description, MAX_LONG);
        checks.text("/criterion", &self.criterion, MAX_LONG);
        checks.optional_text("/cause", Some(&self.cause), MAX_LONG);
        checks.optional_text("/effect", Some(&self.effect), MAX_LONG);
        checks.text("/recommendation", &self.recommendation, MAX_LONG);
        checks.optional_text("/pointer", self.pointer.as_deref(), MAX_SHORT);
        let both = self.claimed_idr.is_some() == self.found_idr.is_some();
        let pointer = if self.claimed_idr.is_none() { "/claimed_idr" } else { "/found_idr" };
        let message = "claimed_idr and found_idr go together: what is claimed, and what is there";
        checks.require(both, pointer, "incomplete", message);
        checks.date("/due_on", self.due_on);
        check_list(&mut checks, &self.documents);
        checks.done()
    }
}

/// What the region did about a finding.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpDraft {
    /// What was done, in words.
    #[schema(example = "Penyedia telah menyetor kekurangan volume; STS 118 terlampir.")]
    pub text: String,
    /// What it settled of the amount at issue.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 48_000_000)]
    pub amount_idr: Option<Rupiah>,
    /// What shows it: documents of this proposal, such as those of the type `finding_follow_up`.
    #[serde(default)]
    pub documents: Vec<DocumentId>,
}

impl FollowUpDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/text", &self.text, MAX_LONG);
        check_list(&mut checks, &self.documents);
        checks.done()
    }
}

/// Why a follow-up does not content the auditor.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingReturnDraft {
    /// What is lacking, in words.
    #[schema(example = "STS yang dilampirkan milik kontrak lain.")]
    pub reason: String,
    /// The new last day; the earlier one stays when absent.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
}

impl FindingReturnDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.date("/due_on", self.due_on);
        checks.done()
    }
}

/// How a finding ends.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosingDraft {
    /// How.
    pub outcome: FindingOutcome,
    /// Why, in words.
    #[schema(example = "STS 118 sesuai dengan rekening koran kas daerah.")]
    pub reason: String,
    /// What of the amount at issue is settled; when absent, all of it where the outcome is `settled`, nothing where it is
    /// `withdrawn`. `cannot_be_followed_up` has to say it, where something is at issue.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 48_000_000)]
    pub settled_idr: Option<Rupiah>,
}

impl ClosingDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.done()
    }
}

fn check_list(checks: &mut Checks, documents: &[DocumentId]) {
    if documents.len() > MOST_DOCUMENTS {
        let message = format!("must have at most {MOST_DOCUMENTS} entries");
        checks.fail("/documents", "count", message);
    }
    let mut seen = BTreeSet::new();
    for (index, id) in documents.iter().enumerate() {
        let message = "is there already; each is named once";
        checks.require(seen.insert(id), &format!("/documents/{index}"), "duplicate", message);
    }
}

/// Whether what a finding names is there, and is of its proposal.
pub(super) fn check_about(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &FindingDraft,
) -> Result<(), Error> {
    if let Some(about) = &draft.about
        && owner(tx, about)? != Some(proposal.id)
    {
        let message = format!("there is no such {} of this proposal", about.kind);
        return Err(Error::invalid("/about/id", "unknown", message));
    }
    if let Some(pointer) = &draft.pointer
        && !names_something(tx, cx, proposal, pointer)?
    {
        let message = "must name a field (/title), a line (/lines/3) or a field of it, or a type of \
                       document (/documents/land_certificate)";
        return Err(Error::invalid("/pointer", "unknown", message));
    }
    if let Some(id) = draft.hold_id
        && hold::find(tx, id)?.is_none_or(|hold| hold.proposal_id != proposal.id)
    {
        let message = "there is no such audit hold of this proposal";
        return Err(Error::invalid("/hold_id", "unknown", message));
    }
    super::check_documents(tx, proposal.id, &draft.documents)
}

fn names_something(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    pointer: &str,
) -> Result<bool, Error> {
    if let Some(code) = pointer.strip_prefix("/documents/") {
        let rules = policy::of_proposal(tx, proposal, cx.now)?.policy;
        return Ok(known_type(code, &rules.document_types()).is_ok());
    }
    let written = change_request::written(tx, proposal)?;
    Ok(pointer.starts_with('/') && written.pointer(pointer).is_some())
}

/// The proposal of what a finding is about; none where there is no such thing.
fn owner(tx: &mut AnyConnection, about: &About) -> Result<Option<ProposalId>, Error> {
    fn id<T: FromStr>(about: &About) -> Option<T> {
        about.id.parse().ok()
    }
    macro_rules! owner {
        ($find:path) => {
            match id(about) {
                Some(id) => $find(tx, id)?.map(|row| row.proposal_id),
                None => None,
            }
        };
    }
    Ok(match about.kind {
        AboutKind::Contract => owner!(contract::find),
        AboutKind::Amendment => owner!(amendment::find),
        AboutKind::Expenditure => owner!(expenditure::find),
        AboutKind::Recovery => owner!(recovery::find),
        AboutKind::Document => owner!(document::find),
        AboutKind::Report => owner!(report::find),
        AboutKind::Plan => owner!(plan::find),
        AboutKind::JournalEntry => owner!(journal::find),
    })
}

/// The last day of a follow-up: the one that is named, else as the policy of the year says.
pub(super) fn due_on(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    named: Option<NaiveDate>,
) -> Result<NaiveDate, Error> {
    let today = cx.now.date_in(Zone::of(&proposal.region_code));
    let Some(day) = named else {
        let rules = policy::of_proposal(tx, proposal, cx.now)?.policy;
        let days = rules.findings.as_ref().and_then(|rule| u64::try_from(rule.follow_up_days).ok());
        let day = days.and_then(|days| today.checked_add_days(Days::new(days)));
        let message = "must be given: the policy of the year says nothing of follow-ups";
        return day.ok_or_else(|| Error::invalid("/due_on", "required", message));
    };
    let last = today.checked_add_days(Days::new(MOST_DAYS)).unwrap_or(NaiveDate::MAX);
    if day <= today || last < day {
        let message = format!("must be after today ({today}) and not after {last}");
        return Err(Error::invalid("/due_on", "out_of_range", message));
    }
    Ok(day)
}
