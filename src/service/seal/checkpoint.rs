//! Checkpoints: the root of the sealed trail at a size, signed, kept, and brought out of the database, where whoever has
//! the database can't reach them.

use crate::service::Services;
use crate::service::error::Error;
use crate::service::private;
use crate::service::seal::merkle::Hash;
use crate::service::seal::note::{self, Checkpoint, SealKeys, VerifierKey};
use crate::service::seal::{proof, sealer};
use crate::service::store;
use crate::storage::checkpoint::{self, Checkpoint as Row, Key};
use crate::storage::seal;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Checkpoints that are brought out in one step.
const PAGE: i64 = 200;
/// The most keys that are known: one more each time a key is changed.
pub const MOST_KEYS: i64 = 1_000;

/// Signs the trail as far as it is sealed now; `None` when there is a checkpoint of that size, or nothing is sealed.
///
/// It leaves no event: an event would be sealed, and need a checkpoint again. What it leaves is its own proof.
pub fn make(sv: &Services, keys: &SealKeys) -> Result<Option<Row>, Error> {
    sv.db.write(
        "seal.checkpoint",
        |tx| {
            let sealer = sealer(seal::find(tx)?)?;
            let size = sealer.last_seq;
            if size == 0 || checkpoint::of_size(tx, size)?.is_some() {
                return Ok(None);
            }
            let (root, made_at) = (proof::root(tx, size)?, sv.clock.now());
            let events = u64::try_from(size).unwrap_or_default();
            let signed = Checkpoint { origin: sealer.origin, size: events, root, made_at };
            let note = keys.sign(&signed)?;
            let row = Row { size, root: root.to_string(), note, made_at };
            if checkpoint::append(tx, &row)? == 0 {
                return Ok(None);
            }
            for verifier in keys.verifiers(&signed.origin) {
                let key = Key { verifier_key: verifier.to_string(), first_used_at: made_at };
                checkpoint::remember_key(tx, &key)?;
            }
            Ok(Some(row))
        },
        |_, _| Ok(()),
    )
}

/// The newest checkpoint.
pub fn newest(sv: &Services) -> Result<Option<Row>, Error> {
    sv.db.read(|tx| Ok(checkpoint::newest(tx)?))
}

/// The public keys that ever signed.
pub fn known_keys(sv: &Services) -> Result<Vec<VerifierKey>, Error> {
    let rows = sv.db.read(|tx| Ok::<_, Error>(checkpoint::keys(tx, MOST_KEYS)?))?;
    rows.iter().map(parsed).collect()
}

/// A key as it was kept.
pub fn parsed(key: &Key) -> Result<VerifierKey, Error> {
    key.verifier_key
        .parse()
        .map_err(|error| Error::Defect(format!("{}: {error}", key.verifier_key)))
}

/// The name of this trail in its checkpoints.
pub fn origin(sv: &Services) -> Result<String, Error> {
    Ok(sv.db.read(|tx| sealer(seal::find(tx)?))?.origin)
}

/// A folder that checkpoints are written into, one file each, sorted into a folder for each day.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder; it is made when it is needed.
    pub fn new(path: PathBuf) -> Folder {
        Folder { path }
    }

    /// The largest size of a file that is there; 0 where there is none.
    pub fn largest(&self) -> io::Result<i64> {
        let day = largest(&self.path, |name| (name.len() == 10).then(|| name.to_owned()))?;
        let Some(day) = day else { return Ok(0) };
        let size = largest(&self.path.join(day), |name| name.strip_suffix(".txt")?.parse().ok())?;
        Ok(size.unwrap_or_default())
    }

    /// Writes a checkpoint, for good: file and folders are on the disk when this comes back.
    fn write(&self, row: &Row) -> io::Result<PathBuf> {
        let folder = self.path.join(row.made_at.0.date().to_string());
        private::folder(&folder)?;
        let path = folder.join(file_name(row));
        // Under another name until it is whole.
        let partial = path.with_extension("partial");
        let mut file = private::file(&partial)?;
        file.write_all(row.note.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&partial, &path)?;
        note::sync_folder_of(&path)?;
        note::sync_folder_of(&folder)?;
        Ok(path)
    }
}

/// Sorts as its size does.
fn file_name(row: &Row) -> String {
    format!("{:012}.txt", row.size)
}

/// The largest name in a folder, as it is read; `None` where the folder is not there, or holds none.
fn largest<T: Ord>(folder: &Path, read: impl Fn(&str) -> Option<T>) -> io::Result<Option<T>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut found = None;
    for entry in entries {
        found = found.max(entry?.file_name().to_str().and_then(&read));
    }
    Ok(found)
}

/// How far checkpoints were brought out of the database.
#[derive(Debug, Clone)]
pub struct Outlet {
    folder: Folder,
    written: i64,
    uploaded: Option<i64>,
}

impl Outlet {
    /// Goes on where the folder ends. To a bucket goes at least the newest once more, under the same name.
    pub fn new(folder: Folder) -> Result<Outlet, Error> {
        let written = folder.largest().map_err(store::StoreError::from)?;
        Ok(Outlet { folder, written, uploaded: None })
    }

    /// Brings out what is new, some hundreds at most; how many files it wrote. A folder or bucket that fails is tried
    /// again at the next call.
    pub fn bring_out(&mut self, sv: &Services) -> Result<usize, Error> {
        let after = self.written;
        let rows = sv.db.read(|tx| Ok::<_, Error>(checkpoint::page(tx, after, PAGE)?))?;
        for row in &rows {
            self.folder.write(row).map_err(store::StoreError::from)?;
            self.written = row.size;
        }
        self.upload(sv)?;
        Ok(rows.len())
    }

    fn upload(&mut self, sv: &Services) -> Result<(), Error> {
        if !sv.documents.store.is_remote() {
            return Ok(());
        }
        let after = match self.uploaded {
            Some(size) => size,
            None => newest(sv)?.map_or(0, |row| row.size).saturating_sub(1),
        };
        let rows = sv.db.read(|tx| Ok::<_, Error>(checkpoint::page(tx, after, PAGE)?))?;
        for row in &rows {
            let (arrival, mut file) = sv.documents.store.arrival()?;
            file.write_all(row.note.as_bytes()).map_err(store::StoreError::from)?;
            let key = format!("checkpoints/{}/{}", row.made_at.0.date(), file_name(row));
            store::wait(sv.documents.store.keep(&arrival, &key))?;
            self.uploaded = Some(row.size);
        }
        Ok(())
    }
}

/// The root of a checkpoint's row, as it was kept.
pub fn root_of(row: &Row) -> Option<Hash> {
    Hash::from_hex(&row.root)
}
