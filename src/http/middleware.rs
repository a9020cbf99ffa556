//! Around every request: its id, a line in the log, its metrics, and problems in one shape.

use crate::http::call::SignedIn;
use crate::http::problem::Problem;
use crate::http::routes::ROUTES;
use crate::http::unread::{Holding, Unread};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use std::time::Instant;

/// The id of a request: in every line of the log, every answer, every event.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id of a request.
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// Gives the request its id, answers problems with it, logs and counts.
pub async fn around(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let id = uuid::Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let unread = Unread::of(&mut request);
    let (method, path) = (request.method().clone(), without_secrets(request.path()));
    // What handlers and extractors fail with has become an answer by here; an error is the server's own, and rare.
    let mut answer = with_id(next.call(request).await?.map_into_boxed_body(), &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    harden(&mut answer);
    let pattern = answer.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let user = answer.request().extensions().get::<SignedIn>().and_then(|signed| signed.0.clone());
    let (status, seconds) = (answer.status().as_u16(), started.elapsed().as_secs_f64());
    let labels =
        [("method", method.to_string()), ("route", pattern), ("status", status.to_string())];
    metrics::counter!("sentra_requests_total", &labels).increment(1);
    metrics::histogram!("sentra_request_seconds", &labels).record(seconds);
    tracing::info!(
        request_id = id,
        %method,
        path,
        status,
        milliseconds = seconds * 1000.0,
        user,
        "answered"
    );
    Ok(answer.map_body(|_, body| Holding::new(body, unread)))
}

/// The path as the log shows it: the code of an invitation is as good as a password, and whoever has the token of an
/// unsubscription can use it.
fn without_secrets(path: &str) -> String {
    for secret in ["/invitations/", "/unsubscribe/"] {
        if let Some((before, _)) = path.split_once(secret) {
            return format!("{before}{secret}…");
        }
    }
    path.to_owned()
}

/// A problem that a handler returned has become an answer already, without the id: it is made again with it.
fn with_id(answer: ServiceResponse, id: &str) -> ServiceResponse {
    let Some(problem) =
        answer.response().error().and_then(|error| error.as_error::<Problem>()).cloned()
    else {
        return answer;
    };
    let request = answer.request().clone();
    ServiceResponse::new(request, problem.answer(id))
}

/// Answers are data for programs: never sniffed, framed or cached.
fn harden(answer: &mut ServiceResponse) {
    let headers = answer.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// What no route knows.
pub async fn nothing_here(request: HttpRequest) -> actix_web::HttpResponse {
    let detail =
        format!("there is nothing at {}; the API is described at /api/docs", request.path());
    Problem::new(StatusCode::NOT_FOUND, "not_found", "Nothing here", detail)
        .answer(&RequestId::of(&request))
}

/// A route that does not know the method: the answer names those that it knows.
pub async fn not_that_way(request: HttpRequest) -> actix_web::HttpResponse {
    let pattern = request.match_pattern().unwrap_or_default();
    let methods: Vec<String> = ROUTES
        .iter()
        .filter(|route| pattern.strip_prefix("/api/v1") == Some(route.path))
        .flat_map(|route| match route.method {
            "get" => vec!["GET".to_owned(), "HEAD".to_owned()],
            method => vec![method.to_ascii_uppercase()],
        })
        .collect();
    let allowed = methods.join(", ");
    let detail = format!("{} is not possible here; possible are: {allowed}", request.method());
    let title = "Not that way";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title, detail);
    let mut answer = problem.answer(&RequestId::of(&request));
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn the_code_of_an_invitation_is_in_no_log() {
        for (path, shown) in [
            ("/api/v1/invitations/00ff", "/api/v1/invitations/…"),
            ("/api/v1/invitations/00ff/", "/api/v1/invitations/…"),
            ("/invitations/00ff/x", "/invitations/…"),
            ("/api/v1/unsubscribe/00.progress.ff", "/api/v1/unsubscribe/…"),
            ("/api/v1/users/1/invitations", "/api/v1/users/1/invitations"),
            ("/api/v1/regions/18.71", "/api/v1/regions/18.71"),
        ] {
            assert_eq!(without_secrets(path), shown);
        }
    }
}
