//! `sentra user`: keeps users from the command line.

use crate::app::config::DataArgs;
use crate::cli::{Ended, serve};
use crate::domain::ids::UserId;
use crate::domain::people::Language;
use crate::service::console;
use crate::service::error::Error;
use crate::service::grant::GrantDraft;
use crate::service::secret::Secret;
use crate::service::user::UserDraft;
use crate::service::view::people::Invitation;
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Makes a user; with an invitation, unless a password is given.
    Add {
        /// E-mail address.
        email: String,
        /// Full name.
        #[arg(long)]
        name: String,
        /// ROLE or ROLE@REGION; may be repeated.
        #[arg(long = "grant")]
        grants: Vec<GrantDraft>,
        /// Language of the mail.
        #[arg(long, default_value = "id")]
        language: Language,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lists users.
    List,
    /// Gives a role: ROLE or ROLE@REGION.
    Grant {
        /// E-mail address.
        email: String,
        /// ROLE or ROLE@REGION.
        grant: GrantDraft,
    },
    /// Makes a new invitation, and prints its code: for whom no mail reaches.
    Invite {
        /// E-mail address.
        email: String,
    },
    /// Cuts a user off.
    Disable {
        /// E-mail address.
        email: String,
    },
    /// Lets a user in again.
    Enable {
        /// E-mail address.
        email: String,
    },
}

/// Does it.
pub fn run(args: &Args) -> Ended {
    let store = serve::store(&args.data)?;
    store.migrate().map_err(|error| error.to_string())?;
    let services = store.services().map_err(|error| error.to_string())?;
    match &args.command {
        Command::Add { email, name, grants, language, password_stdin } => {
            let draft = UserDraft {
                email: email.clone(),
                name: name.clone(),
                language: *language,
                grants: grants.clone(),
            };
            let password = if *password_stdin { Some(read_password()?) } else { None };
            let added = console::add(&services, &draft, password.as_ref()).map_err(words)?;
            println!("{} {}", added.user.id, added.user.email);
            added.invitation.iter().for_each(show_invitation);
        }
        Command::List => {
            let mut after: Option<UserId> = None;
            loop {
                let page = console::list(&services, after, 200).map_err(words)?;
                for user in &page.items {
                    let roles: Vec<String> =
                        user.grants.iter().map(|grant| grant.role.to_string()).collect();
                    println!("{} {} {}", user.id, user.email, roles.join(","));
                }
                after = page.items.last().map(|user| user.id);
                if page.next_cursor.is_none() {
                    break;
                }
            }
        }
        Command::Grant { email, grant } => {
            let grant = console::add_grant(&services, email, grant).map_err(words)?;
            println!("{} {}", grant.id, grant.role);
        }
        Command::Invite { email } => {
            show_invitation(&console::invite(&services, email).map_err(words)?)
        }
        Command::Disable { email } => {
            console::set_disabled(&services, email, true).map_err(words)?;
        }
        Command::Enable { email } => {
            console::set_disabled(&services, email, false).map_err(words)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_invitation(invitation: &Invitation) {
    println!("invitation {} until {}", invitation.code.reveal(), invitation.expires_at);
}

fn read_password() -> Result<Secret, String> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| format!("can't read the password: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned().into())
}

/// Every error of a value, not only how many there are.
pub(super) fn words(error: Error) -> String {
    match error {
        Error::Invalid(errors) => {
            let lines = errors.iter().map(|error| format!("{}: {}", error.pointer, error.message));
            lines.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}
