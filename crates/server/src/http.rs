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
use std::time::Duration;

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
use crate::exchange::{Shared, answered};
use crate::metrics::Metrics;
use crate::service::Service;
use crate::tls::{Tls, TlsError};

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
    // More threads than cores, since quick reads are answered on them and may have to wait for the disk.
    let threads = std::thread::available_parallelism().map_or(2, usize::from).saturating_mul(2).max(4);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(ServeError::Start)?;
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
