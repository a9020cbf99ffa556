//! A call by somebody who is signed in: who, under which headers; and how its outcome is answered.

use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Nothing};
use crate::http::middleware::RequestId;
use crate::http::openapi;
use crate::http::problem::Problem;
use crate::http::sending::sent;
use crate::http::state::State;
use crate::http::visitor;
use crate::service::Services;
use crate::service::context::{Context, Input, Reply};
use crate::service::error::Error;
use crate::service::export::{Publisher, Spool};
use crate::service::session;
use actix_web::body::SizedStream;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use std::collections::HashSet;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::Write;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::LazyLock;
use url::form_urlencoded;

/// What a handler gives back.
pub type Answer = Result<HttpResponse, Problem>;

/// An id in the path. What is no id names nothing: it is not found, when it is its turn.
#[derive(Debug, Clone)]
pub struct Id<T>(Option<T>);

impl<T: Clone> Id<T> {
    /// The id.
    pub fn get(&self) -> Result<T, Error> {
        self.0.clone().ok_or(Error::NotFound)
    }
}

impl<T: FromStr> FromRequest for Id<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let last = request.match_info().iter().last().map(|(_, text)| text);
        ready(Ok(Id(last.and_then(|text| text.parse().ok()))))
    }
}

/// A call by somebody who is signed in.
pub struct Call {
    state: Data<State>,
    cx: Context,
    headers: Result<(), Problem>,
    /// From where.
    pub address: IpAddr,
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Call::of(&request).await })
    }
}

impl Call {
    /// Whoever calls, before the body is read.
    pub async fn of(request: &HttpRequest) -> Result<Call, Problem> {
        let state = state_of(request)?;
        once(request, &header::AUTHORIZATION)?;
        let token = bearer(request).ok_or(Error::Unauthenticated("no bearer token"))?;
        let request_id = RequestId::of(request);
        let mut cx =
            state.blocking(move |sv| session::authenticate(sv, &token, request_id)).await?;
        request.extensions_mut().insert(SignedIn(cx.actor.user.map(|user| user.to_string())));
        let headers = read_headers(request, &mut cx).and_then(|()| takes_query(request));
        let address = visitor::address(request, &state);
        Ok(Call { state, cx, headers, address })
    }

    /// Asks something before the answer itself, such as whether a body is worth reading.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Services, &Context) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        self.headers.clone()?;
        let cx = self.cx.clone();
        self.state.blocking(move |sv| work(sv, &cx)).await
    }

    /// Whether its headers can be understood; for who looks at something else before the answer.
    pub fn check(&self) -> Result<(), Problem> {
        self.headers.clone()
    }

    /// Answers a read.
    pub async fn read<T: Serialize + Send + 'static>(
        self,
        work: impl FnOnce(&Services, &Context) -> Result<T, Error> + Send + 'static,
    ) -> Answer {
        self.read_versioned(work, |_| None).await
    }

    /// Answers a read of something that has a version, which becomes the `ETag`.
    pub async fn read_versioned<T: Serialize + Send + 'static>(
        self,
        work: impl FnOnce(&Services, &Context) -> Result<T, Error> + Send + 'static,
        version: impl FnOnce(&T) -> Option<i64>,
    ) -> Answer {
        self.headers?;
        let cx = self.cx;
        let value = self.state.blocking(move |sv| work(sv, &cx)).await?;
        let mut answer = HttpResponse::Ok();
        if let Some(version) = version(&value) {
            answer.insert_header((header::ETAG, format!("\"{version}\"")));
        }
        Ok(answer.json(value))
    }

    /// Answers a read of bytes, to be kept as a file of that name.
    pub async fn read_bytes(
        self,
        work: impl FnOnce(&Services, &Context) -> Result<Vec<u8>, Error> + Send + 'static,
        media_type: &'static str,
        name: &str,
    ) -> Answer {
        self.headers?;
        let cx = self.cx;
        let bytes = self.state.blocking(move |sv| work(sv, &cx)).await?;
        Ok(HttpResponse::Ok()
            .content_type(media_type)
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(bytes))
    }

    /// Answers a read that reads much: one of few at once.
    pub async fn read_much<T: Serialize + Send + 'static>(
        self,
        work: impl FnOnce(&Services, &Context) -> Result<T, Error> + Send + 'static,
    ) -> Answer {
        self.headers?;
        let cx = self.cx;
        let (value, _turn) = self.state.few(move |sv| work(sv, &cx)).await?;
        Ok(HttpResponse::Ok().json(value))
    }

    /// Answers with an export, which is written first and then sent as it is read from its file.
    pub async fn export(
        self,
        work: impl FnOnce(
            &Services,
            &Context,
            &Publisher,
            &mut (dyn Write + Send),
        ) -> Result<u64, Error>
        + Send
        + 'static,
        media_type: &'static str,
        name: &str,
    ) -> Answer {
        self.headers?;
        let stall = self.state.bounds.stall;
        let (cx, publisher) = (self.cx, self.state.publisher.clone());
        let (spool, turn) =
            self.state.export(move |sv, out| work(sv, &cx, &publisher, out)).await?;
        let Spool { file, bytes, arrival } = spool;
        Ok(HttpResponse::Ok()
            .content_type(media_type)
            .insert_header((
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(SizedStream::new(bytes, sent(file, (arrival, turn), stall))))
    }

    /// Answers a write that has no body; one that says something is not understood.
    pub async fn write_bare(
        self,
        body: Body<Nothing>,
        work: impl FnOnce(&Services, &Context) -> Result<Reply, Error> + Send + 'static,
    ) -> Answer {
        let body = body.0?;
        if let Err(errors) = body.input.0 {
            return Err(Problem::malformed(errors));
        }
        self.write(Body(Ok(body)), move |sv, cx, _: &Input<Nothing>| work(sv, cx)).await
    }

    /// Answers a write.
    pub async fn write<T: Send + 'static>(
        self,
        body: Body<T>,
        work: impl FnOnce(&Services, &Context, &Input<T>) -> Result<Reply, Error> + Send + 'static,
    ) -> Answer {
        let body = body.0?;
        self.headers?;
        let mut cx = self.cx;
        cx.fingerprint = body.fingerprint;
        let input = body.input;
        self.state.blocking(move |sv| work(sv, &cx, &input)).await.map(|reply| answer(&reply))
    }
}

