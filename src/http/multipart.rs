//! Reading a form with one file: its fields within narrow bounds, the file streamed to the disk and hashed on the way.

use crate::domain::document::file_name;
use crate::domain::refusal::FieldError;
use crate::http::body::Understood;
use crate::http::problem::Problem;
use crate::service::context::Input;
use crate::service::document::{DocumentDraft, Documents, Sent, SentFile, inspect};
use crate::service::error::{Error, StoreError};
use crate::service::store::Arrival;
use crate::service::trail::hex;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::str::FromStr;
use tokio::io::AsyncWriteExt;

/// The most bytes of a field that is no file.
const FIELD_BYTES: usize = 4 * 1024;
/// The most fields, the file among them.
const MOST_FIELDS: usize = 16;
/// What the form takes beyond its file.
const OVERHEAD_BYTES: u64 = 128 * 1024;
/// The fields that a form may have beside its file.
const FIELDS: [&str; 7] =
    ["type", "title", "number", "issued_on", "valid_until", "line_no", "supersedes_id"];

/// Reads a form, as far as its bounds go. What is wrong with its values waits for its turn.
pub async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    documents: &Documents,
) -> Result<Understood<Sent>, Problem> {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = media.is_some_and(|media| {
        let kind = media.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("multipart/form-data")
    });
    if !is_form {
        let detail = "send a form with its file, with Content-Type: multipart/form-data";
        let title = "Only a form is understood";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "unsupported_media_type", title, detail));
    }
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > documents.max_bytes.saturating_add(OVERHEAD_BYTES)) {
        return Err(too_large(documents));
    }
    let reading = form(Multipart::new(request.headers(), payload), documents);
    let form = match tokio::time::timeout(documents.upload_time, reading).await {
        Ok(form) => form?,
        Err(_) => {
            let seconds = documents.upload_time.as_secs();
            let detail = format!("the document was not sent within {seconds} seconds");
            let title = "The body came too slowly";
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", title, detail));
        }
    };
    let fingerprint = form.fingerprint(request);
    let input = match form.understood().await {
        Err(Error::Invalid(errors)) => Err(errors),
        Err(other) => return Err(other.into()),
        Ok(sent) => Ok(sent),
    };
    Ok(Understood { input: Input(input), fingerprint })
}

fn too_large(documents: &Documents) -> Problem {
    let detail = format!("the document is larger than {} bytes", documents.max_bytes);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large", detail)
}

fn unreadable(error: &MultipartError) -> Problem {
    Problem::malformed(vec![FieldError::new("", "unreadable", error.to_string())])
}

/// A form as it was read.
#[derive(Default)]
struct Form {
    fields: BTreeMap<String, String>,
    file: Option<File>,
    errors: Vec<FieldError>,
}

/// A file as it arrived.
struct File {
    arrival: Arrival,
    handle: std::fs::File,
    given_name: String,
    declared: Option<String>,
    size_bytes: u64,
    sha256: String,
}

async fn form(mut parts: Multipart, documents: &Documents) -> Result<Form, Problem> {
    let mut form = Form::default();
    let mut count = 0_usize;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| unreadable(&error))?;
        count += 1;
        if count > MOST_FIELDS {
            let message = format!("a form has at most {MOST_FIELDS} parts");
            return Err(Problem::malformed(vec![FieldError::new("", "too_many", message)]));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        if name == "file" && form.file.is_none() {
            form.file = Some(file(&mut part, documents).await?);
            continue;
        }
        let text = text(&mut part, &pointer).await?;
        if form.file.is_some() {
            let message = "must come before the file, of which there is one";
            form.errors.push(FieldError::new(pointer, "after_file", message));
        } else if !FIELDS.contains(&name.as_str()) {
            let message = format!("unknown field {name}; known are {} and file", FIELDS.join(", "));
            form.errors.push(FieldError::new(pointer, "unknown", message));
        } else if form.fields.insert(name, text).is_some() {
            form.errors.push(FieldError::new(pointer, "twice", "is there twice"));
        }
    }
    Ok(form)
}

async fn text(part: &mut Field, pointer: &str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        if bytes.len().saturating_add(chunk.len()) > FIELD_BYTES {
            let detail = format!("the field {pointer} is larger than {FIELD_BYTES} bytes");
            let title = "The body is too large";
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", title, detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| {
        Problem::malformed(vec![FieldError::new(pointer, "not_utf8", "must be UTF-8")])
    })
}

