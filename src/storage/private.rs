//! Files and folders that only the service's own account may read: the database with all money and people in it, mail
//! with its codes, documents. Where the operating system knows no such modes, its own rules hold.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder, with those above it; one that is there already keeps its mode.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options that make a file for writing, which only its owner may read.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file, or one that is there already empty.
pub fn file(path: &Path) -> io::Result<File> {
    options().truncate(true).open(path)
}
