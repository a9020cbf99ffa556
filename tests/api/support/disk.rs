//! A disk that a test can fill.

use crate::support::process::variable;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small file system in memory; unmounted when dropped.
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Nothing where it can't be mounted: then the test has said so, or failed where it has to run.
    pub fn mount(megabytes: u32) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "sentra-test"])
            .arg(folder.path())
            .stderr(Stdio::piped())
            .output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(folder));
        }
        let id = Command::new("id").arg("-u").output().expect("run id").stdout;
        let is_root = String::from_utf8_lossy(&id).trim() == "0";
        let required = is_root && variable("CI").as_deref() == Some("true");
        assert!(!required, "no small disk, and this run has to cover it: {mounted:?}");
        println!("SKIPPED: a small disk can't be mounted (it takes root)");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until nothing more fits; the file to delete afterwards.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = fs::File::create(&path).expect("create");
        for bytes in [64 * 1024, 4096, 1] {
            while file.write_all(&vec![0; bytes]).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
