//! `sentra demo`: four real proposals live through their years on one clock that only moves forward; then it serves.

mod audit;
mod case;
mod cast;
mod opinion;
mod outcome;
mod paper;
mod script;
mod stage;

use crate::app::config::{DataArgs, ServeArgs};
use crate::app::{self, Serving, Store, telemetry};
use crate::cli::{Ended, serve};
use crate::domain::ids::ProposalId;
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::service::clock::Clock;
use crate::service::error::Error;
use crate::service::{Services, console, demonstration, private, reminders, seal, secret, sweep};
use case::Case;
use cast::Cast;
use outcome::Outcome;
use script::{Scheduled, Step};
use stage::{Made, Stage};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// The most moments between two steps at which somebody is reminded; a bound against an endless play.
const MOST_REMINDERS: usize = 1_000;

/// What the demonstration left behind.
#[derive(Debug)]
pub struct Played {
    /// How each case ended.
    pub outcomes: Vec<Outcome>,
    /// Who there is to sign in as: address and role.
    pub accounts: Vec<(String, String)>,
}

/// Plays the cases into an empty database. `after_each` is called after every step, such as to send mail.
pub fn play(
    sv: &Services,
    password: &str,
    mut after_each: impl FnMut() -> Result<(), String>,
) -> Result<Played, String> {
    let named = case::load()?;
    let (names, cases): (Vec<_>, Vec<Case>) = named.into_iter().unzip();
    let policies = demonstration::policies(sv).map_err(|error| error.to_string())?;
    let steps = script::schedule(&cases, &policies)?;
    if let Some(first) = steps.first() {
        sv.clock.advance_to(first.at);
    }
    let cast = Cast::hire(sv, &cases, password).map_err(|error| error.to_string())?;
    let mut made: Vec<Made> = cases.iter().map(|_| Made::default()).collect();
    for scheduled in &steps {
        remind(sv, scheduled.at, &mut after_each)?;
        sv.clock.advance_to(scheduled.at);
        one(sv, &cast, &cases, &mut made, scheduled)
            .map_err(|error| format!("{} {:?}: {error}", scheduled.at, scheduled.step))?;
        after_each()?;
        seal_up(sv)?;
    }
    let outcomes = compare(sv, &cast, &names, &cases, &made).map_err(|error| error.to_string())?;
    let accounts = cast.accounts.iter().map(|account| {
        let place = account.region.as_ref().map_or("national", |region| &region.0);
        (account.email.clone(), format!("{} {place}", account.role))
    });
    Ok(Played { outcomes, accounts: accounts.collect() })
}

/// Takes every step of the reminders that falls before a moment, each at its own: who was told of the missed date of
/// Bangkalan, and when, is part of the case.
fn remind(
    sv: &Services,
    until: Moment,
    after_each: &mut impl FnMut() -> Result<(), String>,
) -> Result<(), String> {
    for _ in 0..MOST_REMINDERS {
        match reminders::next(sv).map_err(|error| error.to_string())? {
            Some(next) if next <= until => sv.clock.advance_to(next),
            Some(_) | None => return Ok(()),
        }
        reminders::run(sv).map_err(|error| error.to_string())?;
        after_each()?;
        seal_up(sv)?;
    }
    Err(format!("the reminders before {until} have no end"))
}

/// Seals what happened, by the demonstration's own clock: what was known on a day of the past can then be asked.
fn seal_up(sv: &Services) -> Result<(), String> {
    seal::drain(sv).map(|_| ()).map_err(|error| format!("sealing: {error}"))
}

fn one(
    sv: &Services,
    cast: &Cast,
    cases: &[Case],
    made: &mut [Made],
    scheduled: &Scheduled,
) -> Result<(), Error> {
    if matches!(scheduled.step, Step::Sweep) {
        return sweep::deadlines(sv).map(|_| ());
    }
    let Some((case, made)) =
        scheduled.case.and_then(|index| Some((cases.get(index)?, made.get_mut(index)?)))
    else {
        return Ok(());
    };
    Stage { sv, cast, case, made }.play(&scheduled.step)
}

