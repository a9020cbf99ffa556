//! `sentra workflow`: a machine as a diagram and a table, from the table that decides.

use crate::cli::Ended;
use crate::domain::proposal::Menu;
use crate::domain::workflow;
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `construction` or `revitalisation`; the whole document when absent.
    menu: Option<Menu>,
    /// Only the Mermaid diagram.
    #[arg(long, requires = "menu")]
    mermaid: bool,
    /// Only the table.
    #[arg(long, requires = "menu", conflicts_with = "mermaid")]
    table: bool,
}

/// Prints.
pub fn run(args: &Args) -> Ended {
    let text = match (args.menu, args.mermaid, args.table) {
        (None, _, _) => workflow::document(),
        (Some(menu), true, _) => workflow::mermaid(menu),
        (Some(menu), _, true) => workflow::table(menu),
        (Some(menu), false, false) => workflow::section(menu),
    };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}
