//! Reading policies.

use crate::domain::policy::Policy;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::proposal::PolicyVersion;
use crate::storage::policy::{self, PolicyRow};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, allocation};

/// A policy with the version that it was read from.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// The version.
    pub version: i64,
    /// The rules.
    pub policy: Policy,
}

fn read(row: PolicyRow) -> Result<Pinned, Error> {
    Ok(Pinned { version: row.version, policy: serde_json::from_str(&row.document)? })
}

/// The newest rules of a year.
pub fn latest(tx: &mut AnyConnection, fiscal_year: i64) -> Result<Option<Pinned>, Error> {
    policy::latest(tx, fiscal_year)?.map(read).transpose()
}

/// The rules that a proposal stands under: those pinned by its allocation, else by its submission, else the newest.
pub fn of_proposal(tx: &mut AnyConnection, proposal: &Proposal) -> Result<Pinned, Error> {
    let pinned = match proposal.allocation_id {
        Some(id) => allocation::find(tx, id)?.map(|allocation| allocation.policy_version),
        None => proposal.policy_version,
    };
    let row = match pinned {
        Some(version) => policy::version(tx, proposal.fiscal_year, version)?,
        None => policy::latest(tx, proposal.fiscal_year)?,
    };
    row.map(read)
        .transpose()?
        .ok_or_else(|| Error::Defect(format!("no policy for {}", proposal.fiscal_year)))
}

fn view(row: PolicyRow) -> Result<PolicyVersion, Error> {
    let policy = serde_json::from_str(&row.document)?;
    Ok(PolicyVersion {
        fiscal_year: row.fiscal_year,
        version: row.version,
        published_at: row.published_at,
        policy,
    })
}

/// The newest version of a year.
pub fn show(sv: &Services, fiscal_year: i64) -> Result<PolicyVersion, Error> {
    sv.db.read(|tx| view(policy::latest(tx, fiscal_year)?.ok_or(Error::NotFound)?))
}

/// Every version of a year, newest first.
pub fn versions(sv: &Services, fiscal_year: i64) -> Result<Page<PolicyVersion>, Error> {
    sv.db.read(|tx| {
        let rows = policy::versions(tx, fiscal_year)?;
        if rows.is_empty() {
            return Err(Error::NotFound);
        }
        rows.into_iter().map(view).collect::<Result<_, _>>().map(Page::whole)
    })
}
