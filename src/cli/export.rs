//! `sentra export`: writes one consistent picture of proposals, of the journal, of the audit trail, or of projects into a
//! file, beside a server that may be running.

use crate::app::config::{DataArgs, PublishingArgs};
use crate::cli::{Ended, serve};
use crate::domain::ids::RegionCode;
use crate::service::context::Context;
use crate::service::export::{self, Entries, Scope};
use crate::service::sheet::Format;
use crate::service::{Services, private, seal};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What is exported.
    #[arg(value_enum)]
    what: What,
    /// The file, which is made or replaced; proposals and the journal are written as CSV or XLSX, by its ending.
    #[arg(long)]
    to: PathBuf,
    /// Of this year.
    #[arg(long)]
    fiscal_year: Option<i64>,
    /// Of this province, and its kabupaten and kota.
    #[arg(long)]
    province: Option<RegionCode>,
    /// Of this region.
    #[arg(long)]
    region: Option<RegionCode>,
    /// The address that people reach the service by, for links in projects.
    #[arg(long, env = "SENTRA_BASE_URL", default_value = "http://127.0.0.1:8080")]
    base_url: String,
    #[command(flatten)]
    publishing: PublishingArgs,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Projects, as a package of the Open Contracting for Infrastructure Data Standard.
    Oc4ids,
    /// Proposals with their figures.
    Proposals,
    /// Every entry of the journal.
    Journal,
    /// The audit trail as lines of JSON, with the personal values that are not erased, for `tools/verify_audit.py`.
    Audit,
}

impl What {
    /// What the event that tells of it calls it.
    const fn kind(self) -> &'static str {
        match self {
            What::Oc4ids => "oc4ids",
            What::Proposals => "proposals",
            What::Journal => "journal",
            What::Audit => "audit",
        }
    }
}

/// Exports. That it was done is kept in the audit trail first, by nobody who signed in.
pub fn run(args: &Args) -> Ended {
    let store = serve::store(&args.data)?;
    let services = store.services_at_this_version().map_err(|error| error.to_string())?;
    let part = part_of(&args.to)?;
    let written = write(args, &services, &part).and_then(|count| {
        fs::rename(&part, &args.to).map_err(|error| unwritten(&args.to, &error))?;
        Ok(count)
    });
    if written.is_err() {
        // Half a file is none.
        let _ = fs::remove_file(&part);
    }
    let count = written?;
    let what = match args.what {
        What::Oc4ids => "projects",
        What::Proposals => "proposals",
        What::Journal => "entries",
        What::Audit => "sealed events",
    };
    println!("{count} {what} in {}", args.to.display());
    Ok(ExitCode::SUCCESS)
}

fn write(args: &Args, services: &Services, part: &Path) -> Result<u64, String> {
    let scope = Scope {
        fiscal_year: args.fiscal_year,
        region_code: args.region.clone(),
        province_code: args.province.clone(),
        proposal_id: None,
    };
    if args.what == What::Audit && scope != Scope::default() {
        return Err(
            "the audit trail is exported whole: it takes no --fiscal-year, --province or --region"
                .to_owned(),
        );
    }
    let cx = Context::system(services.clock.now());
    let format = match args.what {
        What::Proposals | What::Journal => Some(format_of(&args.to)?),
        What::Oc4ids | What::Audit => None,
    };
    export::record(services, &cx, args.what.kind(), &scope).map_err(|error| error.to_string())?;
    let (filter, format) = (scope.filter(), format.unwrap_or(Format::Csv));
    let file = private::file(part).map_err(|error| unwritten(part, &error))?;
    let out = BufWriter::new(file);
    let (out, count) = match args.what {
        What::Oc4ids => {
            let publisher = args.publishing.publishing().at(&args.base_url);
            let mut out = out;
            let count = export::oc4ids(services, &cx, &scope, &publisher, &mut out);
            count.map(|count| (out, count))
        }
        What::Proposals => export::proposals(services, &cx, &filter, format, out),
        What::Journal => export::journal(services, &cx, &Entries::Proposals(filter), format, out),
        What::Audit => {
            let mut out = out;
            let count = seal::export::export(services, &mut out, |_| {});
            count.map(|count| (out, u64::try_from(count).unwrap_or_default()))
        }
    }
    .map_err(|error| error.to_string())?;
    finished(out).map_err(|error| unwritten(part, &error))?;
    Ok(count)
}

/// Puts everything on the disk.
fn finished(mut out: BufWriter<File>) -> std::io::Result<()> {
    out.flush()?;
    out.get_ref().sync_all()
}

fn unwritten(path: &Path, error: &std::io::Error) -> String {
    format!("can't write {}: {error}", path.display())
}

/// The file beside it that is written first: what is there stays whole until the new one is.
fn part_of(to: &Path) -> Result<PathBuf, String> {
    let name = to.file_name().ok_or_else(|| format!("{} is no file", to.display()))?;
    let mut part = name.to_owned();
    part.push(format!(".{}.part", std::process::id()));
    Ok(to.with_file_name(part))
}

fn format_of(to: &Path) -> Result<Format, String> {
    let ending = to.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(Format::Csv),
        Some("xlsx") => Ok(Format::Xlsx),
        _ => Err(format!("{} has to end in .csv or .xlsx", to.display())),
    }
}
