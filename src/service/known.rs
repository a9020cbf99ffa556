//! What was known at an instant, `?as_of=`: answered from revisions and from the journal as far as the trail was sealed then.
//!
//! An instant means a sequence of the sealed trail (`seal::through`), and always the same one: so the answer never changes,
//! whatever is written later, and however far back it is dated. The views are those of now, over the rows as they were.

mod lists;

pub use lists::{documents, journal, proposals};

use crate::domain::audit::SubjectKind;
use crate::domain::ids::ProposalId;
use crate::domain::journal::Figures;
use crate::domain::moment::Moment;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::policy::{self, Pinned};
use crate::service::view::line as line_view;
use crate::service::view::proposal as view;
use crate::service::{Services, access, gate, line, proposal, seal};
use crate::storage::AnyConnection;
use crate::storage::known;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An instant, and the place of the sealed trail that it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// When.
    pub at: Moment,
    /// The last sequence that was sealed by then.
    pub seq: i64,
}

impl Known {
    /// What was known at an instant, which is not in the future.
    pub fn at(sv: &Services, at: Moment) -> Result<Known, Error> {
        Ok(Known { at, seq: seal::through(sv, at)? })
    }

    /// The same, for a proposal that the caller may see: whether there is one comes before whether the instant is one.
    pub fn of(sv: &Services, cx: &Context, id: ProposalId, at: Moment) -> Result<Known, Error> {
        sv.db.read(|tx| access::visible(tx, cx, id))?;
        Known::at(sv, at)
    }

    /// The rows that several things had, by subject.
    pub fn rows<T: DeserializeOwned>(
        self,
        tx: &mut AnyConnection,
        kind: SubjectKind,
        subjects: &[String],
    ) -> Result<HashMap<String, T>, Error> {
        let revisions = known::newest(tx, kind, subjects, self.seq)?.into_iter();
        revisions.map(|row| Ok((row.subject_id, serde_json::from_str(&row.content)?))).collect()
    }

    /// The row that one thing had, if it was there.
    pub fn row<T: DeserializeOwned>(
        self,
        tx: &mut AnyConnection,
        kind: SubjectKind,
        subject: impl ToString,
    ) -> Result<Option<T>, Error> {
        let subject = subject.to_string();
        let mut rows = self.rows(tx, kind, std::slice::from_ref(&subject))?;
        Ok(rows.remove(&subject))
    }

    /// A proposal as it was; before it was made it was not there.
    fn proposal(self, tx: &mut AnyConnection, id: ProposalId) -> Result<Proposal, Error> {
        self.row(tx, SubjectKind::Proposal, id)?.ok_or(Error::NotFound)
    }

    /// The figures that several proposals had: of their entries, and of the plan that was in force.
    pub fn figures(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, Figures>, Error> {
        let mut all = gate::figures(&known::sums(tx, ids, self.seq)?);
        for (proposal, total) in known::plans(tx, ids, self.seq)? {
            all.entry(proposal).or_default().plan_idr = total;
        }
        Ok(all)
    }

    /// The rules that a proposal stood under.
    fn policy(self, tx: &mut AnyConnection, row: &Proposal) -> Result<Pinned, Error> {
        policy::of_proposal_as_known(tx, row, self)
    }
}

/// A proposal with its figures; as it was known, where an instant is named.
pub fn show(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    as_of: Option<Moment>,
) -> Result<view::Proposal, Error> {
    let Some(at) = as_of else { return proposal::show(sv, cx, id) };
    let known = Known::of(sv, cx, id, at)?;
    sv.db.read(|tx| {
        let row = known.proposal(tx, id)?;
        let figures = known.figures(tx, &[id])?.remove(&id).unwrap_or_default();
        Ok(view::Proposal::of(row, figures.into()))
    })
}

/// The lines of a proposal; as they were known, where an instant is named.
pub fn lines(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    as_of: Option<Moment>,
) -> Result<line_view::Lines, Error> {
    let Some(at) = as_of else { return line::show(sv, cx, id) };
    let known = Known::of(sv, cx, id, at)?;
    sv.db.read(|tx| {
        let row = known.proposal(tx, id)?;
        let lines: Option<Vec<Line>> = known.row(tx, SubjectKind::ProposalLines, id)?;
        let policy = known.policy(tx, &row)?.policy;
        Ok(line_view::Lines::of(&row, lines.unwrap_or_default(), &policy))
    })
}
