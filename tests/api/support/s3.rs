//! An S3 server in the process of the tests: it checks signatures, keeps objects in a folder, and fails as it is told,
//! either by its answers or in the line before it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hyper::http::Extensions;
use hyper::{HeaderMap, Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::route::S3Route;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use sentra::service::store::{BucketKey, BucketSettings, ObjectStorage, Patience};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

const BUCKET: &str = "sentra";
const PREFIX: &str = "some/documents";
const KEY: &str = "AKSENTRATEST";
const SECRET: &str = "not a secret but in tests";

/// What the line before the server does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line {
    /// Passes everything on.
    Open,
    /// Takes connections, and says nothing more.
    Silent,
    /// Passes on so many bytes of answers, of all connections together, then cuts each.
    CutAfter(usize),
    /// Passes on one byte of an answer at a time, and rests.
    Dribbles,
}

/// What the server says to some calls, and how often still.
#[derive(Debug, Clone, Copy)]
struct Fault {
    status: u16,
    times: usize,
}

#[derive(Debug, Default)]
struct Told {
    faults: HashMap<String, Fault>,
    calls: HashMap<String, usize>,
}

/// The server, and the line before it; both end with the value.
pub struct S3Server {
    pub address: SocketAddr,
    told: Arc<Mutex<Told>>,
    line: Arc<Mutex<Line>>,
    root: tempfile::TempDir,
    arrivals: tempfile::TempDir,
    runtime: Option<Runtime>,
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sees every call before it is carried out.
struct Watch(Arc<Mutex<Told>>);

#[async_trait::async_trait]
impl S3Access for Watch {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied));
        }
        let name = cx.s3_op().name().to_owned();
        let mut told = locked(&self.0);
        *told.calls.entry(name.clone()).or_default() += 1;
        let Some(fault) = told.faults.get_mut(&name).filter(|fault| fault.times > 0) else {
            return Ok(());
        };
        fault.times -= 1;
        let mut error = S3Error::new(S3ErrorCode::Custom("AsTheTestSays".into()));
        error.set_status_code(StatusCode::from_u16(fault.status).expect("a status"));
        Err(error)
    }
}

/// `ListMultipartUploads`, which the server lacks: told from what it keeps of them.
struct Unfinished(PathBuf);

#[async_trait::async_trait]
impl S3Route for Unfinished {
    fn is_match(&self, method: &Method, uri: &Uri, _: &HeaderMap, _: &mut Extensions) -> bool {
        method == Method::GET && uri.query().is_some_and(|query| query.starts_with("uploads="))
    }

    async fn call(&self, _: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let uploads: String = begun(&self.0)
            .into_iter()
            .map(|(path, key, id)| {
                let begun = path.metadata().and_then(|of| of.modified()).expect("a time");
                let begun = chrono::DateTime::<chrono::Utc>::from(begun).to_rfc3339();
                format!(
                    "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>{begun}</Initiated></Upload>"
                )
            })
            .collect();
        let answer = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>\
             {uploads}</ListMultipartUploadsResult>"
        );
        Ok(S3Response::new(Body::from(answer)))
    }
}

/// Uploads in parts that were begun and not finished: what the server keeps of each, its key, its id.
fn begun(root: &Path) -> Vec<(PathBuf, String, String)> {
    let entries = std::fs::read_dir(root).expect("a folder").flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (_, rest) = name.strip_suffix(".metadata.json")?.split_once(".object-")?;
            let (key, id) = rest.split_once(".upload-")?;
            let key = BASE64_URL_SAFE_NO_PAD.decode(key).expect("a name");
            Some((entry.path(), String::from_utf8(key).expect("a name"), id.to_owned()))
        })
        .collect()
}

