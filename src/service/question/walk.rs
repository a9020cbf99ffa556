//! How candidates are passed over: the strands of a question are laid together by place, each read in steps as it is used up.

use crate::domain::question::RowPlace;
use crate::service::error::Error;
use crate::service::question::desk::Desk;
use crate::service::question::told::Told;
use crate::service::question::{Question, Strand};
use crate::storage::AnyConnection;
use crate::storage::question::{Bounds, Scope, Start};
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Candidates of a strand that are looked at in one step.
const WINDOW: i64 = 250;

/// A strand as far as it was looked at.
struct Ahead {
    look: Strand,
    number: usize,
    /// Where its next step begins.
    start: Start,
    /// Steps that were taken.
    steps: usize,
    /// Whether nothing lies beyond.
    is_whole: bool,
    /// What was looked at and not passed yet.
    rows: VecDeque<(RowPlace, Option<Told>)>,
}

impl Ahead {
    fn of(number: usize, look: Strand, after: Option<&RowPlace>) -> Ahead {
        let start = start(after, number);
        Ahead { look, number, start, steps: 0, is_whole: false, rows: VecDeque::new() }
    }

    /// Whether it is not known what comes next in it.
    fn is_used_up(&self) -> bool {
        self.rows.is_empty() && !self.is_whole
    }

    /// Looks at its next candidates.
    fn step(
        &mut self,
        tx: &mut AnyConnection,
        desk: &mut Desk,
        scope: &Scope,
    ) -> Result<(), Error> {
        let bounds = Bounds { scope, start: self.start.clone(), limit: WINDOW };
        let looked = (self.look)(tx, desk, &bounds)?;
        self.steps = self.steps.saturating_add(1);
        self.is_whole = i64::try_from(looked.len()).is_ok_and(|count| count < WINDOW);
        if let Some(last) = looked.last() {
            self.start = Start::Past(last.proposal, last.key.clone());
        }
        let strand = self.number;
        let placed = looked
            .into_iter()
            .map(|one| (RowPlace { proposal: one.proposal, strand, key: one.key }, one.told));
        self.rows.extend(placed);
        Ok(())
    }
}

/// Passes over the candidates of a question in their order, from behind a place on, and gives what is told to `each`, until that
/// breaks off; no strand is looked at in more than `most` steps. The last candidate that was passed, where there may be more.
///
/// What breaks off is not passed: it is the first of whoever goes on from there.
pub fn walk(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    (question, scope): (&Question, &Scope),
    (after, most): (Option<RowPlace>, usize),
    mut each: impl FnMut(&mut AnyConnection, &Desk, RowPlace, Told) -> Result<ControlFlow<()>, Error>,
) -> Result<Option<RowPlace>, Error> {
    let of = |(number, look): (usize, &Strand)| Ahead::of(number, *look, after.as_ref());
    let mut strands: Vec<Ahead> = question.strands.iter().enumerate().map(of).collect();
    let mut passed = after;
    loop {
        for strand in strands.iter_mut().filter(|strand| strand.is_used_up()) {
            if strand.steps >= most {
                return Ok(passed);
            }
            strand.step(tx, desk, scope)?;
        }
        let heads = strands.iter_mut().filter_map(|strand| {
            let (place, _) = strand.rows.front()?;
            Some((place.clone(), strand))
        });
        let Some((place, first)) = heads.min_by(|(one, _), (other, _)| one.cmp(other)) else {
            return Ok(None);
        };
        if let Some((_, Some(told))) = first.rows.pop_front()
            && each(tx, desk, place.clone(), told)?.is_break()
        {
            return Ok(passed);
        }
        passed = Some(place);
    }
}

/// Where a strand goes on after a place, which may be in another one.
fn start(place: Option<&RowPlace>, strand: usize) -> Start {
    let Some(at) = place else { return Start::Beginning };
    match strand.cmp(&at.strand) {
        std::cmp::Ordering::Less => Start::Beyond(at.proposal),
        std::cmp::Ordering::Equal => Start::Past(at.proposal, at.key.clone()),
        std::cmp::Ordering::Greater => Start::At(at.proposal),
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
