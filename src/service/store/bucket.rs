//! Documents in a bucket of an S3 server: whole under their key, or not there at all. Larger ones go in parts, which S3
//! puts together at the end, so that never more than a part is in memory.

use crate::service::secret::Secret;
use crate::service::store::unfinished::Asking;
use crate::service::store::wire::{Trust, Wire};
use crate::service::store::{Patience, StoreError, own_key};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::HttpClient;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;

/// Bytes of a part; what is smaller goes in one. S3 takes 5 MiB at least, and 10,000 parts at most.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Uploads to the store at once: so many parts are in memory at most.
const UPLOADS: usize = 8;
/// How long an upload waits for its turn.
const TURN: Duration = Duration::from_millis(800);
/// How long the answer to whether the store can be reached holds.
const ANSWER_HOLDS: Duration = Duration::from_secs(5);
/// How long that question may take.
const ASKING: Duration = Duration::from_secs(2);

/// Where a bucket is, and who is let in.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// What keys begin with; nothing when empty.
    pub prefix: String,
    /// The server, as `https://host:port`; Amazon's of the region when absent.
    pub endpoint: Option<String>,
    /// The region; `us-east-1` when absent.
    pub region: Option<String>,
    /// Whether the bucket is part of the host's name, and not of the path. An endpoint then names it already.
    pub virtual_host: bool,
    /// Who is let in; as Amazon's usual variables say when absent.
    pub key: Option<BucketKey>,
    /// How long the server is waited for.
    pub patience: Patience,
}

/// An access key.
#[derive(Debug, Clone)]
pub struct BucketKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

/// A bucket of an S3 server.
#[derive(Debug, Clone)]
pub struct Bucket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    s3: AmazonS3,
    client: HttpClient,
    address: String,
    region: String,
    prefix: Key,
    patience: Patience,
    uploads: Semaphore,
    reached: Mutex<Option<(Instant, bool)>>,
}

fn failed(error: &object_store::Error) -> StoreError {
    let words = error.to_string();
    // As several servers say that their disks are full; Amazon's never are.
    if words.contains("507 Insufficient Storage") {
        return StoreError::Full(words);
    }
    StoreError::Unavailable(words)
}

