//! What is answered when something is not done: RFC 9457 problem details, from one exhaustive match.

use crate::domain::refusal::{Blocker, FieldError, Refusal};
use crate::service::error::{DbError, Error, StoreError, TokenFault};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// RFC 9457 problem details.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// `urn:sentra:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:sentra:problem:refused")]
    pub kind: String,
    /// The same for each problem of this kind.
    #[schema(example = "The machine refuses")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 409)]
    pub status: u16,
    /// What is wrong here, and how to mend it.
    pub detail: String,
    /// Stable, for programs.
    #[schema(example = "refused")]
    pub code: String,
    /// Named in the log and in events; give it when you ask for help.
    pub request_id: String,
    /// Values that can't be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// Everything that stands in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub blockers: Vec<Blocker>,
}

/// A problem on its way out. The request id is put in by the middleware, which knows it.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    blockers: Vec<Blocker>,
    retry_after_seconds: Option<i64>,
    /// `WWW-Authenticate`, where nobody is signed in.
    challenge: &'static str,
}

impl Problem {
    /// A problem without further parts.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        Problem(Box::new(Parts {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            blockers: Vec::new(),
            retry_after_seconds: None,
            challenge: "Bearer",
        }))
    }

    fn with_errors(mut self, errors: Vec<FieldError>) -> Problem {
        self.0.errors = errors;
        self
    }

    /// A request that is not understood, with the places where.
    pub fn malformed(errors: Vec<FieldError>) -> Problem {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.message),
            several => format!("{} parts are not understood", several.len()),
        };
        let title = "The request is not understood";
        Problem::new(StatusCode::BAD_REQUEST, "malformed", title, detail).with_errors(errors)
    }

    fn refusal(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        refusal: Refusal,
    ) -> Problem {
        let mut problem = Problem::new(status, code, title, refusal.detail);
        problem.0.blockers = refusal.blockers;
        problem
    }

    fn retry_after(mut self, seconds: i64) -> Problem {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The body, for a request.
    pub fn details(&self, request_id: &str) -> ProblemDetails {
        ProblemDetails {
            kind: format!("urn:sentra:problem:{}", self.0.code),
            title: self.0.title.to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            code: self.0.code.to_owned(),
            request_id: request_id.to_owned(),
            errors: self.0.errors.clone(),
            blockers: self.0.blockers.clone(),
        }
    }

    /// The answer, for a request.
    pub fn answer(&self, request_id: &str) -> HttpResponse {
        let mut answer = HttpResponse::build(self.0.status);
        answer.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(seconds) = self.0.retry_after_seconds {
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, self.0.challenge));
        }
        if matches!(self.0.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // What is still to come is not read; the middleware holds it until this is out.
            answer.force_close();
        }
        answer.body(serde_json::to_string(&self.details(request_id)).unwrap_or_default())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Unauthenticated(_) => Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Nobody is signed in",
                detail,
            ),
            Error::WrongCredentials => {
                Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Not signed in", detail)
            }
            Error::InvalidToken(fault) => {
                let (code, title) = match fault {
                    TokenFault::Unknown => ("unauthenticated", "Nobody is signed in"),
                    TokenFault::Expired => ("token_expired", "The token has expired"),
                    TokenFault::Revoked => ("token_revoked", "The token was ended"),
                };
                let mut problem = Problem::new(StatusCode::UNAUTHORIZED, code, title, detail);
                problem.0.challenge = "Bearer error=\"invalid_token\"";
                problem
            }
            Error::NotFound => {
                Problem::new(StatusCode::NOT_FOUND, "not_found", "Nothing here", detail)
            }
            Error::Forbidden(refusal) => {
                Problem::refusal(StatusCode::FORBIDDEN, "forbidden", "Not for you to do", refusal)
            }
            Error::VersionRequired => Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "version_required",
                "The version is not named",
                detail,
            ),
            Error::KeyRequired => Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency_key_required",
                "A key is missing",
                detail,
            ),
            Error::KeyReused => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "The key belongs to another request",
                detail,
            ),
            Error::Stale => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                "It was changed meanwhile",
                detail,
            ),
            Error::Invalid(errors) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "Values that can't be taken",
                detail,
            )
            .with_errors(errors),
            Error::Malformed(errors) => Problem::malformed(errors),
            Error::Refused(refusal) => {
                Problem::refusal(StatusCode::CONFLICT, "refused", "The machine refuses", refusal)
            }
            Error::Throttled(seconds) => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "throttled",
                "Too many attempts",
                detail,
            )
            .retry_after(seconds),
            Error::Busy => busy(detail),
            Error::Database(error) => database(error),
            Error::Store(error) => store(error),
            Error::Defect(words) => defect(&words),
        }
    }
}

/// Nothing was done, whatever became of the store.
fn store(error: StoreError) -> Problem {
    match error {
        StoreError::Unavailable(words) => {
            tracing::error!(error = words, "the store of documents fails");
            let detail = "the store of documents can't be reached; nothing was changed; try again in a moment";
            let title = "The service is not available";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
                .retry_after(5)
        }
        StoreError::Busy => {
            busy("too many documents arrive at once; try again in a moment".to_owned())
        }
        StoreError::Full(words) => {
            tracing::error!(error = words, "no space is left for documents");
            full()
        }
        StoreError::Missing(words) => {
            metrics::counter!("sentra_documents_missing_total").increment(1);
            defect(&format!("the bytes of a document are missing: {words}"))
        }
    }
}

fn full() -> Problem {
    let detail = "no space is left for writing; nothing was changed; reading goes on";
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", "No space is left", detail)
}

fn busy(detail: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The service is busy", detail)
        .retry_after(1)
}

fn defect(words: &str) -> Problem {
    tracing::error!(error = words, "a defect");
    let detail = "Something went wrong inside; it is in the log under the request id.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong", detail)
}

/// Outside it says what to do; inside the log has the whole of it.
fn database(error: DbError) -> Problem {
    match error {
        DbError::Conflict(words) | DbError::Busy(words) => {
            tracing::warn!(error = words, "the database is busy");
            busy("the database is busy; try again in a moment".to_owned())
        }
        DbError::Unavailable(words) => {
            tracing::warn!(error = words, "the database can't be reached");
            let detail =
                "the database can't be reached; nothing was changed; try again in a moment";
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service is not available",
                detail,
            )
            .retry_after(2)
        }
        DbError::OutcomeUnknown(words) => {
            tracing::error!(error = words, "the outcome of a transaction is not known");
            let detail = "it is not known whether the change was made; send it again with the same Idempotency-Key, \
                or read what stands";
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "outcome_unknown",
                "The outcome is not known",
                detail,
            )
            .retry_after(2)
        }
        DbError::Full(words) => {
            tracing::error!(error = words, "no space is left");
            full()
        }
        DbError::Duplicate(words) | DbError::Damaged(words) => defect(&words),
        DbError::Other(error) => defect(&error.to_string()),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status, self.0.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        self.answer("")
    }
}