/// Streams a file to the disk. As soon as it is too large, nothing more of it is read.
async fn file(part: &mut Field, documents: &Documents) -> Result<File, Problem> {
    let fails = |error: std::io::Error| Problem::from(Error::Store(StoreError::from(error)));
    let store = documents.store.clone();
    let opened = web::block(move || store.arrival()).await;
    let (arrival, handle) = opened
        .map_err(|_| Error::Defect("opening a file panicked".to_owned()))?
        .map_err(Error::Store)?;
    let disposition = part.content_disposition();
    let given_name = disposition
        .and_then(|of| {
            of.get_filename_ext()
                .map(|name| String::from_utf8_lossy(&name.value).into_owned())
                .or_else(|| of.get_filename().map(str::to_owned))
        })
        .unwrap_or_default();
    let declared = part.content_type().map(|media| media.essence_str().to_owned());
    let mut writer = tokio::fs::File::from_std(handle);
    let mut hash = Sha256::new();
    let mut size_bytes = 0_u64;
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        size_bytes = size_bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size_bytes > documents.max_bytes {
            return Err(too_large(documents));
        }
        hash.update(&chunk);
        writer.write_all(&chunk).await.map_err(fails)?;
    }
    writer.flush().await.map_err(fails)?;
    writer.sync_all().await.map_err(fails)?;
    let handle = writer.into_std().await;
    let sha256 = hex(&hash.finalize());
    Ok(File { arrival, handle, given_name, declared, size_bytes, sha256 })
}

impl Form {
    /// What makes a request the same request: its fields, what is wrong with them, and the hash of its file; not its boundary.
    fn fingerprint(&self, request: &HttpRequest) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_string());
            hash.update(b":");
            hash.update(text);
        };
        add(request.method().as_str());
        add(request.path());
        for (name, value) in &self.fields {
            add(name);
            add(value);
        }
        for error in &self.errors {
            add(&error.pointer);
            add(&error.message);
        }
        if let Some(file) = &self.file {
            for text in [
                "file",
                &file.given_name,
                file.declared.as_deref().unwrap_or_default(),
                &file.sha256,
            ] {
                add(text);
            }
        }
        hex(&hash.finalize())
    }

    fn parsed<T: FromStr>(&mut self, name: &str, message: &str) -> Option<T> {
        let text = self.fields.remove(name)?;
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok();
        if value.is_none() {
            self.errors.push(FieldError::new(format!("/{name}"), "invalid", message));
        }
        value
    }

    fn words(&mut self, name: &str) -> Option<String> {
        self.fields.remove(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    async fn understood(mut self) -> Result<Sent, Error> {
        let day = "must be a day such as 2021-07-15";
        let draft = DocumentDraft {
            document_type: self.words("type").unwrap_or_default(),
            title: self.words("title"),
            number: self.words("number"),
            issued_on: self.parsed("issued_on", day),
            valid_until: self.parsed("valid_until", day),
            line_no: self.parsed("line_no", "must be the number of a line"),
            supersedes_id: self.parsed("supersedes_id", "must be the id of a document"),
        };
        let mut errors = self.errors;
        if let Err(mut more) = draft.check() {
            errors.append(&mut more);
        }
        let Some(file) = self.file else {
            errors.push(FieldError::new("/file", "required", "a file is needed"));
            return Err(Error::Invalid(errors));
        };
        if file.size_bytes == 0 {
            errors.push(FieldError::new("/file", "empty", "has no bytes"));
            return Err(Error::Invalid(errors));
        }
        let name = file_name(&file.given_name);
        if name.is_none() {
            errors.push(FieldError::new("/file", "no_name", "needs a file name"));
        }
        let File { arrival, mut handle, declared, size_bytes, sha256, .. } = file;
        let looked = web::block(move || inspect(&mut handle, declared.as_deref())).await;
        let looked = looked.map_err(|_| Error::Defect("looking at a file panicked".to_owned()))?;
        match (looked, name) {
            (Ok((media_type, exif)), Some(file_name)) if errors.is_empty() => {
                let size_bytes = i64::try_from(size_bytes).unwrap_or(i64::MAX);
                let file = SentFile { arrival, file_name, media_type, size_bytes, sha256, exif };
                Ok(Sent { draft, file })
            }
            (Err(Error::Invalid(mut more)), _) => {
                errors.append(&mut more);
                Err(Error::Invalid(errors))
            }
            (Err(other), _) => Err(other),
            (Ok(_), _) => Err(Error::Invalid(errors)),
        }
    }
}
