//! Sockets: connections in, requests to the service, answers out (web-api §1).
//!
//! Answering is synchronous work and happens on threads beside those that serve connections, at most
//! [`Limits::requests_at_once`] at a time.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use strata_ops::{Location, OpsError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::ServiceBuilder;
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::access::{Hosts, Tokens};
use crate::answer::Answer;
use crate::ask::Verb;
use crate::fault::{BAD_URL, Fault, NO_CODE, NO_PRIVILEGE, NO_TOKEN};
use crate::metrics::Metrics;
use crate::service::{Request, Service};
use crate::tls::{Tls, TlsError};
use crate::url;

/// How a server is to be.
#[derive(Debug, Clone)]
pub struct Config {
    pub location: Location,
    /// `host:port`; port 0 picks a free one.
    pub listen: Vec<String>,
    pub tokens: Tokens,
    /// Names besides loopback's by which it may be called (R18).
    pub hosts: Vec<String>,
    /// Origins of pages elsewhere that may ask; none by default.
    pub origins: Vec<String>,
    pub tls: Option<Tls>,
    pub limits: Limits,
}

/// How much one client may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// How long a body may take to come, and headers before it.
    pub body_time: Duration,
    /// Requests that are answered at the same time; others wait.
    pub requests_at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 256 << 20, body_time: Duration::from_secs(120), requests_at_once: 32 }
    }
}

/// Why a server does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen at {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error("cannot start: {0}")]
    Start(io::Error),
}

/// Serves until the process is told to end; `ready` gets the URLs once connections are accepted.
pub fn serve(config: &Config, service: Service, ready: &dyn Fn(&[String])) -> Result<(), ServeError> {
    let running = start(config, service)?;
    ready(running.urls());
    running.runtime.block_on(told_to_end());
    running.stop();
    Ok(())
}

/// Begins to serve.
pub fn start(config: &Config, service: Service) -> Result<Running, ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Start)?;
    let (stop, stopped) = watch::channel(false);
    let (shared, urls, accepting) = runtime.block_on(listen(config, service, &stopped))?;
    Ok(Running { runtime, urls, shared, stop, accepting })
}

/// A server that accepts connections.
pub struct Running {
    runtime: Runtime,
    urls: Vec<String>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    accepting: Vec<JoinHandle<()>>,
}

impl Running {
    /// Returns where it listens, without a path.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Takes no new requests, answers those that are on their way and lets running jobs end.
    pub fn stop(self) {
        tracing::info!("ending: no new requests, running ones are answered");
        self.stop.send_replace(true);
        self.runtime.block_on(async {
            for task in self.accepting {
                task.await.ok();
            }
        });
        self.shared.service.close();
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// What all connections share.
struct Shared {
    service: Service,
    tokens: Tokens,
    hosts: Hosts,
    origins: Vec<String>,
    limits: Limits,
    scheme: &'static str,
    metrics: Metrics,
    turns: Semaphore,
}

/// Binds every address and accepts connections there.
async fn listen(
    config: &Config,
    service: Service,
    stopped: &watch::Receiver<bool>,
) -> Result<(Arc<Shared>, Vec<String>, Vec<JoinHandle<()>>), ServeError> {
    let tls = config.tls.as_ref().map(|tls| tls.config().map(TlsAcceptor::from)).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut listeners = Vec::new();
    let mut urls = Vec::new();
    for address in &config.listen {
        let failed = |source| ServeError::Listen { address: address.clone(), source };
        let listener = TcpListener::bind(resolved(address).map_err(failed)?).await.map_err(failed)?;
        urls.push(format!("{scheme}://{}", listener.local_addr().map_err(failed)?));
        listeners.push(listener);
    }
    let shared = Arc::new(Shared {
        service,
        tokens: config.tokens.clone(),
        hosts: Hosts::new(config.hosts.iter().cloned().chain(config.listen.iter().map(|address| host_of(address)))),
        origins: config.origins.clone(),
        limits: config.limits,
        scheme,
        metrics: Metrics::new(),
        turns: Semaphore::new(config.limits.requests_at_once),
    });
    let accepting = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, tls.clone(), Arc::clone(&shared), stopped.clone())))
        .collect();
    Ok((shared, urls, accepting))
}

