//! `sentra serve`: serves the API until it is told to stop.

use crate::app::config::{DataArgs, ServeArgs};
use crate::app::{self, Opened, Serving, Store, telemetry};
use crate::cli::Ended;
use crate::service::console;
use crate::service::password::HashSettings;
use crate::service::session::SessionSettings;
use chrono::TimeDelta;
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    serve: ServeArgs,
}

/// The store that the arguments name.
pub fn store(data: &DataArgs) -> Result<Store, String> {
    let mut store = Store::new(data.target()?);
    store.migration = data.migration_target()?;
    store.pool.size = data.database_connections;
    store.documents = data.documents()?;
    Ok(store)
}

/// How the arguments want it served.
pub fn serving(data: &DataArgs, serve: &ServeArgs) -> Result<Serving, String> {
    Ok(Serving {
        base_url: serve.base_url.clone(),
        smtp_url: serve.mail.smtp()?,
        mail_from: serve.mail.mail_from.clone(),
        signer: serve.mail.signer()?,
        mail: serve.mail.settings(),
        sealing: serve.seal.settings(&data.data_dir),
        trusted_proxies: serve.trusted_proxies.clone(),
        publishing: serve.publishing.publishing(),
        ..Serving::new(serve.listen.clone(), &data.data_dir)
    })
}

/// The store with the settings for people.
pub fn store_for_serving(data: &DataArgs, serve: &ServeArgs) -> Result<Store, String> {
    let mut store = store(data)?;
    store.hash = HashSettings {
        memory_kib: serve.hash_memory_kib,
        iterations: serve.hash_passes,
        ..HashSettings::default()
    };
    store.sessions = SessionSettings {
        session_holds: TimeDelta::hours(serve.session_hours),
        ..SessionSettings::default()
    };
    Ok(store)
}

/// Serves.
pub fn run(args: &Args) -> Ended {
    telemetry::log(&args.serve.log, args.serve.log_json);
    let store = store_for_serving(&args.data, &args.serve)?;
    let opened = store.open().map_err(|error| error.to_string())?;
    invite_first_administrator(&opened)?;
    serve(opened, &serving(&args.data, &args.serve)?)
}

/// A first start prints one administrator invitation, and nothing weaker.
fn invite_first_administrator(opened: &Opened) -> Result<(), String> {
    let invitation = console::first_administrator(&opened.services, console::FIRST_ADMINISTRATOR)
        .map_err(|error| error.to_string())?;
    if let Some(invitation) = invitation {
        println!(
            "There is no user yet. The administrator {} sets a password with",
            console::FIRST_ADMINISTRATOR
        );
        println!("  POST /api/v1/invitations/{} {{\"password\": …}}", invitation.code.reveal());
        println!("until {}. This is shown once.", invitation.expires_at);
    }
    Ok(())
}

/// Serves what is open, on this thread, until SIGTERM or SIGINT.
pub fn serve(opened: Opened, serving: &Serving) -> Ended {
    actix_web::rt::System::new().block_on(async {
        let running = app::start(opened, serving).map_err(|error| error.to_string())?;
        println!(
            "Sentra listens on http://{}; the API is described at /api/docs/",
            running.address
        );
        running.serve().await.map_err(|error| error.to_string())?;
        Ok(ExitCode::SUCCESS)
    })
}
