//! Documents in a folder: a file is moved under its key, and is on the disk, folders too, before it counts as kept.

use crate::service::store::StoreError;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A folder of documents.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder, which is made when it is needed.
    pub fn new(path: PathBuf) -> Folder {
        Folder(path)
    }

    /// The folder as a store to read from.
    pub fn reader(&self) -> Result<LocalFileSystem, StoreError> {
        fs::create_dir_all(&self.0)?;
        Ok(LocalFileSystem::new_with_prefix(&self.0)?)
    }

    /// Keeps a file under a key, for good: file and folders are on the disk when this comes back. Blocks.
    pub fn keep(&self, arrival: &Path, key: &str) -> Result<(), StoreError> {
        File::open(arrival)?.sync_all()?;
        let to = self.0.join(key);
        let folder = to.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        fs::rename(arrival, &to)?;
        let mut above = Some(folder);
        while let Some(folder) = above.filter(|folder| folder.starts_with(&self.0)) {
            File::open(folder)?.sync_all()?;
            above = folder.parent();
        }
        Ok(())
    }

    /// The file under a key. Blocks.
    pub fn open(&self, key: &str) -> Result<File, StoreError> {
        File::open(self.0.join(key)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::Missing(key.to_owned()),
            _ => error.into(),
        })
    }

    /// Removes the file under a key; what is not there is removed already. Blocks.
    pub fn remove(&self, key: &str) -> Result<(), StoreError> {
        match fs::remove_file(self.0.join(key)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The keys of everything that was put there until then.
    pub fn older_than(
        &self,
        then: SystemTime,
    ) -> Result<BoxStream<'static, Result<String, StoreError>>, StoreError> {
        Ok(self
            .reader()?
            .list(None)
            .map_err(StoreError::from)
            .try_filter_map(move |object| {
                let old = SystemTime::from(object.last_modified) <= then;
                std::future::ready(Ok(old.then(|| object.location.to_string())))
            })
            .boxed())
    }

    /// Whether the folder is there, or can be made. Blocks.
    pub fn is_there(&self) -> bool {
        fs::create_dir_all(&self.0).is_ok()
    }
}
