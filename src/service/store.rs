//! Where the bytes of documents are: a folder, or a bucket of an S3 server, behind the interface of `object_store`. Bytes
//! arrive in a file of their own, and come under their key when they are whole, hashed and looked at.

mod bucket;
mod folder;
mod unfinished;
mod wire;

pub use bucket::{BucketKey, BucketSettings};

use crate::storage::private;
use bucket::Bucket;
use bytes::Bytes;
use folder::Folder;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore};
use std::fs::{self, File};
use std::future::Future;
use std::io::{self, ErrorKind, Seek, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// As many bytes as a folder has to take to count as one that can be written.
const TRIED_BYTES: usize = 4096;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, or fails, or is too slow.
    #[error("the store of documents fails: {0}")]
    Unavailable(String),
    /// Too many documents are on their way into it.
    #[error("too many documents arrive at once")]
    Busy,
    /// No space is left in it.
    #[error("no space is left for documents: {0}")]
    Full(String),
    /// The bytes that should be there are not.
    #[error("the bytes of a document are missing: {0}")]
    Missing(String),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                StoreError::Full(error.to_string())
            }
            _ => StoreError::Unavailable(error.to_string()),
        }
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { path, .. } => StoreError::Missing(path),
            other => StoreError::Unavailable(other.to_string()),
        }
    }
}

/// How long an S3 server is waited for. A folder is waited for as long as the disk takes.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until a request is answered, and for all the waiting during an answer; the time that its bytes take comes on top.
    pub answer: Duration,
    /// The fewest bytes in a second.
    pub bytes_per_second: u64,
    /// How often a request is sent again after it failed.
    pub retries: usize,
    /// The pause before it is sent again, at first; it doubles.
    pub pause: Duration,
    /// After this long nothing is sent again, and no first byte is waited for.
    pub in_all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(10),
            bytes_per_second: 256 * 1024,
            retries: 2,
            pause: Duration::from_millis(200),
            in_all: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// How long an exchange of so many bytes may take.
    pub fn for_bytes(&self, bytes: u64) -> Duration {
        let seconds = bytes.checked_div(self.bytes_per_second).unwrap_or_default();
        self.answer.saturating_add(Duration::from_secs(seconds))
    }
}

/// The store of documents.
#[derive(Debug, Clone)]
pub struct ObjectStorage {
    arrivals: PathBuf,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Folder),
    Bucket(Bucket),
}

/// The bytes of a document, or a part of them, as they come.
pub type Content = BoxStream<'static, Result<Bytes, StoreError>>;

/// Waits for the store on a thread that may block.
pub fn wait<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

impl ObjectStorage {
    /// The store in a folder, which is made when it is needed.
    pub fn in_folder(folder: &Path) -> ObjectStorage {
        let place = Place::Folder(Folder::new(folder.join("objects")));
        ObjectStorage { arrivals: folder.join("arrivals"), place }
    }

    /// The store in a bucket; what arrives is in a folder until it is looked at. The server is not asked yet.
    pub fn in_bucket(settings: &BucketSettings, folder: &Path) -> Result<ObjectStorage, String> {
        let place = Place::Bucket(Bucket::open(settings)?);
        Ok(ObjectStorage { arrivals: folder.join("arrivals"), place })
    }

    /// Whether it is in a bucket, and so elsewhere than the data folder.
    pub fn is_remote(&self) -> bool {
        matches!(self.place, Place::Bucket(_))
    }

    /// A file for bytes that arrive; it goes when the value does, unless it is kept. Blocks.
    pub fn arrival(&self) -> Result<(Arrival, File), StoreError> {
        private::folder(&self.arrivals)?;
        let path = self.arrivals.join(Uuid::now_v7().to_string());
        let file = private::options().read(true).create_new(true).open(&path)?;
        Ok((Arrival(path), file))
    }