/// Who was signed in, for the log.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Option<String>);

/// The state of the service.
pub fn state_of(request: &HttpRequest) -> Result<Data<State>, Problem> {
    request
        .app_data::<Data<State>>()
        .cloned()
        .ok_or_else(|| Error::Defect("the service has no state".to_owned()).into())
}

/// A reply as HTTP.
pub fn answer(reply: &Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut answer = HttpResponse::build(status);
    if let Some(version) = reply.version {
        answer.insert_header((header::ETAG, format!("\"{version}\"")));
    }
    if let Some(location) = &reply.location {
        answer.insert_header((header::LOCATION, location.as_str()));
    }
    if reply.replayed {
        answer.insert_header(("Idempotency-Replayed", "true"));
    }
    if reply.body.is_empty() {
        return answer.finish();
    }
    answer.content_type("application/json").body(reply.body.clone())
}

/// A header that is there twice says two things: neither is taken.
fn once(request: &HttpRequest, name: &HeaderName) -> Result<(), Problem> {
    if request.headers().get_all(name).count() <= 1 {
        return Ok(());
    }
    let pointer = format!("/headers/{}", written(name));
    let message = "is there more than once; send it once";
    Err(Problem::malformed(vec![FieldError::new(pointer, "twice", message)]))
}

/// A header's name as people write it: `If-Match`.
fn written(name: &HeaderName) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.as_str().split('-').map(capital).collect::<Vec<_>>().join("-")
}

/// An operation without parameters in its query takes none: whoever sends one believes that it does something.
fn takes_query(request: &HttpRequest) -> Result<(), Problem> {
    static WITH: LazyLock<HashSet<(String, String)>> = LazyLock::new(openapi::with_query);
    let Some((name, _)) = form_urlencoded::parse(request.query_string().as_bytes()).next() else {
        return Ok(());
    };
    let method = match request.method().as_str() {
        "HEAD" => "get".to_owned(),
        method => method.to_ascii_lowercase(),
    };
    let pattern = request.match_pattern().unwrap_or_default();
    let path = pattern.strip_prefix("/api/v1").unwrap_or_default().to_owned();
    if WITH.contains(&(method, path)) {
        return Ok(());
    }
    let pointer = format!("/query/{}", name.replace('\0', ""));
    let message = "nothing is read from the query here";
    Err(Problem::malformed(vec![FieldError::new(pointer, "unknown_field", message)]))
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 200)
        .then(|| token.to_owned())
}

fn read_headers(request: &HttpRequest, cx: &mut Context) -> Result<(), Problem> {
    let bad = |name: &str, message: &str| {
        Problem::malformed(vec![FieldError::new(format!("/headers/{name}"), "invalid", message)])
    };
    once(request, &HeaderName::from_static("idempotency-key"))?;
    once(request, &header::IF_MATCH)?;
    if let Some(key) = request.headers().get("Idempotency-Key") {
        let key = key.to_str().unwrap_or_default().trim();
        let fits =
            !key.is_empty() && key.len() <= 100 && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(bad("Idempotency-Key", "must be 1 to 100 visible ASCII characters"));
        }
        cx.key = Some(key.to_owned());
    }
    if let Some(version) = request.headers().get(header::IF_MATCH) {
        let text = version.to_str().unwrap_or_default().trim();
        let number = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .filter(|n| {
                n.bytes().all(|byte| byte.is_ascii_digit()) && (n.len() == 1 || !n.starts_with('0'))
            })
            .and_then(|n| n.parse().ok());
        let Some(number) = number else {
            return Err(bad("If-Match", "must be one ETag as it was given, such as \"7\""));
        };
        cx.if_match = Some(number);
    }
    Ok(())
}
