//! Where documents are kept, and within which bounds.

use crate::app::config::secret;
use crate::service::document::Documents;
use crate::service::evidence::Packing;
use crate::service::scan::Clamd;
use crate::service::secret::Secret;
use crate::service::store::{BucketKey, BucketSettings, ObjectStorage, Patience};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Documents.
#[derive(Debug, Clone, Args)]
pub struct DocumentArgs {
    /// Where documents are: s3://bucket/prefix, or file:///folder. By default the folder documents in the data folder.
    ///
    /// Nobody else may keep anything under the same prefix: what belongs to no row of the database is removed.
    #[arg(long, global = true, env = "SENTRA_DOCUMENTS_URL")]
    pub documents_url: Option<String>,
    /// The S3 server: https://host:port. By default Amazon's of the region (without a key id: AWS_ENDPOINT first).
    #[arg(long, global = true, env = "SENTRA_DOCUMENTS_ENDPOINT")]
    pub documents_endpoint: Option<String>,
    /// The region of the bucket. By default us-east-1 (without a key id: AWS_REGION first).
    #[arg(long, global = true, env = "SENTRA_DOCUMENTS_REGION")]
    pub documents_region: Option<String>,
    /// The bucket is in the name of the host, which the endpoint then names, and not in the path.
    #[arg(long, global = true, env = "SENTRA_DOCUMENTS_VIRTUAL_HOST")]
    pub documents_virtual_host: bool,
    /// The id of the access key. Without it Amazon's usual ways are tried: AWS_ACCESS_KEY_ID with
    /// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, a web identity, the container's role, the machine's.
    #[arg(long, global = true, env = "SENTRA_DOCUMENTS_KEY_ID")]
    pub documents_key_id: Option<String>,
    /// The secret of the access key.
    #[arg(long, global = true, env = "SENTRA_DOCUMENTS_SECRET_KEY", hide_env_values = true)]
    pub documents_secret_key: Option<String>,
    /// A file that holds the secret of the access key.
    #[arg(
        long,
        global = true,
        env = "SENTRA_DOCUMENTS_SECRET_KEY_FILE",
        conflicts_with = "documents_secret_key"
    )]
    pub documents_secret_key_file: Option<PathBuf>,
    /// The most bytes of a document.
    #[arg(long, global = true, env = "SENTRA_DOCUMENT_MAX_BYTES", default_value_t = 25 * 1024 * 1024,
          value_parser = clap::value_parser!(u64).range(1..=1024 * 1024 * 1024))]
    pub document_max_bytes: u64,
    /// How long the sender of a document may take, in seconds.
    #[arg(long, global = true, env = "SENTRA_DOCUMENT_SECONDS", default_value_t = 600,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub document_seconds: u64,
    /// The virus scanner clamd: unix:/path or host:port. Without it documents are not scanned.
    #[arg(long, global = true, env = "SENTRA_CLAMD")]
    pub clamd: Option<Clamd>,
    /// After how many hours bytes of documents that belong to no row are removed.
    #[arg(long, global = true, env = "SENTRA_DOCUMENT_ORPHAN_HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u64).range(2..=8_760))]
    pub document_orphan_hours: u64,
}

impl DocumentArgs {
    /// Where documents are, and their bounds. `folder` is where they are by default, and where they arrive.
    pub fn documents(&self, folder: &Path) -> Result<Documents, String> {
        Ok(Documents {
            store: self.store(folder)?,
            max_bytes: self.document_max_bytes,
            upload_time: Duration::from_secs(self.document_seconds),
            clamd: self.clamd.clone(),
            orphan_age: Duration::from_secs(self.document_orphan_hours.saturating_mul(3600)),
            packing: Packing::default(),
        })
    }

    fn store(&self, folder: &Path) -> Result<ObjectStorage, String> {
        let wrong = |words: &str| format!("SENTRA_DOCUMENTS_URL: {words}");
        let url = self.documents_url.as_deref().map(Url::parse).transpose();
        let url = url.map_err(|error| wrong(&error.to_string()))?;
        if let Some(url) = url.as_ref().filter(|url| url.scheme() == "s3") {
            return ObjectStorage::in_bucket(&self.bucket(url)?, folder);
        }
        let for_s3 = [
            &self.documents_endpoint,
            &self.documents_region,
            &self.documents_key_id,
            &self.documents_secret_key,
        ];
        if for_s3.into_iter().any(Option::is_some)
            || self.documents_secret_key_file.is_some()
            || self.documents_virtual_host
        {
            return Err(wrong(
                "must be s3://bucket/prefix where an endpoint, a region, a key, its secret or a virtual host is given",
            ));
        }
        match url {
            None => Ok(ObjectStorage::in_folder(folder)),
            Some(url) if url.scheme() == "file" => {
                let path = url.to_file_path().map_err(|()| wrong("must be file:///folder"))?;
                Ok(ObjectStorage::in_folder(&path))
            }
            Some(_) => Err(wrong("must be s3://bucket/prefix or file:///folder")),
        }
    }

