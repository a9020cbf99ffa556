//! A client that holds every answer against the API's document: its status is documented, and every problem has the
//! shape that is promised.

use futures_util::future::LocalBoxFuture;
use reqwest::Method;
use reqwest::header::HeaderMap;
use sentra::http::openapi;
use sentra::http::routes::{ROUTES, Route};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::OnceLock;

/// A request that is being made; awaiting it sends it.
pub struct Call<'a> {
    client: &'a reqwest::Client,
    url: String,
    method: Method,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    pub fn new(
        client: &'a reqwest::Client,
        address: SocketAddr,
        method: Method,
        path: &str,
    ) -> Call<'a> {
        let outside = ["/api/", "/health/", "/metrics"].iter().any(|start| path.starts_with(start));
        let prefix = if outside { "" } else { "/api/v1" };
        let url = format!("http://{address}{prefix}{path}");
        Call { client, url, method, path: path.to_owned(), headers: Vec::new(), body: None }
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub fn fresh_key(self) -> Self {
        self.key(&uuid::Uuid::now_v7().to_string())
    }

    pub fn no_key(self) -> Self {
        self.without("Idempotency-Key")
    }

    pub fn if_match(self, version: impl Display) -> Self {
        self.header("If-Match", format!("\"{version}\""))
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", content_type)
    }

    async fn send(self) -> Answer {
        let mut request = self.client.request(self.method.clone(), &self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", self.url));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.expect("the body").to_vec();
        let what = format!("{} {}", self.method, self.path);
        let answer = Answer { what, status, headers, bytes };
        answer.hold_against_the_document(&self.method, &self.path);
        answer
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Answer;
    type IntoFuture = LocalBoxFuture<'a, Answer>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        if self.bytes.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    /// Its body, when the status is this one.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.json()
    }

    /// The codes of everything that stands in the way, when the status is this one.
    #[track_caller]
    pub fn refused(&self, status: u16, codes: &[&str]) -> Value {
        let body = self.is(status);
        let found = self.codes();
        assert_eq!(found, codes, "{self}");
        body
    }

    /// The codes of its blockers, else of its errors, else its own.
    pub fn codes(&self) -> Vec<String> {
        let body = self.json();
        for list in ["blockers", "errors"] {
            if let Some(items) = body[list].as_array().filter(|items| !items.is_empty()) {
                return items.iter().map(|item| text(&item["code"])).collect();
            }
        }
        vec![text(&body["code"])]
    }

    /// The pointers of its blockers and errors.
    pub fn pointers(&self) -> Vec<String> {
        let body = self.json();
        ["blockers", "errors"]
            .iter()
            .flat_map(|list| body[list].as_array().cloned().unwrap_or_default())
            .map(|item| text(&item["pointer"]))
            .collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of text"))
    }

    pub fn version(&self) -> i64 {
        let etag = self.header("ETag").unwrap_or_else(|| panic!("no ETag: {self}"));
        etag.trim_matches('"').parse().expect("a version")
    }

    pub fn replayed(&self) -> bool {
        self.header("Idempotency-Replayed") == Some("true")
    }

    fn hold_against_the_document(&self, method: &Method, path: &str) {
        assert_ne!(self.status, 500, "{self}");
        if self.status >= 400 && method != Method::HEAD {
            let body = self.json();
            assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{self}");
            assert_eq!(body["status"], self.status, "{self}");
            assert_eq!(body["request_id"].as_str(), self.header("X-Request-Id"), "{self}");
            assert_eq!(text(&body["type"]), format!("urn:sentra:problem:{}", text(&body["code"])));
            for field in ["title", "detail", "code", "request_id"] {
                assert!(!text(&body[field]).is_empty(), "{field} is empty: {self}");
            }
        }
        if self.status == 405 {
            return;
        }
        if let Some(route) = route(method, path) {
            let known = documented().get(&(route.method, route.path)).expect("a documented route");
            assert!(known.contains(&self.status), "the status is not documented: {self}");
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} → {} {}", self.what, self.status, String::from_utf8_lossy(&self.bytes))
    }
}

/// A text of JSON; empty where there is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The route that a path is on.
pub fn route(method: &Method, path: &str) -> Option<&'static Route> {
    let path = path.split('?').next().unwrap_or(path);
    let fits = |route: &&Route| {
        let (one, two): (Vec<_>, Vec<_>) =
            (route.path.split('/').collect(), path.split('/').collect());
        route.method.eq_ignore_ascii_case(method.as_str())
            && one.len() == two.len()
            && one.iter().zip(&two).all(|(one, two)| one == two || one.starts_with('{'))
    };
    // A path without parameters comes first, as in the router.
    ROUTES.iter().filter(fits).min_by_key(|route| route.path.matches('{').count())
}

type Statuses = BTreeMap<(&'static str, &'static str), BTreeSet<u16>>;

/// The statuses that the document names for each route.
pub fn documented() -> &'static Statuses {
    static DOCUMENTED: OnceLock<Statuses> = OnceLock::new();
    DOCUMENTED.get_or_init(|| {
        let document = serde_json::to_value(openapi::document()).expect("the document");
        let of = |route: &Route| {
            let responses = document["paths"][route.path][route.method]["responses"].clone();
            let responses = responses.as_object().cloned().unwrap_or_default();
            responses.keys().map(|status| status.parse().expect("a status")).collect()
        };
        ROUTES.iter().map(|route| ((route.method, route.path), of(route))).collect()
    })
}
