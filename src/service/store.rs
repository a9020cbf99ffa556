//! Where the bytes of documents are: a folder, behind the interface of `object_store`. Bytes arrive in a file of their
//! own beside it, and are moved under their key when they are whole, hashed, looked at and on the disk.

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, or fails.
    #[error("the store of documents fails: {0}")]
    Unavailable(String),
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

/// The store of documents.
#[derive(Debug, Clone)]
pub struct ObjectStorage {
    objects: PathBuf,
    arrivals: PathBuf,
}

/// The bytes of a document, or a part of them, as they come.
pub type Content = BoxStream<'static, Result<Bytes, StoreError>>;

impl ObjectStorage {
    /// The store in a folder, which is made when it is needed.
    pub fn in_folder(folder: &Path) -> ObjectStorage {
        ObjectStorage { objects: folder.join("objects"), arrivals: folder.join("arrivals") }
    }

    fn backend(&self) -> Result<LocalFileSystem, StoreError> {
        fs::create_dir_all(&self.objects)?;
        Ok(LocalFileSystem::new_with_prefix(&self.objects)?)
    }

    /// A file for bytes that arrive; it goes when the value does, unless it is kept.
    pub fn arrival(&self) -> Result<(Arrival, File), StoreError> {
        fs::create_dir_all(&self.arrivals)?;
        let path = self.arrivals.join(uuid::Uuid::now_v7().to_string());
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok((Arrival(path), file))
    }

    /// Keeps what arrived under a key, for good: file and folders are on the disk when this comes back. Blocks.
    pub fn keep(&self, arrival: &Arrival, key: &str) -> Result<(), StoreError> {
        File::open(&arrival.0)?.sync_all()?;
        let to = self.objects.join(key);
        let folder = to.parent().unwrap_or(&self.objects);
        fs::create_dir_all(folder)?;
        fs::rename(&arrival.0, &to)?;
        let mut above = Some(folder);
        while let Some(folder) = above.filter(|folder| folder.starts_with(&self.objects)) {
            File::open(folder)?.sync_all()?;
            above = folder.parent();
        }
        Ok(())
    }

    /// The bytes under a key, or a range of them. Fails before the first byte when they are not all there.
    pub async fn content(
        &self,
        key: &str,
        size: u64,
        range: Option<Range<u64>>,
    ) -> Result<Content, StoreError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.backend()?.get_opts(&Key::from(key), options).await?;
        if found.meta.size != size {
            let words = format!("{key} has {} bytes, not {size}", found.meta.size);
            return Err(StoreError::Missing(words));
        }
        Ok(found.into_stream().map_err(StoreError::from).boxed())
    }

    /// Where the bytes under a key can be read by other means.
    pub fn file(&self, key: &str) -> PathBuf {
        self.objects.join(key)
    }

    /// Removes the bytes under a key; what is not there is removed already. Blocks.
    pub fn remove(&self, key: &str) -> Result<(), StoreError> {
        match fs::remove_file(self.objects.join(key)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The keys of everything that was put there before some time ago.
    pub fn older_than(
        &self,
        age: Duration,
    ) -> Result<BoxStream<'static, Result<String, StoreError>>, StoreError> {
        let then = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let listed = self.backend()?.list(None);
        Ok(listed
            .map_err(StoreError::from)
            .try_filter_map(move |object| {
                let old = SystemTime::from(object.last_modified) <= then;
                std::future::ready(Ok(old.then(|| object.location.to_string())))
            })
            .boxed())
    }

    /// Removes what arrived some time ago and was never kept: its process ended. Blocks.
    pub fn drop_arrivals(&self, age: Duration) -> Result<usize, StoreError> {
        let mut dropped = 0;
        fs::create_dir_all(&self.arrivals)?;
        for entry in fs::read_dir(&self.arrivals)? {
            let entry = entry?;
            // It may be kept, or gone, meanwhile.
            let Ok(made) = entry.metadata().and_then(|of| of.modified()) else { continue };
            if made.elapsed().is_ok_and(|old| old >= age) && fs::remove_file(entry.path()).is_ok() {
                dropped += 1;
            }
        }
        Ok(dropped)
    }
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
        store.keep(&arrival, "a/b").expect("kept");
        assert!(!arrival.path().exists());
        for (range, expected) in [(None, "0123456789"), (Some(2..5), "234")] {
            let parts = store.content("a/b", 10, range).await.expect("there");
            let bytes: Vec<Bytes> = parts.try_collect().await.expect("read");
            assert_eq!(bytes.concat(), expected.as_bytes());
        }
        let other = store.content("a/b", 11, None).await;
        assert!(matches!(other, Err(StoreError::Missing(_))), "cut short is missing");
        store.remove("a/b").expect("removed");
        store.remove("a/b").expect("removed already");
        assert!(matches!(store.content("a/b", 10, None).await, Err(StoreError::Missing(_))));
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
