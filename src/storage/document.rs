//! Documents of proposals. Their bytes are in the object store.

use crate::domain::document::{DocumentStatus, MediaType};
use crate::domain::ids::{DocumentId, ProposalId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{Role, Sight};
use crate::domain::proposal::State;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::documents;
use chrono::NaiveDate;
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The most other documents with the same bytes that are told.
const MOST_WITH_THE_SAME_BYTES: i64 = 20;

/// A document.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = documents, treat_none_as_null = true)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// What it is, as a code.
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
    /// What the sender called the file; never a path.
    pub file_name: String,
    /// What the bytes are, as found.
    pub media_type: MediaType,
    /// How many bytes.
    pub size_bytes: i64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// Where they are in the object store.
    pub object_key: String,
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
    /// Where the photo was taken.
    pub latitude: Option<f64>,
    /// Where the photo was taken.
    pub longitude: Option<f64>,
    /// The remarks on it, as JSON.
    pub flags: String,
    /// In which role it was brought; unknown of older ones.
    pub uploaded_role: Option<Role>,
    /// Where the proposal stood; unknown of older ones.
    pub uploaded_in: Option<State>,
    /// At which version of the proposal it was brought; unknown of older ones.
    pub proposal_version: Option<i64>,
    /// Raised by every change.
    pub version: i64,
}

/// Inserts a document.
pub fn insert(c: &mut AnyConnection, document: &Document) -> QueryResult<()> {
    diesel::insert_into(documents::table).values(document).execute(c).map(|_| ())
}

/// One document.
pub fn find(c: &mut AnyConnection, id: DocumentId) -> QueryResult<Option<Document>> {
    documents::table.find(id).select(Document::as_select()).first(c).optional()
}

/// Compare-and-set on the version before, of one that nothing has taken the place of; 0 when it was another.
pub fn replace(c: &mut AnyConnection, document: &Document) -> QueryResult<usize> {
    diesel::update(
        documents::table.find(document.id).filter(documents::version.eq(document.version - 1)),
    )
    .set(document)
    .execute(c)
}

const AVAILABLE_BYTES: &str =
    "CAST(COALESCE(SUM(CASE WHEN status = 'available' THEN size_bytes ELSE 0 END), 0) AS BIGINT)";

/// How many documents a proposal has, and how many bytes those that can be read have together.
pub fn weight(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<(i64, i64)> {
    documents::table
        .filter(documents::proposal_id.eq(proposal))
        .select((count_star(), sql::<BigInt>(AVAILABLE_BYTES)))
        .first(c)
}

/// All documents of a proposal, in the order of their coming.
pub fn of_proposal(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq(proposal))
        .order(documents::id)
        .select(Document::as_select())
        .load(c)
}

/// Those of a proposal that no newer one has taken the place of, in the order of their coming.
pub fn current_of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq(proposal))
        .filter(documents::superseded_by.is_null())
        .order(documents::id)
        .select(Document::as_select())
        .load(c)
}

/// Those of several proposals that are served, and that no newer one has taken the place of that is served too; by proposal,
/// in the order of their coming.
pub fn served_of(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Document>> {
    let mut rows: Vec<Document> = documents::table
        .filter(documents::proposal_id.eq_any(proposals))
        .filter(documents::status.ne(DocumentStatus::Refused))
        .order((documents::proposal_id, documents::id))
        .select(Document::as_select())
        .load(c)?;
    let waiting = rows.iter().filter(|row| row.status == DocumentStatus::PendingScan);
    let waiting: HashMap<DocumentId, Option<DocumentId>> =
        waiting.map(|row| (row.id, row.superseded_by)).collect();
    // What waits for the scanner may still be refused. Each is passed by once at the most: rows that somebody led into a
    // circle have no last.
    let stands = |row: &Document| {
        let mut newer = row.superseded_by;
        for _ in 0..waiting.len() {
            let Some(next) = newer.and_then(|id| waiting.get(&id)) else { break };
            newer = *next;
        }
        newer.is_none()
    };
    rows.retain(|row| row.status == DocumentStatus::Available && stands(row));
    Ok(rows)
}

/// Those of some types of several proposals that had come by a moment, those that were taken the place of too.
pub fn of_types(
    c: &mut AnyConnection,
    proposals: &[ProposalId],
    types: &[String],
    by: Moment,
) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq_any(proposals))
        .filter(documents::document_type.eq_any(types))
        .filter(documents::uploaded_at.le(by))
        .order((documents::proposal_id, documents::id))
        .select(Document::as_select())
        .load(c)
}

/// Those of some ids that are documents of a proposal, bytes that are gone on purpose left out.
pub fn known(
    c: &mut AnyConnection,
    proposal: ProposalId,
    ids: &[DocumentId],
) -> QueryResult<Vec<DocumentId>> {
    documents::table
        .filter(documents::id.eq_any(ids))
        .filter(documents::proposal_id.eq(proposal))
        .filter(documents::status.ne(DocumentStatus::Refused))
        .select(documents::id)
        .load(c)
}

