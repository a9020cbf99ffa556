//! Proves that what is kept agrees: balances with their entries, states with their events, parents with their parts.
//! Outside facts that break a rule are listed as flags; they are no breach.

mod books;
mod facts;
mod findings;
mod rows;
pub mod trail;

use crate::domain::ids::{AllocationId, ProposalId, TrancheRequestId};
use crate::domain::journal::{EntryKind, Figures};
use crate::domain::line::{LineFacts, totals};
use crate::domain::money::Rupiah;
use crate::service::error::Error;
use crate::service::grouped::Grouped;
use crate::service::{Services, policy};
use crate::storage::journal;
use crate::storage::proposal::Proposal;
use crate::storage::trail::apart;
use crate::storage::verify::{self, Recorded};
use crate::storage::{AnyConnection, DbError, carry, finding, odd, tranche, versioned};
use books::Books;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// How many proposals are looked at in one step.
const PAGE: i64 = 200;
/// The most breaches that are named; one is enough to distrust the rest.
const MOST_BREACHES: usize = 1_000;
/// The same for what SQLite says of its file.
const MOST_DAMAGE: i64 = 100;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Proposals looked at.
    pub proposals: usize,
    /// Entries looked at.
    pub entries: usize,
    /// What does not agree: each names where, what is kept and what follows from the parts. The first 1,000.
    pub breaches: Vec<String>,
    /// How many breaches there are beyond those.
    pub more: usize,
    /// Outside facts that break a rule.
    pub flags: Vec<String>,
}