    fn bucket(&self, url: &Url) -> Result<BucketSettings, String> {
        let bucket = url.host_str().filter(|bucket| !bucket.is_empty());
        let bucket = bucket.ok_or("SENTRA_DOCUMENTS_URL: must name a bucket, as s3://bucket")?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(
                "SENTRA_DOCUMENTS_URL: must be s3://bucket/prefix and nothing else".to_owned()
            );
        }
        if let Some(endpoint) = &self.documents_endpoint {
            let known = Url::parse(endpoint).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
            });
            if !known {
                return Err("SENTRA_DOCUMENTS_ENDPOINT: must be https://host:port".to_owned());
            }
        }
        let secret = secret(&self.documents_secret_key, &self.documents_secret_key_file)?;
        let key = match (&self.documents_key_id, secret) {
            (Some(id), Some(secret)) => {
                Some(BucketKey { id: id.clone(), secret: Secret::from(secret) })
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err("SENTRA_DOCUMENTS_KEY_ID needs SENTRA_DOCUMENTS_SECRET_KEY".to_owned());
            }
            (None, Some(_)) => {
                return Err("SENTRA_DOCUMENTS_SECRET_KEY needs SENTRA_DOCUMENTS_KEY_ID".to_owned());
            }
        };
        Ok(BucketSettings {
            bucket: bucket.to_owned(),
            prefix: url.path().trim_matches('/').to_owned(),
            endpoint: self.documents_endpoint.clone(),
            region: self.documents_region.clone(),
            virtual_host: self.documents_virtual_host,
            key,
            patience: Patience::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        documents: DocumentArgs,
    }

    fn given(args: &[&str]) -> DocumentArgs {
        Line::try_parse_from([&["sentra"], args].concat()).expect("arguments").documents
    }

    fn refused(args: &[&str]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        given(args).store(folder.path()).expect_err("refused")
    }

    #[test]
    fn a_url_of_s3_names_a_bucket_and_what_keys_begin_with() {
        let secret = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(secret.path(), "top secret\n").expect("written");
        let file = secret.path().display().to_string();
        let args = given(&[
            "--documents-url=s3://sentra/documents/",
            "--documents-endpoint=https://s3.example:9000",
            "--documents-key-id=me",
            "--documents-secret-key-file",
            &file,
        ]);
        let url = Url::parse(args.documents_url.as_deref().expect("a URL")).expect("a URL");
        let settings = args.bucket(&url).expect("settings");
        assert_eq!((settings.bucket.as_str(), settings.prefix.as_str()), ("sentra", "documents"));
        assert_eq!(settings.key.expect("a key").secret.reveal(), "top secret");
        let folder = tempfile::tempdir().expect("a folder");
        let shown = format!("{:?}", args.store(folder.path()).expect("a store"));
        assert!(!shown.contains("top secret"), "{shown}");
    }

    #[test]
    fn what_can_not_be_meant_is_refused_in_words() {
        for args in [
            &["--documents-url=ftp://a/b"][..],
            &["--documents-url=s3://"],
            &["--documents-url=s3://a?b=c"],
            &["--documents-url=documents"],
            &["--documents-endpoint=https://a"],
            &["--documents-url=file:///a", "--documents-region=b"],
            &["--documents-url=file:///a", "--documents-virtual-host"],
            &["--documents-virtual-host"],
            &["--documents-secret-key=b"],
            &["--documents-secret-key-file=/b"],
        ] {
            assert!(refused(args).contains("SENTRA_DOCUMENTS_URL"), "{args:?}");
        }
        let with = |more: &str| refused(&["--documents-url=s3://a", more]);
        assert!(with("--documents-key-id=a").contains("SENTRA_DOCUMENTS_SECRET_KEY"));
        assert!(with("--documents-secret-key=a").contains("SENTRA_DOCUMENTS_KEY_ID"));
        assert!(with("--documents-endpoint=host:9000").contains("SENTRA_DOCUMENTS_ENDPOINT"));
    }
}
