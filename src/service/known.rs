//! What was known at an instant, `?as_of=`: answered from revisions and from the journal as far as the trail was sealed then.
//!
//! An instant means a sequence of the sealed trail (`seal::through`), and always the same one: so the answer never changes,
//! whatever is written later, and however far back it is dated. The views are those of now, over the rows as they were.

mod lists;

pub use lists::{documents, journal, journal_of_many, proposals};

use crate::domain::audit::SubjectKind;
use crate::domain::ids::ProposalId;
use crate::domain::journal::Figures;
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::people::Sight;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::policy::{self, Pinned};
use crate::service::proposal::Filter;
use crate::service::view::line as line_view;
use crate::service::view::proposal as view;
use crate::service::{Services, access, gate, line, proposal, seal};
use crate::storage::AnyConnection;
use crate::storage::known;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Subjects that are named in one query: SQLite binds at most 32,766 values.
const AT_ONCE: usize = 10_000;
/// Proposals whose lines are read at once: one has at most 500, and they are revised as a whole.
const LINES_AT_ONCE: usize = 100;

/// An instant, and the place of the sealed trail that it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// When.
    pub at: Moment,
    /// The last sequence that was sealed by then.
    pub seq: i64,
}

/// Proposals that were looked at.
#[derive(Debug)]
pub struct Window {
    /// Those that are asked for.
    pub rows: Vec<Proposal>,
    /// The last that was looked at, where there may be more.
    pub next: Option<ProposalId>,
}

/// What a line pays for, and from which fund.
#[derive(Debug, Deserialize)]
struct Purpose {
    component: Component,
    fund_source: FundSource,
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
        let mut rows = HashMap::with_capacity(subjects.len());
        for some in subjects.chunks(AT_ONCE) {
            for row in known::newest(tx, kind, some, self.seq)? {
                rows.insert(row.subject_id, serde_json::from_str(&row.content)?);
            }
        }
        Ok(rows)
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

    /// Proposals within sight as they were, narrowed and in the order that is asked; of the next so many that were there.
    ///
    /// What changes in the life of a proposal stands in no index as it was: it is looked at in the rows.
    pub fn window(
        self,
        tx: &mut AnyConnection,
        (sight, filter): (&Sight, &Filter),
        from: Option<ProposalId>,
        limit: i64,
    ) -> Result<Window, Error> {
        let lasting = Filter {
            state: None,
            centre_id: None,
            outcome_class: None,
            component: None,
            funded: None,
            ..filter.clone()
        };
        let ids = known::proposals(tx, sight, &lasting, from, (self.seq, limit))?;
        let subjects: Vec<String> = ids.iter().map(ProposalId::to_string).collect();
        let mut rows = self.rows::<Proposal>(tx, SubjectKind::Proposal, &subjects)?;
        let set_aside = match filter.funded {
            Some(_) => self.figures(tx, &ids)?,
            None => HashMap::new(),
        };
        let rows = subjects.iter().filter_map(|subject| rows.remove(subject)).filter(|row| {
            filter.state.is_none_or(|state| row.state == state)
                && filter.centre_id.is_none_or(|centre| row.centre_id == Some(centre))
                && filter.outcome_class.is_none_or(|class| row.outcome_class == class)
                && filter.funded.is_none_or(|funded| set_aside.contains_key(&row.id) == funded)
        });
        let mut rows: Vec<Proposal> = rows.collect();
        if let Some(component) = filter.component {
            let left: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
            let paid: HashMap<ProposalId, Vec<Purpose>> = self.lines(tx, &left)?;
            let is_it =
                |one: &Purpose| one.component == component && one.fund_source == FundSource::Dak;
            let pays = |lines: &Vec<Purpose>| lines.iter().any(is_it);
            rows.retain(|row| paid.get(&row.id).is_some_and(pays));
        }
        let is_full = i64::try_from(ids.len()).is_ok_and(|count| count == limit);
        Ok(Window { rows, next: ids.last().copied().filter(|_| is_full) })
    }

    /// The lines that several proposals had, by number, as much of each as is asked for.
    pub fn lines<T: DeserializeOwned>(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, Vec<T>>, Error> {
        let mut all = HashMap::new();
        for some in ids.chunks(LINES_AT_ONCE) {
            let subjects: Vec<String> = some.iter().map(ProposalId::to_string).collect();
            let mut rows = self.rows(tx, SubjectKind::ProposalLines, &subjects)?;
            let lines = some.iter().filter_map(|id| Some((*id, rows.remove(&id.to_string())?)));
            all.extend(lines);
        }
        Ok(all)
    }

    /// A proposal as it was; before it was made it was not there.
    fn proposal(self, tx: &mut AnyConnection, id: ProposalId) -> Result<Proposal, Error> {
        self.row(tx, SubjectKind::Proposal, id)?.ok_or(Error::NotFound)
    }

    /// What the entries of several proposals added up to.
    pub fn booked(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, Figures>, Error> {
        Ok(gate::figures(&known::sums(tx, ids, self.seq)?))
    }

    /// The figures that several proposals had: of their entries, and of the plan that was in force.
    pub fn figures(
        self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, Figures>, Error> {
        let mut all = self.booked(tx, ids)?;
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
