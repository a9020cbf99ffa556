//! Reading a JSON body: bounded in bytes and time, and answered with the place of what is wrong.

use crate::domain::policy::overlay::pointer;
use crate::domain::refusal::FieldError;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::service::context::Input;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use utoipa::ToSchema;

/// A body that knows its own limits.
pub trait Checked: DeserializeOwned {
    /// Whether the values are within their limits.
    fn checked(&self) -> Result<(), Vec<FieldError>>;

    /// What an empty body stands for, where one is taken.
    fn empty() -> Option<Self> {
        None
    }
}

/// What bodies of one or more media types are read into.
pub trait Readable: Sized + 'static {
    /// The media types, as a problem names them.
    const UNDERSTOOD: &'static str;

    /// Reads the bytes; `None` when the media type (in lower case, without parameters) is none of those.
    fn read(media: &str, bytes: &[u8]) -> Option<Result<Input<Self>, Problem>>;
}

impl<T: Checked + 'static> Readable for T {
    const UNDERSTOOD: &'static str = "JSON (application/json)";

    fn read(media: &str, bytes: &[u8]) -> Option<Result<Input<Self>, Problem>> {
        match T::empty() {
            Some(empty) if bytes.is_empty() => Some(Ok(Input(Ok(empty)))),
            _ => (media == "application/json").then(|| parse(bytes).map(Input)),
        }
    }
}

/// A body that has nothing to say: empty, or `{}`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Checked for Nothing {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(Nothing {})
    }
}

/// A body as it was read: understood or not, that is for the service to look at when it is its turn.
#[derive(Debug)]
pub struct Body<T>(pub Result<Understood<T>, Problem>);

/// A body with its fingerprint.
#[derive(Debug)]
pub struct Understood<T> {
    /// The values, or everything that is wrong with them.
    pub input: Input<T>,
    /// SHA-256 of method, path and bytes.
    pub fingerprint: String,
}

impl<T: Readable> FromRequest for Body<T> {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let understood = match read(&request, payload).await {
                Ok(bytes) => understand(&request, &bytes),
                Err(problem) => Err(problem),
            };
            Ok(Body(understood))
        })
    }
}

async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Problem> {
    let bounds = request.app_data::<Data<State>>().map(|state| state.bounds).unwrap_or_default();
    let too_large = || {
        let detail = format!("the body is larger than {} bytes", bounds.body_bytes);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large", detail)
    };
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > bounds.body_bytes) {
        return Err(too_large());
    }
    let reading = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| {
                Problem::malformed(vec![FieldError::new("", "unreadable", error.to_string())])
            })?;
            if bytes.len().saturating_add(chunk.len()) > bounds.body_bytes {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    match tokio::time::timeout(bounds.body_time, reading).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let detail =
                format!("the body was not sent within {} seconds", bounds.body_time.as_secs());
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "The body came too slowly",
                detail,
            ))
        }
    }
}

fn understand<T: Readable>(request: &HttpRequest, bytes: &[u8]) -> Result<Understood<T>, Problem> {
    let mut hash = Sha256::new();
    hash.update(request.method().as_str());
    hash.update(b"\n");
    hash.update(request.path());
    hash.update(b"\n");
    hash.update(bytes);
    let fingerprint = crate::service::trail::hex(&hash.finalize());
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.and_then(|value| value.split(';').next()).unwrap_or_default();
    let input = T::read(&media.trim().to_ascii_lowercase(), bytes).unwrap_or_else(|| {
        let title = "The body is of a kind that is not understood here";
        let detail = format!("send {}, and say so in Content-Type", T::UNDERSTOOD);
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Err(Problem::new(status, "unsupported_media_type", title, detail))
    })?;
    Ok(Understood { input, fingerprint })
}

/// Malformed JSON is a problem at once; values of the wrong kind wait for their turn.
pub fn parse<T: Checked>(bytes: &[u8]) -> Result<Result<T, Vec<FieldError>>, Problem> {
    // A list of values would be read as the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let field = FieldError::new("", "invalid", "must be an object, and is a list");
        return Ok(Err(vec![field]));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize::<_, T>(&mut reader);
    let value = match parsed {
        Ok(value) => value,
        Err(error) => {
            let inner = error.inner();
            let pointer = lacking(pointer(error.path()), &inner.to_string());
            let field = FieldError::new(pointer, "invalid", inner.to_string());
            // The reader calls a number malformed where it looks for a word; the JSON is well-formed all the same.
            return if inner.is_data() || serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
                Ok(Err(vec![field]))
            } else {
                Err(Problem::malformed(vec![field]))
            };
        }
    };
    if let Err(error) = reader.end() {
        let field = FieldError::new("", "trailing", error.to_string());
        return Err(Problem::malformed(vec![field]));
    }
    let mut errors = Vec::new();
    if bytes.windows(6).any(|window| window == b"\\u0000") {
        let whole: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        find_nul(&whole, &mut String::new(), &mut errors);
    }
    if let Err(mut more) = value.checked() {
        errors.append(&mut more);
    }
    Ok(if errors.is_empty() { Ok(value) } else { Err(errors) })
}

/// A field that is missing is named by its own pointer, not by that of what lacks it.
fn lacking(pointer: String, message: &str) -> String {
    let field = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match field {
        Some(field) => format!("{pointer}/{field}"),
        None => pointer,
    }
}

fn find_nul(value: &serde_json::Value, pointer: &mut String, errors: &mut Vec<FieldError>) {
    let nul = |text: &str| text.contains('\0');
    let mut below = |step: &str, value: &serde_json::Value, errors: &mut Vec<FieldError>| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        if nul(step) {
            errors.push(FieldError::new(pointer.clone(), "nul", "must not contain NUL"));
        }
        find_nul(value, pointer, errors);
        pointer.truncate(length);
    };
    match value {
        serde_json::Value::String(text) if nul(text) => {
            errors.push(FieldError::new(pointer.clone(), "nul", "must not contain NUL"));
        }
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                below(&index.to_string(), item, errors);
            }
        }
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                below(name, field, errors);
            }
        }
        _ => {}
    }
}
