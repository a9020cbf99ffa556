//! How far a proposal can be edited: as a draft, or where changes were asked for.

use super::{IN_HAND, line_of_amount};
use crate::domain::change::{covers, differences};
use crate::domain::proposal::State;
use crate::domain::refusal::{Blocker, Refusal};
use crate::service::error::Error;
use crate::storage::AnyConnection;
use crate::storage::change_request;
use crate::storage::proposal::Proposal;
use serde_json::Value;

/// How far a proposal can be edited now.
#[derive(Debug)]
pub enum Reach {
    /// All of it: it is a draft.
    Whole,
    /// Only what these requests are about, which are not accepted: it is being clarified.
    Asked(Vec<String>),
}

/// How far a proposal can be edited; refuses where it can't be at all.
pub fn reach(tx: &mut AnyConnection, row: &Proposal) -> Result<Reach, Error> {
    match row.state {
        State::Draft => Ok(Reach::Whole),
        State::Clarification => {
            let open = change_request::of(tx, row.id)?
                .into_iter()
                .filter(|request| IN_HAND.contains(&request.state));
            Ok(Reach::Asked(open.map(|request| request.pointer).collect()))
        }
        other => {
            let message = format!(
                "A proposal is edited as a draft, and in clarification where a change was requested; this one stands \
                 in {other}."
            );
            Err(Error::refused("not_editable", "/state", message))
        }
    }
}

impl Reach {
    /// Refuses changes beyond the reach, naming each; else tells whether the works, their cost or the site changed.
    pub fn check(&self, before: &Value, after: &Value) -> Result<bool, Error> {
        let Reach::Asked(open) = self else { return Ok(false) };
        let changed = differences(before, after);
        let beyond: Vec<Blocker> = changed
            .iter()
            // The amount follows from volume and unit cost.
            .filter(|one| line_of_amount(&one.pointer).is_none())
            .filter(|one| !open.iter().any(|asked| covers(asked, &one.pointer)))
            .map(|one| {
                let message = format!(
                    "{} was not asked to be changed; leave it as it is, or ask for a request that names it.",
                    one.pointer
                );
                Blocker::new("not_requested", &one.pointer, message)
            })
            .collect();
        if !beyond.is_empty() {
            return Err(Error::Refused(Refusal::because(beyond)));
        }
        Ok(changed
            .iter()
            .any(|one| covers("/lines", &one.pointer) || covers("/site", &one.pointer)))
    }
}
