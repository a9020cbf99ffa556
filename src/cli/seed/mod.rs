//! `sentra seed`: writes a national data set into a database without proposals, for trying out large numbers.
//!
//! Rows go through the functions of storage, many to a transaction; states are reached along the arrows of the
//! workflow, amounts and figures are those of the domain, and each change has its event and its revision. No mail is
//! sent. The same seed, year and day give the same rows.

mod acts;
mod cast;
mod change;
mod ids;
mod life;
mod lines;
mod money;
mod payment;
mod picture;
mod world;

use crate::app::Store;
use crate::app::config::DataArgs;
use crate::cli::{Ended, serve};
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{Deadline, Policy, Window};
use crate::service::error::Error;
use crate::service::policy::{self, Pinned};
use crate::service::{Services, demonstration, seal};
use crate::storage::bulk::{self, Batch};
use crate::storage::verify;
use chrono::{Datelike, NaiveDate, NaiveTime};
use picture::Picture;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use world::World;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// How many proposals.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    proposals: u32,
    /// Of which year; one without a policy gets one that is open.  [default: this year]
    #[arg(long, value_parser = clap::value_parser!(i64).range(2000..=2100))]
    fiscal_year: Option<i64>,
    /// Only funded proposals, whose sums are these, in rupiah: what is set aside, planned, contracted, disbursed, absorbed.
    #[arg(long, value_name = "CEILING,PLAN,CONTRACTED,DISBURSED,ABSORBED")]
    picture: Option<Picture>,
    /// What the dice start from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Proposals of one transaction.
const AT_ONCE: u32 = 500;

/// Seeds.
pub fn run(args: &Args) -> Ended {
    let store = serve::store(&args.data)?;
    // Held to the end: no service runs beside it.
    let _lock = store.lock(Duration::ZERO).map_err(|error| error.to_string())?;
    store.migrate().map_err(|error| error.to_string())?;
    let started = Instant::now();
    let on_terminal = std::io::stderr().is_terminal();
    seed(&store, args, |done| {
        if on_terminal {
            eprint!("\r{done} of {} proposals", args.proposals);
        }
    })?;
    if on_terminal {
        eprintln!();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{} proposals in {seconds:.1} s; sentra verify proves them", args.proposals);
    Ok(ExitCode::SUCCESS)
}

fn seed(store: &Store, args: &Args, mut progress: impl FnMut(u32)) -> Result<(), String> {
    let services = store.services().map_err(|error| error.to_string())?;
    if !is_empty(&services).map_err(|error| error.to_string())? {
        return Err(
            "this database has proposals already; sentra seed writes only into one that has none"
                .to_owned(),
        );
    }
    let now = services.clock.now();
    let year = args.fiscal_year.unwrap_or_else(|| i64::from(now.date_in(Zone::Wib).year()));
    let pinned = rules(&services, year).map_err(|error| error.to_string())?;
    demonstration::mark(&services, "seed").map_err(|error| error.to_string())?;
    let mut world = World::new(args.seed, pinned, last_day(now))?;
    if let Some(picture) = args.picture {
        world.aim_at(picture, args.proposals)?;
    }
    let mut done = 0;
    while done < args.proposals {
        let count = AT_ONCE.min(args.proposals.saturating_sub(done));
        let batch = world.batch(count)?;
        write(&services, &batch).map_err(|error| error.to_string())?;
        done = done.saturating_add(count);
        progress(done);
        // Batch by batch, so that serving finds nothing left to be sealed.
        seal::drain(&services).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn is_empty(sv: &Services) -> Result<bool, Error> {
    sv.db.read(|c| Ok(verify::proposals(c, None, 1)?.is_empty()))
}

fn write(sv: &Services, batch: &Batch) -> Result<(), Error> {
    sv.db.write("seed.batch", |tx| Ok(bulk::insert(tx, batch)?), |_, _: &Error| Ok(()))
}

/// The midnight that everything happened before.
fn last_day(now: Moment) -> Moment {
    Zone::Wib.at(now.date_in(Zone::Wib), NaiveTime::MIN)
}

/// The year's policy; where there is none, one that is open from the year before to its end.
fn rules(sv: &Services, year: i64) -> Result<Pinned, Error> {
    let known = |sv: &Services| sv.db.read(|c| policy::base(c, year));
    if let Some(pinned) = known(sv)? {
        return Ok(pinned);
    }
    let like = demonstration::policies(sv)?;
    let newest =
        like.last().ok_or_else(|| Error::Defect("there is no policy at all".to_owned()))?;
    demonstration::publish(sv, &open(year, newest))?;
    known(sv)?.ok_or_else(|| Error::Defect("the policy is not there".to_owned()))
}

fn open(year: i64, like: &Policy) -> Policy {
    let day = |year: i64, month, day| Deadline {
        date: i32::try_from(year)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
            .unwrap_or_default(),
        time: NaiveTime::MIN,
        zone: Zone::Wib,
    };
    let window = Window {
        opens: day(year.saturating_sub(1), 1, 1),
        closes: day(year.saturating_add(1), 1, 1),
    };
    demonstration::open_in(year, window, day(year, 12, 31), like)
}
