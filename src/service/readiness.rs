//! Which documents a proposal needs, and whether they are there.

use crate::domain::ids::ProposalId;
use crate::domain::line::LineFacts;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::Policy;
use crate::domain::readiness::{self, Brought, Item, Subject, Waived};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::readiness as view;
use crate::service::{Services, access, policy};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, document, line, waiver};

/// The documents that the policy asks of a proposal, and how it stands with each: what the checklist shows, and what
/// the arrows are guarded by.
pub fn items<'p>(
    tx: &mut AnyConnection,
    row: &Proposal,
    policy: &'p Policy,
    lines: &[LineFacts],
    now: Moment,
) -> Result<Vec<Item<'p>>, Error> {
    let subject = Subject {
        menu: row.menu,
        state: row.state,
        course: access::course(row),
        lines,
        builds_anew: row.builds_anew,
        zone: Zone::of(&row.region_code),
        now,
    };
    let brought: Vec<Brought> =
        document::current_of(tx, row.id)?.into_iter().map(brought).collect();
    let waived = waiver::standing(tx, row.id)?
        .into_iter()
        .map(|one| Waived { id: one.id, document_type: one.document_type })
        .collect::<Vec<_>>();
    Ok(readiness::checklist(policy, &subject, &brought, &waived))
}

/// What the rules look at in a document.
pub fn brought(row: document::Document) -> Brought {
    Brought {
        id: row.id,
        document_type: row.document_type,
        status: row.status,
        issued_on: row.issued_on,
        valid_until: row.valid_until,
        uploaded_at: row.uploaded_at,
        uploaded_role: row.uploaded_role,
        uploaded_in: row.uploaded_in,
        has_position: row.latitude.is_some() && row.longitude.is_some(),
    }
}

/// The checklist of a proposal, stage by stage.
pub fn show(sv: &Services, cx: &Context, id: ProposalId) -> Result<view::Readiness, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let pinned = policy::of_proposal(tx, &row, cx.now)?;
        let lines: Vec<LineFacts> = line::of(tx, id)?.iter().map(LineFacts::from).collect();
        let items = items(tx, &row, &pinned.policy, &lines, cx.now)?;
        Ok(view::Readiness::of(&row, pinned.version, &items))
    })
}
