//! What an auditor finds when a case has ended.

use crate::cli::demo::case::Finding;
use crate::domain::finding::FindingKind;
use crate::domain::ids::ProposalId;
use crate::service::Services;
use crate::service::context::{Context, Input};
use crate::service::error::Error;
use crate::service::finding::{self, FindingDraft};

/// Records that more was claimed to have been spent than the books hold.
pub fn find(sv: &Services, auditor: &Context, id: ProposalId, case: &Finding) -> Result<(), Error> {
    let draft = FindingDraft {
        kind: FindingKind::Reporting,
        about: None,
        pointer: None,
        title: "Realisasi yang diumumkan melebihi jumlah SP2D".to_owned(),
        description: format!(
            "Diumumkan {}; kontrak, penyaluran dan SP2D berjumlah {}. ({})",
            case.claimed_idr, case.found_idr, case.why
        ),
        criterion: "Jurnal, SP2D dan laporan akhir proposal ini.".to_owned(),
        cause: String::new(),
        effect: String::new(),
        claimed_idr: Some(case.claimed_idr),
        found_idr: Some(case.found_idr),
        recommendation: "Jelaskan selisihnya dan perbaiki angka yang diumumkan.".to_owned(),
        due_on: None,
        hold_id: None,
        documents: Vec::new(),
    };
    finding::open(sv, auditor, id, &Input(Ok(draft))).map(|_| ())
}

/// What is at issue in the findings of a proposal.
pub fn at_issue(sv: &Services, auditor: &Context, id: ProposalId) -> Result<Vec<i64>, Error> {
    let found = finding::list(sv, auditor, id, None, 10)?;
    Ok(found.items.iter().map(|one| one.at_issue_idr).collect())
}