    /// Keeps what arrived under a key, for good: no crash takes it away once this came back. Blocks on a folder's disk.
    pub async fn keep(&self, arrival: &Arrival, key: &str) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.keep(&arrival.0, key),
            Place::Bucket(bucket) => bucket.keep(&arrival.0, key).await,
        }
    }

    /// The bytes under a key, or a range of them. Fails before the first byte when they are not all there.
    pub async fn content(
        &self,
        key: &str,
        size: u64,
        range: Option<Range<u64>>,
    ) -> Result<Content, StoreError> {
        match &self.place {
            Place::Folder(folder) => read(&folder.reader()?, &Key::from(key), size, range).await,
            Place::Bucket(bucket) => {
                let place = bucket.place(key);
                let reading = read(bucket.reader(), &place, size, range);
                let begun = tokio::time::timeout(bucket.patience().in_all, reading).await;
                begun.unwrap_or_else(|_| {
                    Err(StoreError::Unavailable(format!("{key} did not come in time")))
                })
            }
        }
    }

    /// The bytes under a key as a file, for those who read nothing else. Blocks on disks.
    pub async fn open(&self, key: &str, size: u64) -> Result<File, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.open(key),
            Place::Bucket(_) => {
                // Its name goes with the value, its bytes when the file is closed.
                let (_arrival, mut file) = self.arrival()?;
                let mut parts = self.content(key, size, None).await?;
                while let Some(part) = parts.try_next().await? {
                    file.write_all(&part)?;
                }
                file.rewind()?;
                Ok(file)
            }
        }
    }

    /// What a small object holds, as text, cut after so many bytes; `None` where it is not there.
    pub async fn small(&self, key: &str, most: usize) -> Result<Option<String>, StoreError> {
        match &self.place {
            Place::Folder(folder) => beginning(&folder.reader()?, &Key::from(key), most).await,
            Place::Bucket(bucket) => {
                let place = bucket.place(key);
                in_time(bucket, key, beginning(bucket.reader(), &place, most)).await
            }
        }
    }

    /// The next parts of the keys that begin with one.
    pub async fn names_under(&self, key: &str) -> Result<Vec<String>, StoreError> {
        match &self.place {
            Place::Folder(folder) => names(&folder.reader()?, &Key::from(key)).await,
            Place::Bucket(bucket) => {
                let place = bucket.place(key);
                in_time(bucket, key, names(bucket.reader(), &place)).await
            }
        }
    }

    /// Removes the bytes under a key; what is not there is removed already. Blocks on a folder's disk.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.remove(key),
            Place::Bucket(bucket) => bucket.remove(key).await,
        }
    }

    /// The keys of everything that was put there before some time ago.
    pub fn older_than(
        &self,
        age: Duration,
    ) -> Result<BoxStream<'static, Result<String, StoreError>>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.older_than(ago(age)),
            Place::Bucket(bucket) => Ok(bucket.older_than(ago(age))),
        }
    }

    /// Removes the parts of uploads that were begun some time ago and never finished; how many uploads there were.
    pub async fn give_up_unfinished(&self, age: Duration) -> Result<usize, StoreError> {
        match &self.place {
            Place::Folder(_) => Ok(0),
            Place::Bucket(bucket) => bucket.give_up_unfinished(ago(age)).await,
        }
    }

    /// Whether the store can be reached; a folder has to take bytes, too: one that is full or read-only does not. A
    /// bucket is only read. Answers within seconds.
    pub async fn answers(&self) -> bool {
        match &self.place {
            Place::Folder(folder) => {
                let store = self.clone();
                folder.answers(move || store.takes_bytes()).await
            }
            Place::Bucket(bucket) => bucket.answers().await,
        }
    }

    /// Tries whether bytes can arrive. Blocks.
    fn takes_bytes(&self) -> Result<(), StoreError> {
        let (_arrival, mut file) = self.arrival()?;
        file.write_all(&[0; TRIED_BYTES])?;
        Ok(())
    }

    /// Removes what arrived some time ago and was never kept: its process ended. Files of other names are not ours.
    /// Blocks.
    pub fn drop_arrivals(&self, age: Duration) -> Result<usize, StoreError> {
        let mut dropped = 0;
        private::folder(&self.arrivals)?;
        for entry in fs::read_dir(&self.arrivals)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(is_id) {
                continue;
            }
            // It may be kept, or gone, meanwhile.
            let Ok(made) = entry.metadata().and_then(|of| of.modified()) else { continue };
            if made.elapsed().is_ok_and(|old| old >= age) && fs::remove_file(entry.path()).is_ok() {
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

/// Whether a name is an id as it is written in keys: in small letters, with hyphens.
fn is_id(name: &str) -> bool {
    Uuid::try_parse(name).is_ok_and(|id| id.to_string() == name)
}

/// The key of an object beneath a prefix, when it is one that Sentra gives, `PROPOSAL/DOCUMENT`: nothing else in a
/// folder or bucket is its own to remove.
fn own_key(place: &Key, prefix: &Key) -> Option<String> {
    let parts: Vec<_> = place.prefix_match(prefix)?.collect();
    match parts.as_slice() {
        [proposal, document] if is_id(proposal.as_ref()) && is_id(document.as_ref()) => {
            Some(format!("{}/{}", proposal.as_ref(), document.as_ref()))
        }
        _ => None,
    }
}

fn ago(age: Duration) -> SystemTime {
    SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// What a bucket does within the time that it has.
async fn in_time<T>(
    bucket: &Bucket,
    key: &str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let done = tokio::time::timeout(bucket.patience().in_all, work).await;
    done.unwrap_or_else(|_| {
        Err(StoreError::Unavailable(format!("nothing was told of {key} in time")))
    })
}

async fn beginning(
    store: &dyn ObjectStore,
    place: &Key,
    most: usize,
) -> Result<Option<String>, StoreError> {
    let found = match store.get_opts(place, GetOptions::default()).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut parts = found.into_stream();
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(part) = parts.try_next().await?
    {
        bytes.extend_from_slice(&part);
    }
    bytes.truncate(most);
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

async fn names(store: &dyn ObjectStore, place: &Key) -> Result<Vec<String>, StoreError> {
    let found = store.list_with_delimiter(Some(place)).await?;
    let objects = found.objects.into_iter().map(|object| object.location);
    let all = found.common_prefixes.into_iter().chain(objects);
    Ok(all.filter_map(|key| key.filename().map(str::to_owned)).collect())
}

/// Reads from a store up to the first bytes, so that what fails until then is an error and no broken answer.
async fn read(
    store: &dyn ObjectStore,
    place: &Key,
    size: u64,
    range: Option<Range<u64>>,
) -> Result<Content, StoreError> {
    let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
    let found = store.get_opts(place, options).await?;
    if found.meta.size != size {
        let words = format!("{place} has {} bytes, not {size}", found.meta.size);
        return Err(StoreError::Missing(words));
    }
    let mut parts = found.into_stream().map_err(StoreError::from).boxed();
    let first = parts.try_next().await?;
    Ok(stream::iter(first.map(Ok)).chain(parts).boxed())
}

/// A file of bytes that arrive.
#[derive(Debug)]
pub struct Arrival(PathBuf);

impl Arrival {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // It is gone when it was kept.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn store() -> (tempfile::TempDir, ObjectStorage) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ObjectStorage::in_folder(folder.path());
        (folder, store)
    }

    #[test]
    fn what_is_kept_is_read_back_whole_and_in_part() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(kept_and_read_back());
    }

    async fn kept_and_read_back() {
        let (_folder, store) = store();
        let (arrival, mut file) = store.arrival().expect("a file");
        file.write_all(b"0123456789").expect("written");
        store.keep(&arrival, "a/b").await.expect("kept");
        assert!(!arrival.path().exists());
        for (range, expected) in [(None, "0123456789"), (Some(2..5), "234")] {
            let parts = store.content("a/b", 10, range).await.expect("there");
            let bytes: Vec<Bytes> = parts.try_collect().await.expect("read");
            assert_eq!(bytes.concat(), expected.as_bytes());
        }
        let other = store.content("a/b", 11, None).await;
        assert!(matches!(other, Err(StoreError::Missing(_))), "cut short is missing");
        store.remove("a/b").await.expect("removed");
        store.remove("a/b").await.expect("removed already");
        assert!(matches!(store.content("a/b", 10, None).await, Err(StoreError::Missing(_))));
    }

    #[test]
    fn a_key_is_two_ids_and_nothing_else() {
        let (one, other) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
        let own = |place: &str, prefix: &str| own_key(&Key::from(place), &Key::from(prefix));
        let key = format!("{one}/{other}");
        assert_eq!(own(&key, ""), Some(key.clone()));
        assert_eq!(own(&format!("some/documents/{key}"), "some/documents"), Some(key.clone()));
        for foreign in [
            "a/b".to_owned(),
            one.clone(),
            format!("{one}/notes.txt"),
            format!("x/{key}"),
            format!("{key}/x"),
            format!("{one}/{}", other.to_uppercase()),
            format!("{one}/{}", other.replace('-', "")),
        ] {
            assert_eq!(own(&foreign, ""), None, "{foreign}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_on_the_machine_reads_a_store_in_a_folder_of_its_own() {
        use std::os::unix::fs::PermissionsExt;
        let above = tempfile::tempdir().expect("a folder");
        let root = above.path().join("documents");
        let store = ObjectStorage::in_folder(&root);
        let (arrival, mut file) = store.arrival().expect("a file");
        file.write_all(b"0123456789").expect("written");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mode = |path: &Path| {
            let found = fs::metadata(path).expect("there").permissions().mode();
            found & 0o777
        };
        assert_eq!(mode(arrival.path()), 0o600);
        runtime.block_on(store.keep(&arrival, "a/b")).expect("kept");
        for folder in ["", "arrivals", "objects", "objects/a"] {
            assert_eq!(mode(&root.join(folder)), 0o700, "{folder}");
        }
        assert_eq!(mode(&root.join("objects/a/b")), 0o600);
    }

    #[test]
    fn a_folder_answers_when_it_takes_bytes() {
        let above = tempfile::tempdir().expect("a folder");
        let answers = |path: &Path| {
            let store = ObjectStorage::in_folder(path);
            wait(async { Ok(store.answers().await) }).expect("an answer")
        };
        let root = above.path().join("documents");
        assert!(answers(&root));
        assert_eq!(fs::read_dir(root.join("arrivals")).expect("a folder").count(), 0);
        fs::write(above.path().join("file"), "").expect("written");
        assert!(!answers(&above.path().join("file")), "a file is no folder");
    }

    #[test]
    fn what_arrived_and_was_not_kept_goes() {
        let (_folder, store) = store();
        let (arrival, _file) = store.arrival().expect("a file");
        let path = arrival.path().to_owned();
        assert!(path.exists());
        drop(arrival);
        assert!(!path.exists());
        let (left, _file) = store.arrival().expect("a file");
        let path = left.path().to_owned();
        std::mem::forget(left);
        assert_eq!(store.drop_arrivals(Duration::from_secs(60)).expect("swept"), 0);
        assert_eq!(store.drop_arrivals(Duration::ZERO).expect("swept"), 1);
        assert!(!path.exists());
    }
}
