//! Uploads in parts that were begun and neither finished nor given up, because their process ended: S3 keeps their parts,
//! and asks money for them, until somebody names them.

use crate::service::store::StoreError;
use chrono::{DateTime, Utc};
use hyper::{Method, StatusCode};
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpRequest, HttpRequestBody};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// The most pages that are read in one go; the rest waits for the next.
const MOST_PAGES: usize = 20;

/// An upload that was begun.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Begun {
    /// What it would become.
    pub key: String,
    /// Its id.
    pub upload_id: String,
    /// When it was begun, by the server's clock.
    pub initiated: DateTime<Utc>,
}

/// A page of them, as `ListMultipartUploads` answers.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Listed {
    #[serde(rename = "Upload")]
    uploads: Vec<Begun>,
    is_truncated: bool,
    next_key_marker: String,
    next_upload_id_marker: String,
}

/// Where to ask, and as whom. `object_store` has no call for this.
pub struct Asking<'a> {
    /// Sends requests.
    pub client: &'a HttpClient,
    /// Signs them.
    pub credentials: &'a AwsCredentialProvider,
    /// The region that they are signed for.
    pub region: &'a str,
    /// The address of the bucket.
    pub bucket: &'a str,
    /// What the keys begin with.
    pub prefix: &'a str,
}

impl Asking<'_> {
    /// Every upload that was begun beneath the prefix. A server that does not know the question has none.
    pub async fn begun(&self) -> Result<Vec<Begun>, StoreError> {
        let mut found = Vec::new();
        let mut markers = String::new();
        for _ in 0..MOST_PAGES {
            let Some(page) = self.page(&markers).await? else { break };
            found.extend(page.uploads);
            if !page.is_truncated {
                break;
            }
            let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            markers = format!(
                "&key-marker={}&upload-id-marker={}",
                coded(&page.next_key_marker),
                coded(&page.next_upload_id_marker)
            );
        }
        Ok(found)
    }

    async fn page(&self, markers: &str) -> Result<Option<Listed>, StoreError> {
        let failed = |words: &dyn std::fmt::Display| {
            StoreError::Unavailable(format!("unfinished uploads can't be listed: {words}"))
        };
        let prefix = utf8_percent_encode(self.prefix, NON_ALPHANUMERIC);
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = format!("{}?uploads=&prefix={prefix}{markers}", self.bucket)
            .parse()
            .map_err(|error| failed(&error))?;
        let credential = self.credentials.get_credential().await?;
        AwsAuthorizer::new(&credential, "s3", self.region).try_authorize(&mut request, None)?;
        let answer = self.client.execute(request).await.map_err(|error| failed(&error))?;
        let status = answer.status();
        if matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED) {
            tracing::debug!(%status, "the store does not list unfinished uploads");
            return Ok(None);
        }
        let body = answer.into_body().bytes().await.map_err(|error| failed(&error))?;
        let text = String::from_utf8_lossy(&body);
        if !status.is_success() {
            return Err(failed(&format!("{status} {text}")));
        }
        parse(&text).map(Some).map_err(|error| failed(&error))
    }
}

fn parse(xml: &str) -> Result<Listed, quick_xml::DeError> {
    quick_xml::de::from_str(xml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_with_and_without_uploads() {
        let empty = "<?xml version=\"1.0\"?><ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                     <Bucket>b</Bucket><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
        assert_eq!(parse(empty).expect("a page"), Listed::default());
        let two = "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>\
                   <NextUploadIdMarker>u</NextUploadIdMarker>\
                   <Upload><Key>a/b</Key><UploadId>1</UploadId><Initiator><ID>x</ID></Initiator>\
                   <StorageClass>STANDARD</StorageClass><Initiated>2021-05-01T00:00:00.000Z</Initiated></Upload>\
                   <CommonPrefixes><Prefix>p</Prefix></CommonPrefixes>\
                   <Upload><Key>a/c</Key><UploadId>2</UploadId><Initiated>2021-05-01T00:00:00.000Z</Initiated></Upload>\
                   </ListMultipartUploadsResult>";
        let page = parse(two).expect("a page");
        let keys: Vec<_> = page.uploads.iter().map(|upload| upload.key.as_str()).collect();
        assert_eq!(keys, ["a/b", "a/c"]);
        assert!(page.is_truncated && page.next_key_marker == "k");
    }
}
