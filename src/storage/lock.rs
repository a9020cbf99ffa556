//! The operating system's lock that keeps a second serving process from a SQLite file.

use crate::storage::connection::Target;
use crate::storage::private;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Held as long as the value lives; the operating system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// Takes the lock of a database; PostgreSQL needs none.
pub fn take(target: &Target, patience: Duration) -> io::Result<Option<FileLock>> {
    let Target::Sqlite(path) = target else { return Ok(None) };
    let mut name = path.clone().into_os_string();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = private::options().open(&path)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(FileLock { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) if started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::WouldBlock,
                    format!(
                        "another process of Sentra uses this database ({} is locked)",
                        path.display()
                    ),
                ));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
    }
}