/// Ends with the first signal that says so.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be waited for");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.ok();
}

/// Accepts connections until it is told to stop, then waits for those there are.
async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files, for example: others may be closed soon.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.changed() => break,
        };
        shared.metrics.connected();
        // Answers are small and wait for nobody.
        stream.set_nodelay(true).ok();
        let watcher = graceful.watcher();
        tokio::spawn(connection(stream, tls.clone(), Arc::clone(&shared), watcher));
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    match tls {
        None => spoken(stream, shared, watcher).await,
        Some(tls) => match tokio::time::timeout(shared.limits.body_time, tls.accept(stream)).await {
            Ok(Ok(stream)) => spoken(stream, shared, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS was agreed upon"),
            Err(_) => tracing::debug!("no TLS was agreed upon in time"),
        },
    }
}

async fn spoken(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let body_time = shared.limits.body_time;
    let answering = tower::service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answered(&shared, request).await) }
    });
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let service = ServiceBuilder::new().layer(compression).service(answering);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(body_time);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(128);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = pin!(watcher.watch(connection.into_owned())).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Answers a request, whatever comes of it, and writes a line about it.
async fn answered(shared: &Arc<Shared>, request: axum::http::Request<Incoming>) -> Response<Body> {
    let started = Instant::now();
    shared.metrics.begin();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let (bytes_in, caller, answer) = asked(shared, request).await;
    let bytes_out = answer.body.len();
    let took = started.elapsed();
    shared.metrics.end(answer.status, took, bytes_in, bytes_out);
    // Neither bodies nor tokens nor what stands in queries.
    tracing::info!(
        target: "strata::request",
        method = %method, path, status = answer.status, caller, bytes_in, bytes_out, ms = took.as_millis() as u64
    );
    response(answer, &shared.service.mint().to_string())
}

/// Returns how many bytes came, who asked, and the answer.
async fn asked(shared: &Arc<Shared>, request: axum::http::Request<Incoming>) -> (usize, String, Answer) {
    let origin = header(request.headers(), "origin");
    let allowed = origin.clone().filter(|origin| shared.origins.iter().any(|own| own == origin));
    let mut bytes_in = 0;
    let mut caller = "-".to_owned();
    let answer = met(shared, request, &mut bytes_in, &mut caller).await.unwrap_or_else(|fault| fault.answer());
    let answer = match allowed {
        Some(origin) => answer
            .header("Access-Control-Allow-Origin", origin)
            .header("Access-Control-Expose-Headers", "OData-EntityId, Location, Preference-Applied, ETag")
            .header("Vary", "Origin"),
        None => answer,
    };
    (bytes_in, caller, answer)
}

async fn met(
    shared: &Arc<Shared>,
    request: axum::http::Request<Incoming>,
    bytes_in: &mut usize,
    caller_name: &mut String,
) -> Result<Answer, Fault> {
    let (parts, body) = request.into_parts();
    let host = host(&parts)?;
    if !shared.hosts.allow(&host) {
        let message = format!("this server does not answer to the name {host}; `--allow-host` adds one");
        return Err(Fault::new(403, NO_PRIVILEGE, message));
    }
    if let Some(origin) = header(&parts.headers, "origin")
        && !Hosts::is_own(&origin, &host)
    {
        if !shared.origins.contains(&origin) {
            return Err(Fault::new(
                403,
                NO_PRIVILEGE,
                format!("pages of {origin} may not ask; `--allow-origin` lets them"),
            ));
        }
        if parts.method == axum::http::Method::OPTIONS {
            return Ok(preflight(&parts.headers));
        }
    }
    match parts.uri.path() {
        "/healthz" => return Ok(Answer::of("text/plain; charset=utf-8", "ok\n")),
        "/" => return Ok(Answer::of("text/plain; charset=utf-8", "Strata: the Web API is at /api/data/v9.2/\n")),
        _ => {}
    }
    let authorization = header(&parts.headers, "authorization");
    let caller = shared.tokens.caller(authorization.as_deref()).ok_or_else(|| no_token(shared, &host))?;
    caller_name.clone_from(&caller.name);
    if parts.uri.path() == "/metrics" {
        return Ok(Answer::of("text/plain; version=0.0.4; charset=utf-8", shared.metrics.text()));
    }
    let place = url::place(parts.uri.path())?;
    let verb = Verb::parse(parts.method.as_str())
        .ok_or_else(|| Fault::verb(format!("{} is no verb of the Web API", parts.method)))?;
    let body = received(body, &parts.headers, shared.limits).await?;
    *bytes_in = body.len();
    let request = Request {
        verb,
        root: format!("{}://{host}{}", shared.scheme, place.root),
        environment: place.environment.map(strata_odata::url::decoded_path).transpose()?,
        path: place.below.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&parts.headers),
        body,
        caller,
    };
    let _turn = shared.turns.acquire().await.expect("turns are never taken away");
    let shared = Arc::clone(shared);
    let work = tokio::task::spawn_blocking(move || shared.service.answer(&request));
    work.await.map_err(|error| {
        tracing::error!(%error, "a request was not answered");
        Fault::new(500, NO_CODE, "the request was not answered because of a mistake in this server")
    })
}

