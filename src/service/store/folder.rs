//! Documents in a folder: a file is moved under its key, and is on the disk, folders too, before it counts as kept.

use crate::service::store::{StoreError, own_key};
use crate::storage::private;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How long the disk is waited for when it is asked whether it is there.
const ASKING: Duration = Duration::from_secs(2);

/// A folder of documents.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    /// One asks at a time: a disk that hangs holds one thread, and not one for each who asks.
    asking: Arc<Semaphore>,
}

impl Folder {
    /// The folder, which is made when it is needed.
    pub fn new(path: PathBuf) -> Folder {
        Folder { path, asking: Arc::new(Semaphore::new(1)) }
    }

    /// The folder as a store to read from.
    pub fn reader(&self) -> Result<LocalFileSystem, StoreError> {
        private::folder(&self.path)?;
        Ok(LocalFileSystem::new_with_prefix(&self.path)?)
    }

    /// Keeps a file under a key, for good: file and folders are on the disk when this comes back. Blocks.
    pub fn keep(&self, arrival: &Path, key: &str) -> Result<(), StoreError> {
        File::open(arrival)?.sync_all()?;
        let to = self.path.join(key);
        let folder = to.parent().unwrap_or(&self.path);
        private::folder(folder)?;
        fs::rename(arrival, &to)?;
        let mut above = Some(folder);
        while let Some(folder) = above.filter(|folder| folder.starts_with(&self.path)) {
            File::open(folder)?.sync_all()?;
            above = folder.parent();
        }
        Ok(())
    }

    /// The file under a key. Blocks.
    pub fn open(&self, key: &str) -> Result<File, StoreError> {
        File::open(self.path.join(key)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::Missing(key.to_owned()),
            _ => error.into(),
        })
    }

    /// Removes the file under a key; what is not there is removed already. Blocks.
    pub fn remove(&self, key: &str) -> Result<(), StoreError> {
        match fs::remove_file(self.path.join(key)) {
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
                let key = own_key(&object.location, &Key::default());
                std::future::ready(Ok(key.filter(|_| old)))
            })
            .boxed())
    }

    /// Whether the folder is there, or can be made, and what is tried on its disk comes back well and in time.
    pub async fn answers(
        &self,
        trial: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
    ) -> bool {
        let (path, asking) = (self.path.clone(), self.asking.clone());
        let asked = tokio::time::timeout(ASKING, async move {
            let turn = asking.acquire_owned().await;
            spawn_blocking(move || {
                let _turn = turn;
                private::folder(&path).map_err(StoreError::from).and_then(|()| trial())
            })
            .await
        });
        match asked.await {
            Ok(Ok(Ok(()))) => true,
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "the folder of documents does not take bytes");
                false
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the folder of documents does not answer in time");
                false
            }
        }
    }
}