/// Those of a proposal in the order of their coming, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    document_type: Option<&str>,
    current: bool,
    (after, limit): (Option<DocumentId>, i64),
) -> QueryResult<Vec<Document>> {
    let mut query = documents::table
        .filter(documents::proposal_id.eq(proposal))
        .order(documents::id)
        .limit(limit)
        .select(Document::as_select())
        .into_boxed();
    if let Some(document_type) = document_type {
        query = query.filter(documents::document_type.eq(document_type));
    }
    if current {
        query = query.filter(documents::superseded_by.is_null());
    }
    if let Some(after) = after {
        query = query.filter(documents::id.gt(after));
    }
    query.load(c)
}

/// All that were brought to a proposal and that the scanner has not refused, also those that a newer one replaced.
pub fn brought_to(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq(proposal))
        .filter(documents::status.ne(DocumentStatus::Refused))
        .order(documents::id)
        .select(Document::as_select())
        .load(c)
}

/// What another document with the same bytes is told by.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Twin {
    /// Whose bytes it has.
    #[diesel(sql_type = Text)]
    pub document_id: DocumentId,
    /// Which it is.
    #[diesel(sql_type = Text)]
    pub twin_id: DocumentId,
    /// Of whose proposal.
    #[diesel(sql_type = Text)]
    pub region_code: RegionCode,
}

/// Documents within sight that came before some of a page, have the same bytes and were not refused; of each those of its own
/// `chain` of versions left out, the oldest first, at most twenty. Each is one walk along the index of bytes that ends
/// there.
pub fn twins(
    c: &mut AnyConnection,
    sight: &Sight,
    page: &[(DocumentId, &str, Vec<DocumentId>)],
) -> QueryResult<Vec<Twin>> {
    if page.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = match sight.nation {
        true => Vec::new(),
        false => sight.regions.iter().chain(&sight.provinces).map(ToString::to_string).collect(),
    };
    let bound = |from: usize, codes: &[RegionCode]| {
        let marks = (from..from + codes.len()).map(|n| format!("${}", n + 1));
        // A list has to have something in it.
        marks.chain(["NULL".to_owned()]).collect::<Vec<_>>().join(", ")
    };
    let within = match sight.nation {
        true => String::new(),
        false => format!(
            "AND (p.region_code IN ({}) OR p.province_code IN ({})) ",
            bound(0, &sight.regions),
            bound(sight.regions.len(), &sight.provinces)
        ),
    };
    let walk = |(id, sha256, chain): &(DocumentId, &str, Vec<DocumentId>)| {
        let chain: Vec<String> = chain.iter().map(|older| format!("'{older}'")).collect();
        let apart = match chain.is_empty() {
            true => String::new(),
            false => format!("AND d.id NOT IN ({}) ", chain.join(", ")),
        };
        format!(
            "SELECT * FROM (SELECT '{id}' AS document_id, d.id AS twin_id, p.region_code AS region_code FROM documents d \
             JOIN proposals p ON p.id = d.proposal_id WHERE d.sha256 = '{sha256}' AND d.id < '{id}' \
             AND d.status <> 'refused' {apart}{within}ORDER BY d.id LIMIT {MOST_WITH_THE_SAME_BYTES}) AS walk"
        )
    };
    let walks: Vec<String> = page.iter().map(walk).collect();
    let text = walks.join(" UNION ALL ");
    on_each!(c, |c| {
        let mut query = diesel::sql_query(text).into_boxed();
        for place in places {
            query = query.bind::<Text, _>(place);
        }
        query.load(c)
    })
}

/// Which documents of a proposal took the place of which: the older, and the newer.
pub fn succession(
    c: &mut AnyConnection,
    proposal: ProposalId,
) -> QueryResult<Vec<(DocumentId, DocumentId)>> {
    documents::table
        .filter(documents::proposal_id.eq(proposal))
        .filter(documents::superseded_by.is_not_null())
        .select((documents::id, documents::superseded_by.assume_not_null()))
        .load(c)
}

/// Those of a proposal whose place one has taken, those left out whose bytes are gone on purpose.
pub fn superseded_by(
    c: &mut AnyConnection,
    (proposal, newer): (ProposalId, DocumentId),
) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq(proposal))
        .filter(documents::superseded_by.eq(newer))
        .filter(documents::status.ne(DocumentStatus::Refused))
        .order(documents::id)
        .select(Document::as_select())
        .load(c)
}

/// Those that stand so, the oldest first, after `after`.
pub fn standing(
    c: &mut AnyConnection,
    status: DocumentStatus,
    after: Option<DocumentId>,
    limit: i64,
) -> QueryResult<Vec<Document>> {
    let mut query = documents::table
        .filter(documents::status.eq(status))
        .order(documents::id)
        .limit(limit)
        .select(Document::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(documents::id.gt(after));
    }
    query.load(c)
}

/// Those of some keys that a document holds, bytes that are gone on purpose left out.
pub fn keys_in_use(c: &mut AnyConnection, keys: &[String]) -> QueryResult<Vec<String>> {
    documents::table
        .filter(documents::object_key.eq_any(keys))
        .filter(documents::status.ne(DocumentStatus::Refused))
        .select(documents::object_key)
        .load(c)
}