fn compare(
    sv: &Services,
    cast: &Cast,
    names: &[&'static str],
    cases: &[Case],
    made: &[Made],
) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::with_capacity(cases.len());
    for ((name, case), made) in names.iter().zip(cases).zip(made) {
        let auditor = cast.context(sv, Role::Auditor, &case.facts.region_code)?;
        let id: ProposalId =
            made.proposal.ok_or_else(|| Error::Defect(format!("{name} made no proposal")))?;
        outcomes.push(outcome::compare(sv, &auditor, name, case, id)?);
    }
    Ok(outcomes)
}

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    serve: ServeArgs,
    /// Play and print, and do not serve.
    #[arg(long)]
    no_serve: bool,
}

/// The file in the data folder that holds the password of every account of the demonstration.
const PASSWORD_FILE: &str = "demo-password";

/// Plays the cases, or finds them played, then serves.
pub fn run(args: &DemoArgs) -> Ended {
    // What becomes of the cases is not to drown in what each message and each start of a thread has to say.
    let quiet = format!("sentra::worker=warn,actix_server=warn,{}", args.serve.log);
    telemetry::log(&quiet, args.serve.log_json);
    let mut store = serve::store_for_serving(&args.data, &args.serve)?;
    let serving = serve::serving(&args.data, &args.serve)?;
    let opened = store.open().map_err(|error| error.to_string())?;
    let password_file = args.data.data_dir.join(PASSWORD_FILE);
    match demonstration::marked(&opened.services).map_err(|error| error.to_string())? {
        Some(told) => println!("{told}"),
        None => {
            if console::has_users(&opened.services).map_err(|error| error.to_string())? {
                return Err(
                    "this database is no demonstration; choose another --data-dir".to_owned()
                );
            }
            let password = secret::random_hex::<12>().map_err(|error| error.to_string())?;
            let told = play_into(&mut store, &serving, &password)?;
            demonstration::mark(&opened.services, &told).map_err(|error| error.to_string())?;
            write_secret(&password_file, &password)?;
            println!("{told}");
        }
    }
    println!("Mail:     {}", serving.mail_folder.display());
    println!("Password: of every account, in {}", password_file.display());
    if args.no_serve {
        return Ok(ExitCode::SUCCESS);
    }
    serve::serve(opened, &serving)
}

/// Plays on a clock of its own; the mail of each step is written at the step's time.
fn play_into(store: &mut Store, serving: &Serving, password: &str) -> Result<String, String> {
    let before = Moment::default();
    let services = Store { clock: Clock::set_to(before), ..store.clone() }
        .services()
        .map_err(|error| error.to_string())?;
    let base_url = serving.base_url.clone().unwrap_or_else(|| format!("http://{}", serving.listen));
    let to_files = Serving { smtp_url: None, ..serving.clone() };
    let mail =
        app::mail_worker(&services, &to_files, &base_url).map_err(|error| error.to_string())?;
    let played = play(&services, password, || {
        mail.drain(10).map(|_| ()).map_err(|error| format!("mail: {error}"))
    })?;
    publish_open_policy(store)?;
    if played.outcomes.iter().any(|outcome| !outcome.differences.is_empty()) {
        return Err(told(&played));
    }
    Ok(told(&played))
}

/// A policy for proposals of next year, taken all this year, so that a newcomer can walk one through by hand.
fn publish_open_policy(store: &Store) -> Result<(), String> {
    let services = store.services().map_err(|error| error.to_string())?;
    let known = demonstration::policies(&services).map_err(|error| error.to_string())?;
    let Some(like) = known.last() else { return Ok(()) };
    let open = demonstration::open_policy(services.clock.now(), like);
    demonstration::publish(&services, &open).map_err(|error| error.to_string())
}

fn told(played: &Played) -> String {
    let mut text = String::new();
    for outcome in &played.outcomes {
        text.push_str(&format!(
            "{} ({})\n{}\n\n",
            outcome.name,
            outcome.proposal,
            outcome.lines.join("\n")
        ));
    }
    text.push_str("Accounts:\n");
    for (email, role) in &played.accounts {
        text.push_str(&format!("  {email:<48} {role}\n"));
    }
    text
}

/// Only the owner may read it, where the operating system knows owners.
fn write_secret(path: &Path, text: &str) -> Result<(), String> {
    private::file(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("can't write {}: {error}", path.display()))
}