/// Serves one connection.
async fn serve(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    service: S3Service,
) {
    let http = hyper::server::conn::http1::Builder::new();
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

impl S3Server {
    pub fn start() -> S3Server {
        S3Server::begin(None)
    }

    /// A server that speaks TLS, with a certificate of its own.
    pub fn start_over_tls(config: ServerConfig) -> S3Server {
        S3Server::begin(Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn begin(tls: Option<TlsAcceptor>) -> S3Server {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(root.path().join(BUCKET)).expect("a bucket");
        let told: Arc<Mutex<Told>> = Arc::default();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).expect("a folder"));
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        builder.set_access(Watch(told.clone()));
        builder.set_route(Unfinished(root.path().to_owned()));
        let service = builder.build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listen = || {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            listener.set_nonblocking(true).expect("a mode");
            let _inside = runtime.enter();
            TcpListener::from_std(listener).expect("a port")
        };
        let (behind, before) = (listen(), listen());
        let server = behind.local_addr().expect("an address");
        let address = before.local_addr().expect("an address");
        runtime.spawn(async move {
            while let Ok((stream, _)) = behind.accept().await {
                let (service, tls) = (service.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, service).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, service).await;
                            }
                        }
                    }
                });
            }
        });
        let line = Arc::new(Mutex::new(Line::Open));
        let told_line = line.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = before.accept().await {
                tokio::spawn(pass_on(stream, server, told_line.clone()));
            }
        });
        let arrivals = tempfile::tempdir().expect("a folder");
        S3Server { address, told, line, root, arrivals, runtime: Some(runtime) }
    }

    /// How the store reaches it.
    pub fn settings(&self, patience: Patience) -> BucketSettings {
        BucketSettings {
            bucket: BUCKET.to_owned(),
            prefix: PREFIX.to_owned(),
            endpoint: Some(format!("http://{}", self.address)),
            region: Some("ap-southeast-3".to_owned()),
            virtual_host: false,
            key: Some(BucketKey { id: KEY.to_owned(), secret: SECRET.into() }),
            patience,
        }
    }

    /// A store in it.
    pub fn store(&self, patience: Patience) -> ObjectStorage {
        self.store_as(&self.settings(patience))
    }

    /// A store as somebody else sets it.
    pub fn store_as(&self, settings: &BucketSettings) -> ObjectStorage {
        ObjectStorage::in_bucket(settings, self.arrivals.path()).expect("a store")
    }

    /// From now on, so many calls of a kind (`PutObject`, …) are answered with a status.
    pub fn answers(&self, call: &str, status: u16, times: usize) {
        locked(&self.told).faults.insert(call.to_owned(), Fault { status, times });
    }

    /// How often a kind of call came.
    pub fn calls(&self, call: &str) -> usize {
        locked(&self.told).calls.get(call).copied().unwrap_or_default()
    }

    /// What the line does from now on.
    pub fn line(&self, line: Line) {
        *locked(&self.line) = line;
    }

    /// Where objects are.
    pub fn objects(&self) -> PathBuf {
        self.root.path().join(BUCKET).join(PREFIX)
    }

    /// Where documents arrive.
    pub fn arrivals(&self) -> PathBuf {
        self.arrivals.path().join("arrivals")
    }

    /// What is kept of uploads in parts that were begun and not finished.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        begun(self.root.path()).into_iter().map(|(path, ..)| path).collect()
    }

    /// How many parts lie about.
    pub fn parts(&self) -> usize {
        let entries = std::fs::read_dir(self.root.path()).expect("a folder").flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".upload_id-"))
            .count()
    }
}

/// Passes bytes on, as far as the line lets them.
async fn pass_on(client: TcpStream, server: SocketAddr, line: Arc<Mutex<Line>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut asked, mut said) = client.into_split();
    let (mut answers, mut asks) = server.into_split();
    let there = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut asked, &mut asks).await;
    });
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(read) = answers.read(&mut bytes).await {
        if read == 0 || !hand_over(&mut said, &bytes[..read], &line).await {
            break;
        }
    }
    there.abort();
}

/// Whether the line is still there afterwards.
async fn hand_over(
    said: &mut tokio::net::tcp::OwnedWriteHalf,
    bytes: &[u8],
    line: &Mutex<Line>,
) -> bool {
    let mut left = bytes;
    while !left.is_empty() {
        let now = *locked(line);
        let (step, rest) = match now {
            Line::Open => (left.len(), Duration::ZERO),
            Line::Silent => (0, Duration::from_millis(20)),
            Line::Dribbles => (1, Duration::from_millis(20)),
            Line::CutAfter(0) => return false,
            Line::CutAfter(most) => {
                let step = left.len().min(most);
                *locked(line) = Line::CutAfter(most - step);
                (step, Duration::ZERO)
            }
        };
        if said.write_all(&left[..step]).await.is_err() {
            return false;
        }
        left = &left[step..];
        tokio::time::sleep(rest).await;
    }
    true
}
