//! Exports: one snapshot, read in pages and written as it is read, so that any number of proposals takes the memory of one
//! page. Over HTTP it is spooled into a file first: a reader that is slow keeps no snapshot open.

pub mod listing;
mod page;
mod parties;
mod process;
mod project;
mod words;

pub use listing::{Entries, journal, proposals};

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::people::{Grant, Sight};
use crate::domain::proposal::State;
use crate::service::Services;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::proposal::Filter;
use crate::service::store::{Arrival, StoreError};
use crate::service::trail::Subject;
use crate::service::{access, policy, reading};
use crate::storage::{AnyConnection, export};
use page::Page;
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

/// Projects that are read at once.
const PROJECTS: i64 = 100;
/// Bytes that are kept before they are written.
const BUFFER_BYTES: usize = 64 * 1024;

/// What an export is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Of this year.
    pub fiscal_year: Option<i64>,
    /// Of this region.
    pub region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    pub province_code: Option<RegionCode>,
    /// Of this proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal_id: Option<ProposalId>,
}

impl Scope {
    /// What lists are narrowed to by it.
    pub fn filter(&self) -> Filter {
        Filter {
            fiscal_year: self.fiscal_year,
            region_code: self.region_code.clone(),
            province_code: self.province_code.clone(),
            ..Filter::default()
        }
    }
}

/// Refuses a region or a province that is not there.
fn known(tx: &mut AnyConnection, filter: &Filter) -> Result<(), Error> {
    policy::known(tx, filter.region_code.as_ref(), "/query/region_code")?;
    policy::known(tx, filter.province_code.as_ref(), "/query/province_code")
}

/// Keeps that an export is written: which, of what, by whom. It comes before the first byte. Where it is narrowed to a place the
/// event belongs there, so that those who audit the place see it.
pub fn record(sv: &Services, cx: &Context, kind: &str, scope: &Scope) -> Result<(), Error> {
    let work = |tx: &mut AnyConnection| {
        known(tx, &scope.filter())?;
        let subject = subject(tx, cx, scope)?;
        let grants = &cx.actor.grants;
        let by = match &subject.region {
            Some(place) => reading::by_sight(&cx.actor, place)
                .or_else(|| grants.iter().find(|one| is_within(one, place)).map(By::from)),
            None => reading::by_nation(&cx.actor).or_else(|| grants.first().map(By::from)),
        };
        let content = json!({ "kind": kind, "scope": scope });
        reading::record(tx, cx, reading::EXPORT_WRITE, &subject, (by, content))
    };
    sv.db.write(reading::EXPORT_WRITE, work, |_, _| Ok(()))
}

/// Keeps that the whole trail is exported, by which grant.
pub fn record_trail(sv: &Services, cx: &Context, by: By) -> Result<(), Error> {
    let work = |tx: &mut AnyConnection| {
        let content = json!({ "kind": "audit", "scope": Scope::default() });
        reading::record(tx, cx, reading::EXPORT_WRITE, &all(), (Some(by), content))
    };
    sv.db.write(reading::EXPORT_WRITE, work, |_, _| Ok(()))
}

/// What exports are events about.
const EXPORTS: &str = "exports";

/// Exports, of nothing in particular.
pub fn all() -> Subject {
    Subject::of(SubjectKind::Collection, EXPORTS)
}

/// What an export of a scope is about: the proposal, or the place, that it names.
fn subject(tx: &mut AnyConnection, cx: &Context, scope: &Scope) -> Result<Subject, Error> {
    if let Some(id) = scope.proposal_id {
        return Ok(access::beneath(
            &access::visible(tx, cx, id)?,
            SubjectKind::Collection,
            EXPORTS,
        ));
    }
    let place = scope.region_code.as_ref().or(scope.province_code.as_ref());
    Ok(place.map_or_else(all, |place| Subject::within(SubjectKind::Collection, EXPORTS, place)))
}

/// Whether a grant reaches a part of a province.
fn is_within(grant: &Grant, province: &RegionCode) -> bool {
    grant.region.as_ref().is_some_and(|region| region.province() == *province)
}