/// Returns the host that the client called, as it wrote it.
fn host(parts: &axum::http::request::Parts) -> Result<String, Fault> {
    let authority = parts.uri.authority().map(ToString::to_string);
    header(&parts.headers, "host").or(authority).ok_or_else(|| Fault::url("a Host header is needed"))
}

fn no_token(shared: &Shared, host: &str) -> Fault {
    let mut fault = Fault::new(401, NO_TOKEN, "a bearer token is needed that this server knows");
    let challenge = format!("Bearer authorization_uri={}://{host}/", shared.scheme);
    fault.headers.push(("WWW-Authenticate", challenge));
    fault
}

fn preflight(headers: &HeaderMap) -> Answer {
    let wanted = header(headers, "access-control-request-headers").unwrap_or_default();
    Answer::empty()
        .header("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE")
        .header("Access-Control-Allow-Headers", wanted)
        .header("Access-Control-Max-Age", "600")
}

/// Reads a body up to the limits.
async fn received(body: Incoming, headers: &HeaderMap, limits: Limits) -> Result<Vec<u8>, Fault> {
    let too_large = || Fault::new(413, BAD_URL, format!("a body holds {} bytes at the most", limits.body_bytes));
    let announced = header(headers, "content-length").and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(too_large());
    }
    let reading = Limited::new(body, limits.body_bytes).collect();
    match tokio::time::timeout(limits.body_time, reading).await {
        Ok(Ok(collected)) => Ok(Vec::from(collected.to_bytes())),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Ok(Err(error)) => Err(Fault::payload(format!("the body did not arrive: {error}"))),
        Err(_) => Err(Fault::new(408, BAD_URL, "the body took too long to arrive")),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Puts an answer on the wire (T8).
fn response(answer: Answer, id: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    for name in ["x-ms-service-request-id", "req_id"] {
        headers.insert(name, value(id));
    }
    match (answer.content_type, answer.boundary) {
        (Some(kind), Some(boundary)) => headers.insert(CONTENT_TYPE, value(&format!("{kind}; boundary={boundary}"))),
        (Some(kind), None) => headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind)),
        (None, _) => None,
    };
    for (name, text) in answer.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.append(name, value(&text));
        }
    }
    response
}

/// Makes the value of a header; what cannot stand in one is left out.
fn value(text: &str) -> HeaderValue {
    let visible: String = text.chars().filter(|character| (' '..='~').contains(character)).collect();
    HeaderValue::from_str(&visible).unwrap_or(HeaderValue::from_static(""))
}

/// Reads `host:port`, `:port` or a port alone, which is one of loopback.
fn resolved(address: &str) -> io::Result<SocketAddr> {
    let full = match address.strip_prefix(':').unwrap_or(address).parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_owned(),
    };
    let nothing = || io::Error::other("no such address");
    full.to_socket_addrs()?.next().ok_or_else(nothing)
}

/// Tells whether an address can be reached from this machine alone.
pub fn is_loopback(address: &str) -> io::Result<bool> {
    resolved(address).map(|address| address.ip().is_loopback())
}

fn host_of(address: &str) -> String {
    let host = address.rsplit_once(':').map_or("", |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() { "localhost".to_owned() } else { host.to_owned() }
}
