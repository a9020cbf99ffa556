//! Brings checkpoints out of the database, where whoever has the database can't reach them: into a folder, and into the
//! bucket of documents. What is there is compared with the database, and never replaced.

use crate::service::Services;
use crate::service::error::Error;
use crate::service::private;
use crate::service::seal::note::{self, MAX_NOTE};
use crate::service::store::{self, ObjectStorage, StoreError};
use crate::storage::checkpoint::{self, Checkpoint as Row};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder of checkpoints in the data folder.
pub const FOLDER: &str = "checkpoints";
/// Checkpoints that are brought out in one step.
const PAGE: i64 = 200;
/// Days whose checkpoints are looked through for the largest, from the newest back.
const MOST_DAYS: usize = 16;
/// How long one step uploads before it begins no further object: who ends the service waits for no more than that, and one.
const UPLOADING: Duration = Duration::from_secs(5);
/// What the keys of checkpoints begin with in a bucket.
const PREFIX: &str = "checkpoints";

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

    /// The files with the largest checkpoint of each day; none where the folder is not there. Each covers those before.
    pub fn last_of_each_day(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for day in names(&self.path, |name| is_day(name).then(|| name.to_owned()))? {
            let folder = self.path.join(day);
            let last = names(&folder, size_of)?.into_iter().max();
            found.extend(last.map(|size| folder.join(file_name(size))));
        }
        found.sort();
        Ok(found)
    }

    /// The checkpoint of the largest size.
    pub fn last(&self) -> io::Result<Option<Found>> {
        let days = names(&self.path, |name| is_day(name).then(|| name.to_owned()))?;
        let mut last: Option<(i64, PathBuf)> = None;
        for day in newest(days) {
            let folder = self.path.join(day);
            let largest = names(&folder, size_of)?.into_iter().max();
            last = last.max(largest.map(|size| (size, folder.join(file_name(size)))));
        }
        let Some((size, path)) = last else { return Ok(None) };
        let note = read(&path)?.unwrap_or_default();
        Ok(Some(Found { place: path.display().to_string(), size, note }))
    }

    /// Writes a checkpoint, for good: file and folders are on the disk when this comes back.
    fn write(&self, row: &Row) -> Result<(), Error> {
        let folder = self.path.join(row.made_at.0.date().to_string());
        let path = folder.join(file_name(row.size));
        if let Some(note) = read(&path).map_err(StoreError::from)? {
            let found = Found { place: path.display().to_string(), size: row.size, note };
            return found.agrees(Some(row));
        }
        let write = || {
            private::folder(&folder)?;
            // Under another name until it is whole.
            let partial = path.with_extension("partial");
            let mut file = private::file(&partial)?;
            file.write_all(row.note.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&partial, &path)?;
            note::sync_folder_of(&path)?;
            note::sync_folder_of(&folder)
        };
        Ok(write().map_err(StoreError::from)?)
    }
}

/// Sorts as its size does.
fn file_name(size: i64) -> String {
    format!("{size:012}.txt")
}

fn size_of(name: &str) -> Option<i64> {
    name.strip_suffix(".txt")?.parse().ok()
}

fn is_day(name: &str) -> bool {
    name.parse::<chrono::NaiveDate>().is_ok()
}

/// The newest of some days. Where the clock was ahead once, its day stays the newest, and is not the one with the largest size.
fn newest(mut days: Vec<String>) -> Vec<String> {
    days.sort_unstable_by(|one, other| other.cmp(one));
    days.truncate(MOST_DAYS);
    days
}

/// The names in a folder, as they are read; none where the folder is not there.
fn names<T>(folder: &Path, of: impl Fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(entry?.file_name().to_str().and_then(&of));
    }
    Ok(found)
}

/// What a file holds, as far as a note may be long; `None` where it is not there.
fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(u64::try_from(MAX_NOTE).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A checkpoint that was found outside the database.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where.
    pub place: String,
    /// By its name: how many events it covers.
    pub size: i64,
    /// The signed note.
    pub note: String,
}

impl Found {
    /// Whether the database has it too: another root, or none, means that it was set back, cut or rewritten.
    fn agrees(&self, row: Option<&Row>) -> Result<(), Error> {
        let Found { place, size, note } = self;
        let found = note::unproved(note).map(|found| found.root.to_string());
        let why = match row {
            Some(row) if row.note == *note || Some(&row.root) == found.as_ref() => return Ok(()),
            Some(_) => "says something else of the first",
            None => "has no checkpoint of the first",
        };
        Err(Error::Defect(format!(
            "{place} was signed, and the database {why} {size} events: it was set back, cut or rewritten. \
             Nothing is brought out there until that is settled"
        )))
    }

    fn compared(&self, sv: &Services) -> Result<(), Error> {
        let row = sv.db.read(|tx| Ok::<_, Error>(checkpoint::of_size(tx, self.size)?))?;
        self.agrees(row.as_ref())
    }
}