/// Who publishes projects, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Who.
    pub name: String,
    /// The address that people reach the service by, without a slash at its end.
    pub base_url: String,
    /// What project identifiers begin with: `oc4ids-` and the six letters or digits that the publisher registered.
    pub prefix: String,
    /// The licence of the data, as a URL.
    pub licence: Option<String>,
}

/// The six letters of whoever has registered none.
pub const UNREGISTERED: &str = "oc4ids-sentra";

impl Publisher {
    /// Whether a text can be what project identifiers begin with.
    pub fn is_prefix(text: &str) -> bool {
        let letters = text.strip_prefix("oc4ids-").unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        letters.len() == 6 && letters.bytes().all(fits)
    }
}

/// What the caller may see. The service itself, on the command line, sees everything.
fn sight(cx: &Context) -> Sight {
    match cx.actor.user {
        Some(_) => cx.actor.sight(),
        None => Sight { nation: true, ..Sight::default() },
    }
}

/// The states of proposals that became projects: those that were approved, whatever came of them.
fn of_projects() -> Vec<State> {
    State::ALL.iter().copied().filter(|state| state.was_approved()).collect()
}

/// Writes the projects that the caller may see as an OC4IDS project package; how many there are. A package without a
/// project is none: that is refused.
pub fn oc4ids(
    sv: &Services,
    cx: &Context,
    scope: &Scope,
    publisher: &Publisher,
    out: &mut dyn Write,
) -> Result<u64, Error> {
    sv.db.read(|tx| {
        let (sight, filter, states) = (sight(cx), scope.filter(), of_projects());
        known(tx, &filter)?;
        let Some(changed) = export::last_change(tx, &sight, (&filter, &states))? else {
            let words = "no proposal that was approved is among what you may see and have named";
            return Err(Error::invalid("/query", "nothing_to_export", words));
        };
        let head = json!({
            "uri": format!("{}/api/v1/exports/oc4ids{}", publisher.base_url, query(scope)),
            "publishedDate": changed,
            "version": "0.9",
            "publisher": { "name": publisher.name },
            "license": publisher.licence,
        });
        let head = serde_json::to_string(&words::pruned(head))?;
        // The projects follow within the same braces.
        write(out, head.strip_suffix('}').unwrap_or(&head))?;
        write(out, ",\"projects\":[\n")?;
        let (mut after, mut count) = (None, 0_u64);
        loop {
            let rows = export::page(tx, &sight, (&filter, &states), after, PROJECTS)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
            let page = Page::of(tx, &rows, &ids, cx.now)?;
            for row in &rows {
                write(out, if count == 0 { "" } else { ",\n" })?;
                let text = serde_json::to_string(&page.project(row, publisher))?;
                write(out, &text)?;
                count = count.saturating_add(1);
            }
        }
        write(out, "\n]}\n")?;
        Ok(count)
    })
}

/// The scope as the query that asks for it.
fn query(scope: &Scope) -> String {
    let fields = [
        ("fiscal_year", scope.fiscal_year.map(|year| year.to_string())),
        ("province_code", scope.province_code.as_ref().map(ToString::to_string)),
        ("region_code", scope.region_code.as_ref().map(ToString::to_string)),
    ];
    let named: Vec<String> =
        fields.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    if named.is_empty() { String::new() } else { format!("?{}", named.join("&")) }
}

fn write(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    out.write_all(text.as_bytes()).map_err(failed)
}

/// Nothing more can be written: there is no room, or the disk fails.
fn failed(error: io::Error) -> Error {
    Error::Store(StoreError::from(error))
}

/// An export that is written, and waits to be fetched; it goes with the value.
#[derive(Debug)]
pub struct Spool {
    /// Its bytes, from the first on.
    pub file: File,
    /// How many.
    pub bytes: u64,
    /// Holds the file's name, and takes it away.
    pub arrival: Arrival,
}

/// Writes an export into a file beside the documents that arrive; what a process leaves behind there is swept with them.
pub fn spooled(
    sv: &Services,
    work: impl FnOnce(&mut (dyn Write + Send)) -> Result<u64, Error>,
) -> Result<Spool, Error> {
    let (arrival, file) = sv.documents.store.arrival()?;
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
    work(&mut writer)?;
    let mut file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    let bytes = file.stream_position().map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(Spool { file, bytes, arrival })
}
