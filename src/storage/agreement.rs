//! What each side said to each line in harmonisation: recorded, never changed.

use crate::domain::change::Side;
use crate::domain::ids::{EventId, LineAgreementId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::line_agreements;
use diesel::prelude::*;

/// What one side said to one line.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = line_agreements)]
pub struct LineAgreement {
    /// Its id.
    pub id: LineAgreementId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// The event that it was said with.
    pub event_id: EventId,
    /// Of which line.
    pub line_no: i64,
    /// Which side.
    pub side: Side,
    /// Whether it agrees.
    pub agrees: bool,
    /// To which volume, in thousandths of the unit.
    pub volume_thousandths: Option<i64>,
    /// To which amount.
    pub amount_idr: Option<Rupiah>,
    /// In which words.
    pub words: Option<String>,
    /// By whom.
    pub said_by: UserId,
    /// When.
    pub said_at: Moment,
}

/// Appends what was said.
pub fn append(c: &mut AnyConnection, row: &LineAgreement) -> QueryResult<()> {
    diesel::insert_into(line_agreements::table).values(row).execute(c).map(|_| ())
}

/// What was said of a proposal's lines in the order of its saying, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<LineAgreementId>,
    limit: i64,
) -> QueryResult<Vec<LineAgreement>> {
    let mut query = line_agreements::table
        .filter(line_agreements::proposal_id.eq(proposal))
        .order(line_agreements::id)
        .limit(limit)
        .select(LineAgreement::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(line_agreements::id.gt(after));
    }
    query.load(c)
}
