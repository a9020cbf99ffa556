//! How requests reach an S3 server: HTTP/1.1 over TLS by rustls with ring, each within its time, on threads of their own.

use crate::service::store::Patience;
use async_trait::async_trait;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::client::legacy::{Client, Error as RequestError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

/// Threads that move the bytes.
const THREADS: usize = 2;
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);

/// Whether the system's certificates are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// They are; without any there is no client.
    Needed,
    /// They are, where there are any.
    Wanted,
    /// Nobody is asked over TLS.
    Nobody,
}

/// A client for an S3 server.
#[derive(Debug, Clone)]
pub struct Wire {
    client: Client<HttpsConnector<Tcp>, HttpRequestBody>,
    threads: Arc<Threads>,
    patience: Patience,
}

/// Connections live here, whoever asked first: an actix thread, or a worker's short-lived runtime.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropped in whatever runtime lets go last, where waiting is not allowed.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Wire {
    /// A client, and whose certificates it trusts.
    pub fn new(patience: Patience, trust: Trust) -> Result<Wire, String> {
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(patience.connect));
        let native = || {
            HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(ring::default_provider())
                .map_err(|error| format!("the system has no certificates to trust: {error}"))
        };
        let tls = match trust {
            Trust::Needed => native()?,
            Trust::Wanted => match native() {
                Ok(tls) => tls,
                Err(error) => {
                    tracing::warn!(error, "nobody can be asked over TLS for a key to the store");
                    trusting_nobody()?
                }
            },
            Trust::Nobody => trusting_nobody()?,
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(tls.https_or_http().enable_http1().wrap_connector(tcp));
        let threads = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("documents-io")
            .enable_all()
            .build()
            .map_err(|error| format!("can't start threads for documents: {error}"))?;
        Ok(Wire { client, threads: Arc::new(Threads(Some(threads))), patience })
    }
}

fn trusting_nobody() -> Result<HttpsConnectorBuilder<WantsSchemes>, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config))
}

impl HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Wire {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let length = u64::try_from(request.body().content_length()).unwrap_or(u64::MAX);
        let allowed = self.patience.for_bytes(length);
        let client = self.client.clone();
        let Some(threads) = &self.threads.0 else {
            return Err(HttpError::new(HttpErrorKind::Unknown, TooSlow));
        };
        let mut answer = Owned(threads.spawn(async move {
            // The connection's own task starts where the request is first polled: on these threads.
            tokio::time::timeout(allowed, client.request(request)).await
        }));
        let response = match (&mut answer.0).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => return Err(HttpError::new(kind(&error), error)),
            Ok(Err(_)) => return Err(HttpError::new(HttpErrorKind::Timeout, TooSlow)),
            Err(ended) => return Err(HttpError::new(HttpErrorKind::Interrupted, ended)),
        };
        let (parts, body) = response.into_parts();
        let patience = self.patience;
        let watched =
            Watched { body, patience, waited: Duration::ZERO, received: 0, waiting: None };
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(watched)))
    }
}

/// A task that ends when nobody waits for it any more.
struct Owned<T>(JoinHandle<T>);

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The server takes longer than it is waited for.
#[derive(Debug, thiserror::Error)]
#[error("the store is too slow")]
struct TooSlow;

/// What may be tried again: whatever never got an answer.
fn kind(error: &RequestError) -> HttpErrorKind {
    if error.is_connect() {
        return HttpErrorKind::Connect;
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_closed() || error.is_canceled())
        {
            return HttpErrorKind::Request;
        }
        if error.is::<std::io::Error>() {
            return HttpErrorKind::Interrupted;
        }
        source = error.source();
    }
    HttpErrorKind::Unknown
}

/// A body whose server may not take too long over it. Only the waiting counts: a reader may take its time.
struct Watched {
    body: Incoming,
    patience: Patience,
    waited: Duration,
    received: u64,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            let left = self.patience.for_bytes(self.received).saturating_sub(self.waited);
            let (_, end) = self
                .waiting
                .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
            return end
                .as_mut()
                .poll(cx)
                .map(|()| Some(Err(HttpError::new(HttpErrorKind::Timeout, TooSlow))));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.waited = self.waited.saturating_add(since.elapsed());
        }
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.received = self.received.saturating_add(length);
        }
        let failed = |error| HttpError::new(HttpErrorKind::Interrupted, error);
        Poll::Ready(frame.map(|frame| frame.map_err(failed)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