/// The checkpoint of the largest size in a bucket.
fn last_in(store: &ObjectStorage) -> Result<Option<Found>, Error> {
    let days = store::wait(store.names_under(PREFIX))?;
    let mut last: Option<(i64, String)> = None;
    for day in newest(days.into_iter().filter(|name| is_day(name)).collect()) {
        let names = store::wait(store.names_under(&format!("{PREFIX}/{day}")))?;
        let largest = names.iter().filter_map(|name| size_of(name)).max();
        last = last.max(largest.map(|size| (size, day)));
    }
    let Some((size, day)) = last else { return Ok(None) };
    let key = format!("{PREFIX}/{day}/{}", file_name(size));
    let note = store::wait(store.small(&key, MAX_NOTE))?.unwrap_or_default();
    Ok(Some(Found { place: format!("{key} in the bucket"), size, note }))
}

fn upload(store: &ObjectStorage, row: &Row) -> Result<Found, Error> {
    let key = format!("{PREFIX}/{}/{}", row.made_at.0.date(), file_name(row.size));
    let found = |note| Found { place: format!("{key} in the bucket"), size: row.size, note };
    if let Some(note) = store::wait(store.small(&key, MAX_NOTE))? {
        let there = found(note);
        return there.agrees(Some(row)).map(|()| there);
    }
    let (arrival, mut file) = store.arrival()?;
    file.write_all(row.note.as_bytes()).map_err(StoreError::from)?;
    store::wait(store.keep(&arrival, &key))?;
    Ok(found(row.note.clone()))
}

/// How far checkpoints were written into a folder.
#[derive(Debug, Clone)]
pub struct IntoFolder {
    folder: Folder,
    /// The size of the last one that this process wrote.
    written: i64,
}

impl IntoFolder {
    /// Goes on where the folder ends.
    pub fn new(folder: Folder) -> IntoFolder {
        IntoFolder { folder, written: 0 }
    }

    /// Writes what is new, some hundreds at most; how many files. What fails is tried again at the next call.
    pub fn write(&mut self, sv: &Services) -> Result<usize, Error> {
        // Each time: a database can be set back while this runs.
        let last = self.folder.last().map_err(StoreError::from)?;
        if let Some(last) = &last {
            last.compared(sv)?;
        }
        let after = self.written.max(last.map_or(0, |last| last.size));
        let rows = sv.db.read(|tx| Ok::<_, Error>(checkpoint::page(tx, after, PAGE)?))?;
        for row in &rows {
            self.folder.write(row)?;
            self.written = row.size;
        }
        Ok(rows.len())
    }
}

/// How far checkpoints were uploaded into the bucket of documents. A bucket can be slow, and each thing that is asked of it
/// is waited for as long as its patience says: nobody else should have to wait for this.
#[derive(Debug, Clone, Default)]
pub struct IntoBucket {
    /// The last one in the bucket; what is there is looked up first.
    uploaded: Option<Found>,
    looked: bool,
}

impl IntoBucket {
    /// Uploads what is new, where documents are in a bucket: some hundreds, and no further one once that took some seconds;
    /// how many objects.
    pub fn upload(&mut self, sv: &Services) -> Result<usize, Error> {
        let store = &sv.documents.store;
        if !store.is_remote() {
            return Ok(0);
        }
        let begun = Instant::now();
        if !self.looked {
            self.uploaded = last_in(store)?;
            self.looked = true;
        }
        if let Some(last) = &self.uploaded {
            last.compared(sv)?;
        }
        let after = self.uploaded.as_ref().map_or(0, |last| last.size);
        let rows = sv.db.read(|tx| Ok::<_, Error>(checkpoint::page(tx, after, PAGE)?))?;
        let mut objects = 0_usize;
        for row in &rows {
            self.uploaded = Some(upload(store, row)?);
            objects = objects.saturating_add(1);
            if begun.elapsed() >= UPLOADING {
                break;
            }
        }
        Ok(objects)
    }
}

/// Both, for who waits for them.
#[derive(Debug, Clone)]
pub struct Outlet {
    folder: IntoFolder,
    bucket: IntoBucket,
}

impl Outlet {
    /// Goes on where folder and bucket end.
    pub fn new(folder: Folder) -> Outlet {
        Outlet { folder: IntoFolder::new(folder), bucket: IntoBucket::default() }
    }

    /// Brings out until nothing is left; the bucket is tried also when the folder fails.
    pub fn bring_out(&mut self, sv: &Services) -> Result<(), Error> {
        let all = |step: &mut dyn FnMut() -> Result<usize, Error>| {
            while step()? > 0 {}
            Ok(())
        };
        let written = all(&mut || self.folder.write(sv));
        let uploaded = all(&mut || self.bucket.upload(sv));
        written.and(uploaded)
    }
}
