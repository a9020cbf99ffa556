//! What Sentra writes is for its own account alone: the database with its log, index and lock, mail, documents.

#![cfg(unix)]

use crate::support::served::{Served, sentra};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    let found =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.permissions().mode() & 0o777
}

#[test]
fn nobody_else_on_the_machine_reads_the_data_folder_or_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let made = sentra().args(["migrate", "--data-dir"]).arg(&data).output().expect("run");
    assert!(made.status.success(), "{made:?}");
    assert_eq!((mode(&data), mode(&data.join("documents"))), (0o700, 0o700));
    let database = data.join("sentra.db");
    assert_eq!(mode(&database), 0o600);
    let _served = Served::start(&database.display().to_string(), &data);
    for end in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&data.join(format!("sentra.db{end}"))), 0o600, "{end}");
    }
}
