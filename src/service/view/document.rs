//! How a document looks.

use crate::domain::document::{DocumentStatus, Flag, MediaType, SameBytes, far_from_site};
use crate::domain::ids::{DocumentId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{Role, Sight};
use crate::domain::proposal::State;
use crate::storage::document;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A document of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// What it is, as a code.
    #[serde(rename = "type")]
    #[schema(example = "feasibility_study")]
    pub document_type: String,
    /// Its title.
    pub title: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// When it was issued.
    pub issued_on: Option<NaiveDate>,
    /// Until when it holds.
    pub valid_until: Option<NaiveDate>,
    /// The budget line that it belongs to.
    pub line_no: Option<i64>,
    /// What its sender called the file.
    #[schema(example = "KAK Tapis.pdf")]
    pub file_name: String,
    /// What the bytes are, as found.
    pub media_type: MediaType,
    /// How many bytes.
    pub size_bytes: i64,
    /// Their SHA-256, in hexadecimal; the `ETag` of the content.
    pub sha256: String,
    /// Whether they may be fetched.
    pub status: DocumentStatus,
    /// The newer one that takes its place.
    pub superseded_by: Option<DocumentId>,
    /// By whom.
    pub uploaded_by: UserId,
    /// When.
    pub uploaded_at: Moment,
    /// When the photo was taken, as its camera says.
    pub taken_at: Option<Moment>,
    /// Where the photo was taken, in degrees.
    pub latitude: Option<f64>,
    /// Where the photo was taken, in degrees.
    pub longitude: Option<f64>,
    /// Remarks on it.
    pub flags: Vec<Flag>,
    /// In which role it was brought; unknown of older ones.
    pub uploaded_role: Option<Role>,
    /// Where the proposal stood when it was brought; unknown of older ones.
    pub uploaded_in: Option<State>,
    /// Raised by every change.
    pub version: i64,
}

/// Where the works are now.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// In degrees.
    pub position: Option<(f64, f64)>,
    /// How far from it a photo may be, in metres.
    pub tolerance_m: i64,
}

impl Document {
    /// The view, for someone who may see this much. How far a photo was taken from the site is reckoned to where the site
    /// is now: it may have been moved since.
    pub fn of(row: document::Document, sight: &Sight, site: &Site) -> Self {
        // What was written by this service is read back; remarks refuse nothing.
        let mut flags: Vec<Flag> = serde_json::from_str(&row.flags).unwrap_or_default();
        flags.retain(|flag| !matches!(flag, Flag::FarFromSite { .. }));
        let position = row.latitude.zip(row.longitude);
        let far = position
            .zip(site.position)
            .and_then(|(position, at)| far_from_site(position, at, site.tolerance_m));
        flags.extend(far);
        Document {
            flags: flags.into_iter().filter_map(|flag| flag.told(sight)).collect(),
            id: row.id,
            proposal_id: row.proposal_id,
            document_type: row.document_type,
            title: row.title,
            number: row.number,
            issued_on: row.issued_on,
            valid_until: row.valid_until,
            line_no: row.line_no,
            file_name: row.file_name,
            media_type: row.media_type,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            status: row.status,
            superseded_by: row.superseded_by,
            uploaded_by: row.uploaded_by,
            uploaded_at: row.uploaded_at,
            taken_at: row.taken_at,
            latitude: row.latitude,
            longitude: row.longitude,
            uploaded_role: row.uploaded_role,
            uploaded_in: row.uploaded_in,
            version: row.version,
        }
    }

    /// Tells which others have the same bytes. Older rows hold what was known of that when they came: it is left out.
    pub fn with_twins(mut self, documents: Vec<SameBytes>) -> Self {
        self.flags.retain(|flag| !matches!(flag, Flag::SameBytesUsed { .. }));
        if !documents.is_empty() {
            self.flags.push(Flag::SameBytesUsed { documents });
        }
        self
    }
}