impl Report {
    fn breach(&mut self, words: String) {
        if self.breaches.len() < MOST_BREACHES {
            self.breaches.push(words);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn unread(&mut self, what: &str, looked: Result<(), Error>) {
        if let Err(error) = looked {
            self.breach(format!("{what} can't be read: {error}"));
        }
    }

    /// Whether a page that ends with an id leads further than the one before. SQLite has what is no text behind all texts,
    /// whichever is asked for.
    fn leads_on<Id: Ord + std::fmt::Display>(
        &mut self,
        what: &str,
        after: Option<Id>,
        last: Id,
    ) -> bool {
        let leads_on = after.is_none_or(|after| last > after);
        if !leads_on {
            self.breach(format!("the id of {what} {last} is not kept as text"));
        }
        leads_on
    }
}

/// What does not hold in the file of the database: between its tables and their indexes, and from one table to another, as
/// SQLite itself checks them, and what is kept as something else than its column says; at most 100 of each. `None` of a
/// PostgreSQL, which is looked after where it runs (`pg_amcheck`), and keeps nothing otherwise.
pub fn file(sv: &Services) -> Result<Option<Vec<String>>, Error> {
    sv.db.read(|tx| {
        let found = [
            odd::damage(tx, MOST_DAMAGE),
            odd::astray(tx, MOST_DAMAGE),
            odd::mistyped(tx, versioned::TABLES, MOST_DAMAGE),
        ];
        let found = found.into_iter().map(|found| {
            found.unwrap_or_else(|error| Some(vec![DbError::from(error).to_string()]))
        });
        Ok(found.collect::<Option<Vec<_>>>().map(|found| found.concat()))
    })
}

/// Verifies the whole database, in one snapshot. What can't be read is a breach, and the other parts are looked at.
pub fn verify(sv: &Services, mut progress: impl FnMut(usize)) -> Result<Report, Error> {
    sv.db.read(|tx| {
        let mut report = Report::default();
        let mut used: HashMap<AllocationId, Rupiah> = HashMap::new();
        let looked = apart(tx, |tx| proposals(tx, &mut used, &mut report, &mut progress));
        let is_whole = looked.is_ok();
        report.unread("the proposals", looked);
        if is_whole {
            let looked = apart(tx, |tx| ceilings(tx, &used, &mut report));
            report.unread("the allocations and ceilings", looked);
        } else {
            let words = "what allocations and ceilings keep as used is not compared with proposals";
            report.breach(format!("{words} that can't be read"));
        }
        rows::look(tx, &mut report);
        Ok(report)
    })
}

fn proposals(
    tx: &mut AnyConnection,
    used: &mut HashMap<AllocationId, Rupiah>,
    report: &mut Report,
    progress: &mut impl FnMut(usize),
) -> Result<(), Error> {
    let mut tolerances: HashMap<i64, Rupiah> = HashMap::new();
    let mut after = None;
    loop {
        let page = verify::proposals(tx, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        if !report.leads_on("proposal", after, last.id) {
            return Ok(());
        }
        after = Some(last.id);
        for row in &page {
            if let Entry::Vacant(place) = tolerances.entry(row.fiscal_year) {
                place.insert(policy::largest_tolerance(tx, row.fiscal_year)?);
            }
        }
        look_at(tx, &page, &tolerances, used, report)?;
        report.proposals += page.len();
        progress(report.proposals);
    }
}

fn look_at(
    tx: &mut AnyConnection,
    page: &[Proposal],
    tolerances: &HashMap<i64, Rupiah>,
    used: &mut HashMap<AllocationId, Rupiah>,
    report: &mut Report,
) -> Result<(), Error> {
    let ids: Vec<ProposalId> = page.iter().map(|row| row.id).collect();
    let entries = Grouped::by(verify::entries(tx, &ids)?, |row| row.proposal_id, |row| row);
    let lines =
        Grouped::by(verify::lines(tx, &ids)?, |row| row.proposal_id, |row| LineFacts::from(&row));
    let contracts = Grouped::by(verify::contracts(tx, &ids)?, |row| row.proposal_id, |row| row);
    let plans = Grouped::by(verify::plans(tx, &ids)?, |row| row.0, |row| row.1);
    let payments = Grouped::by(tranche::payments(tx, &ids)?, |row| row.proposal_id, |row| row);
    for id in verify::without_event(tx, &ids)? {
        report.breach(format!("entry {id} came with an event that is not there"));
    }
    facts::look(tx, &ids, report)?;
    let of = |row: &Recorded| row.proposal_id;
    let spent = Grouped::by(verify::expenditures(tx, &ids)?, of, |row| row);
    let recovered = Grouped::by(verify::recoveries(tx, &ids)?, of, |row| row);
    let returned = Grouped::by(verify::returns(tx, &ids)?, of, |row| row);
    let amended = Grouped::by(verify::amendments(tx, &ids)?, |row| row.proposal_id, |row| row);
    let carried = carry::standing(tx, &ids)?;
    let findings = Grouped::by(finding::of_many(tx, &ids)?, |row| row.proposal_id, |row| row);
    let mut made: HashMap<ProposalId, usize> = HashMap::new();
    for id in verify::findings_made(tx, &ids)? {
        let count = made.entry(id).or_default();
        *count = count.saturating_add(1);
    }
    let moves = moves(verify::events(tx, &ids)?);
    let kept: HashMap<ProposalId, Figures> = journal::balances_of(tx, &ids)?
        .into_iter()
        .map(|row| (row.proposal_id, row.into()))
        .collect();
    for row in page {
        let id = row.id;
        let figures = kept.get(&id).copied().unwrap_or_default();
        report.entries += entries.of(id).len();
        let mut check = Check { id, report };
        let books = Books {
            figures: &figures,
            entries: entries.of(id),
            contracts: contracts.of(id),
            amended: amended.of(id),
            spent: spent.of(id),
            recovered: recovered.of(id),
            returned: returned.of(id),
            carried: &carried,
            paid: payments.of(id),
        };
        check.balances(&figures, entries.of(id), plans.of(id).last().copied());
        let tolerance = tolerances.get(&row.fiscal_year).copied().unwrap_or_default();
        check.bounds(&figures, tolerance, entries.of(id));
        check.parts(row, lines.of(id));
        check.books(row, &books);
        check.flags(row, &books);
        check.findings(findings.of(id), made.get(&id).copied().unwrap_or_default());
        check.state(row, moves.get(&id.to_string()).map_or(&[], Vec::as_slice));
        if let Some(allocation) = row.allocation_id {
            let part = figures.ceiling_idr.minus(figures.released_idr).unwrap_or_default();
            let sum = used.entry(allocation).or_default();
            *sum = Rupiah::total([*sum, part]);
        }
    }
    Ok(())
}

/// The states that each proposal's events moved it through: from where, if it was there before, and to where.
fn moves(events: Vec<(String, String)>) -> HashMap<String, Vec<Move>> {
    let mut moves: HashMap<String, Vec<Move>> = HashMap::new();
    for (proposal, content) in events {
        let content: serde_json::Value = serde_json::from_str(&content).unwrap_or_default();
        let state = |pointer| content.pointer(pointer).and_then(|state| state.as_str());
        if let Some(to) = state("/after/state") {
            let from = state("/before/state").map(str::to_owned);
            moves.entry(proposal).or_default().push(Move { from, to: to.to_owned() });
        }
    }
    moves
}

/// What an event says of a proposal's state.
struct Move {
    from: Option<String>,
    to: String,
}

struct Check<'a> {
    id: ProposalId,
    report: &'a mut Report,
}

impl Check<'_> {
    fn breach(&mut self, words: String) {
        self.report.breach(format!("proposal {}: {words}", self.id));
    }

    fn same(&mut self, what: &str, kept: Rupiah, found: Rupiah) {
        if kept != found {
            self.breach(format!("{what} is kept as {kept} and adds up to {found}"));
        }
    }

    fn balances(&mut self, kept: &Figures, entries: &[journal::Entry], plan: Option<Rupiah>) {
        let mut sum = Figures::default();
        for entry in entries {
            match sum.after(&entry.posting()) {
                Some(next) => sum = next,
                None => self.breach(format!("entry {} can't be added up", entry.id)),
            }
        }
        self.same("ceiling", kept.ceiling_idr, sum.ceiling_idr);
        self.same("contracted", kept.contracted_idr, sum.contracted_idr);
        self.same("disbursed", kept.disbursed_idr, sum.disbursed_idr);
        self.same("absorbed", kept.absorbed_idr, sum.absorbed_idr);
        self.same("returned", kept.returned_idr, sum.returned_idr);
        self.same("released", kept.released_idr, sum.released_idr);
        self.same("carried in", kept.carried_in_idr, sum.carried_in_idr);
        self.same("carried out", kept.carried_out_idr, sum.carried_out_idr);
        self.same("plan", kept.plan_idr, plan.unwrap_or_default());
    }

    /// What Sentra itself decides keeps to what was set aside: payments, and the plan that they rest on.
    /// A cut that came later is an outside fact: the plan follows it.
    fn bounds(&mut self, figures: &Figures, tolerance: Rupiah, entries: &[journal::Entry]) {
        let (disbursed, authority) = (figures.disbursed_idr, figures.authority());
        if disbursed > authority {
            self.breach(format!("{disbursed} is disbursed, and {authority} is set aside"));
        }
        let (plan, ceiling) = (figures.plan_idr, figures.ceiling_idr);
        if plan > Rupiah::total([ceiling, tolerance]) {
            let words = format!(
                "its plan of {plan} is above the ceiling of {ceiling} and the tolerance of {tolerance}"
            );
            match entries.iter().any(|entry| entry.kind == EntryKind::Cut) {
                true => self.report.flags.push(format!("proposal {}: {words}", self.id)),
                false => self.breach(words),
            }
        }
    }

    fn parts(&mut self, row: &Proposal, lines: &[LineFacts]) {
        let (total, supporting) = totals(lines, |line| Some(line.amount));
        self.same("total", row.total_idr, total);
        self.same("supporting", row.supporting_idr, supporting);
        self.same("assessed", row.assessed_idr, totals(lines, |line| line.assessed).0);
        self.same("agreed", row.agreed_idr, totals(lines, |line| line.agreed).0);
        // What an approver only means to approve stands in the lines alone.
        let approved = totals(lines, |line| line.approved).0;
        let decided = if row.state.was_approved() { approved } else { Rupiah::ZERO };
        self.same("approved", row.approved_idr, decided);
        if i64::try_from(lines.len()) != Ok(row.line_count) {
            self.breach(format!(
                "line_count is kept as {} and there are {}",
                row.line_count,
                lines.len()
            ));
        }
    }

    fn state(&mut self, row: &Proposal, moves: &[Move]) {
        let mut stood: Option<&str> = None;
        for one in moves {
            if one.from.as_deref() != stood {
                let (stood, from) = (stood.unwrap_or("nothing"), one.from.as_deref());
                let from = from.unwrap_or("nothing");
                self.breach(format!("its events leave it in {stood} and go on from {from}"));
            }
            stood = Some(&one.to);
        }
        if stood != Some(row.state.as_str()) {
            let stood = stood.unwrap_or("nothing");
            self.breach(format!("it stands in {} and its events end in {stood}", row.state));
        }
    }
}

/// What requests for tranches keep as their total, against the items that they pay.
fn requests(
    tx: &mut AnyConnection,
    allocations: &[AllocationId],
    report: &mut Report,
) -> Result<(), Error> {
    let rows = tranche::of_allocations(tx, allocations)?;
    let contents = tranche::contents_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
    let mut sums: HashMap<TrancheRequestId, Rupiah> = HashMap::new();
    for item in contents.paid() {
        let sum = sums.entry(item.request_id).or_default();
        *sum = Rupiah::total([*sum, item.amount_idr]);
    }
    for row in rows {
        let found = sums.get(&row.id).copied().unwrap_or_default();
        if row.total_idr != found {
            report.breach(format!(
                "tranche request {}: its total is kept as {}, what it pays adds up to {found}",
                row.id, row.total_idr
            ));
        }
    }
    Ok(())
}

/// What allocations and ceilings keep as used, against what is beneath them.
fn ceilings(
    tx: &mut AnyConnection,
    used: &HashMap<AllocationId, Rupiah>,
    report: &mut Report,
) -> Result<(), Error> {
    let mut allocated: HashMap<i64, Rupiah> = HashMap::new();
    let mut after = None;
    loop {
        let page = verify::allocations(tx, after, PAGE)?;
        let Some(last) = page.last() else { break };
        if !report.leads_on("allocation", after, last.id) {
            break;
        }
        after = Some(last.id);
        requests(tx, &page.iter().map(|row| row.id).collect::<Vec<_>>(), report)?;
        for row in &page {
            let found = used.get(&row.id).copied().unwrap_or_default();
            if row.used_idr != found || row.used_idr > row.amount_idr {
                report.breach(format!(
                    "allocation {} of {}: used is kept as {}, its proposals add up to {found}, of {}",
                    row.fiscal_year, row.region_code, row.used_idr, row.amount_idr
                ));
            }
            let sum = allocated.entry(row.fiscal_year).or_default();
            *sum = Rupiah::total([*sum, row.amount_idr]);
        }
    }
    for row in verify::ceilings(tx)? {
        let found = allocated.get(&row.fiscal_year).copied().unwrap_or_default();
        if row.used_idr != found || row.used_idr > row.amount_idr {
            report.breach(format!(
                "ceiling {}: used is kept as {}, its allocations add up to {found}, of {}",
                row.fiscal_year, row.used_idr, row.amount_idr
            ));
        }
    }
    Ok(())
}