impl Bucket {
    /// A bucket. The server is not asked: whether it answers shows when it is needed.
    pub fn open(settings: &BucketSettings) -> Result<Bucket, String> {
        let patience = settings.patience;
        let mut builder = match &settings.key {
            // Nothing of the environment is mixed into a key that is given.
            Some(key) => AmazonS3Builder::new()
                .with_access_key_id(&key.id)
                .with_secret_access_key(key.secret.reveal()),
            None => AmazonS3Builder::from_env(),
        };
        builder = builder
            .with_bucket_name(&settings.bucket)
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: patience.pause,
                    max_backoff: patience.pause.saturating_mul(10),
                    base: 2.0,
                },
                max_retries: patience.retries,
                retry_timeout: patience.in_all,
            });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        if settings.virtual_host {
            builder = builder.with_virtual_hosted_style_request(true);
        }
        let value = |key: AmazonS3ConfigKey| builder.get_config_value(&key);
        let region = value(AmazonS3ConfigKey::Region).unwrap_or("us-east-1".to_owned());
        let endpoint = value(AmazonS3ConfigKey::Endpoint);
        let in_host =
            value(AmazonS3ConfigKey::VirtualHostedStyleRequest).as_deref() == Some("true");
        let name = &settings.bucket;
        let address = match endpoint.as_deref().map(|endpoint| endpoint.trim_end_matches('/')) {
            Some(endpoint) if in_host => format!("{endpoint}/"),
            Some(endpoint) => format!("{endpoint}/{name}"),
            None if in_host => format!("https://{name}.s3.{region}.amazonaws.com/"),
            None => format!("https://s3.{region}.amazonaws.com/{name}"),
        };
        let trust = match (address.starts_with("http://"), &settings.key) {
            (false, _) => Trust::Needed,
            // Who gives a key for a web identity, or a role, is asked over TLS.
            (true, None) => Trust::Wanted,
            (true, Some(_)) => Trust::Nobody,
        };
        let wire = Wire::new(patience, trust)?;
        let client = HttpClient::new(wire.clone());
        let s3 = builder.with_http_connector(wire).build().map_err(|error| error.to_string())?;
        let prefix = Key::parse(&settings.prefix).map_err(|error| error.to_string())?;
        let (uploads, reached) = (Semaphore::new(UPLOADS), Mutex::new(None));
        Ok(Bucket(Arc::new(Inner {
            s3,
            client,
            address,
            region,
            prefix,
            patience,
            uploads,
            reached,
        })))
    }

    /// The store to read from.
    pub fn reader(&self) -> &dyn ObjectStore {
        &self.0.s3
    }

    /// How long the server is waited for.
    pub fn patience(&self) -> Patience {
        self.0.patience
    }

    /// The whole name of a key.
    pub fn place(&self, key: &str) -> Key {
        key.split('/').fold(self.0.prefix.clone(), |place, part| place.join(part))
    }

    /// Keeps a file under a key: when this comes back, the server has the whole of it.
    pub async fn keep(&self, arrival: &Path, key: &str) -> Result<(), StoreError> {
        let turn = tokio::time::timeout(TURN, self.0.uploads.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(StoreError::Busy) };
        let mut file = tokio::fs::File::open(arrival).await?;
        let size = file.metadata().await?.len();
        let place = self.place(key);
        let allowed = self.0.patience.in_all.saturating_add(self.0.patience.for_bytes(size));
        let too_slow = |_| StoreError::Unavailable(format!("{key} was not taken in {allowed:?}"));
        if size <= PART_BYTES {
            let payload = part(&mut file).await?;
            let put = self.0.s3.put(&place, payload);
            return match tokio::time::timeout(allowed, put).await.map_err(too_slow)? {
                Ok(_) => Ok(()),
                Err(error) => Err(failed(&error)),
            };
        }
        let id = self.0.s3.create_multipart(&place).await.map_err(|error| failed(&error))?;
        let kept = tokio::time::timeout(allowed, self.keep_in_parts(&mut file, &place, &id)).await;
        let kept = kept.map_err(too_slow).and_then(|kept| kept);
        if kept.is_err() {
            let abort = self.0.s3.abort_multipart(&place, &id);
            // Where that fails too, the parts are swept.
            if !matches!(tokio::time::timeout(self.0.patience.answer, abort).await, Ok(Ok(()))) {
                tracing::warn!(key, "parts of a document stay in the store until they are swept");
            }
        }
        kept
    }

    async fn keep_in_parts(
        &self,
        file: &mut tokio::fs::File,
        place: &Key,
        id: &String,
    ) -> Result<(), StoreError> {
        let mut parts: Vec<PartId> = Vec::new();
        loop {
            let payload = part(file).await?;
            if payload.content_length() == 0 {
                break;
            }
            let part = self.0.s3.put_part(place, id, parts.len(), payload).await;
            parts.push(part.map_err(|error| failed(&error))?);
        }
        let whole = self.0.s3.complete_multipart(place, id, parts).await;
        whole.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Removes what is under a key; what is not there is removed already.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match self.0.s3.delete(&self.place(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The keys of everything that was put there until then.
    pub fn older_than(&self, then: SystemTime) -> BoxStream<'static, Result<String, StoreError>> {
        let bucket = self.clone();
        let prefix = Some(&self.0.prefix).filter(|prefix| !prefix.is_root());
        self.0
            .s3
            .list(prefix)
            .map_err(|error| failed(&error))
            .try_filter_map(move |object| {
                let old = SystemTime::from(object.last_modified) <= then;
                std::future::ready(Ok(own_key(&object.location, &bucket.0.prefix).filter(|_| old)))
            })
            .boxed()
    }

    /// Gives up uploads in parts that were begun until then: their process ended. How many there were.
    pub async fn give_up_unfinished(&self, then: SystemTime) -> Result<usize, StoreError> {
        let inner = &self.0;
        let asking = Asking {
            client: &inner.client,
            credentials: inner.s3.credentials(),
            region: &inner.region,
            bucket: &inner.address,
            prefix: inner.prefix.as_ref(),
        };
        let mut given_up = 0;
        for upload in asking.begun().await? {
            let place = Key::from(upload.key.as_str());
            let is_own = own_key(&place, &inner.prefix).is_some();
            if SystemTime::from(upload.initiated) > then || !is_own {
                continue;
            }
            match inner.s3.abort_multipart(&place, &upload.upload_id).await {
                Ok(()) => given_up += 1,
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(given_up)
    }

    /// Whether the server answers, and lets us list the bucket. The answer may be some seconds old.
    pub async fn answers(&self) -> bool {
        let known = *self.0.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, answer)) = known
            && asked.elapsed() < ANSWER_HOLDS
        {
            return answer;
        }
        let options = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
        let prefix = Some(self.0.prefix.as_ref()).filter(|prefix| !prefix.is_empty());
        let asked = tokio::time::timeout(ASKING, self.0.s3.list_paginated(prefix, options)).await;
        let answer = match asked {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the store of documents does not answer as it should");
                false
            }
            Err(_) => {
                tracing::warn!("the store of documents does not answer in time");
                false
            }
        };
        let mut reached = self.0.reached.lock().unwrap_or_else(PoisonError::into_inner);
        *reached = Some((Instant::now(), answer));
        answer
    }
}

/// The next part of a file; empty at its end.
async fn part(file: &mut tokio::fs::File) -> Result<PutPayload, StoreError> {
    let mut bytes = Vec::new();
    file.take(PART_BYTES).read_to_end(&mut bytes).await?;
    Ok(PutPayload::from(Bytes::from(bytes)))
}
