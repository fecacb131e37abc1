//! One exchange: a request from the wire, who may ask it, and the answer back (web-api T3 to T8).

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::Semaphore;

use crate::access::{Hosts, Tokens};
use crate::answer::Answer;
use crate::ask::Verb;
use crate::body::{Arriving, Body as Received};
use crate::fault::{BAD_URL, Fault, NO_CODE, NO_PRIVILEGE, NO_TOKEN};
use crate::http::Limits;
use crate::metrics::Metrics;
use crate::service::{Request, Service};
use crate::{actions, step_back, url};

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) tokens: Tokens,
    pub(crate) hosts: Hosts,
    pub(crate) origins: Vec<String>,
    pub(crate) limits: Limits,
    pub(crate) scheme: &'static str,
    pub(crate) metrics: Metrics,
    pub(crate) turns: Semaphore,
}

/// Answers a request, whatever comes of it, and writes a line about it.
pub(crate) async fn answered(shared: &Arc<Shared>, request: axum::http::Request<Incoming>) -> Response<Body> {
    let started = Instant::now();
    shared.metrics.begin();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let (bytes_in, caller, answer) = asked(shared, request).await;
    let bytes_out = answer.length();
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
    let files = if verb == Verb::Post { actions::files(place.below.trim_matches('/')) } else { Vec::new() };
    let body = received(body, &parts.headers, shared.limits, &files, bytes_in).await?;
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
    if request.is_quick() {
        return answer_here(shared, &request);
    }
    let _turn = shared.turns.acquire().await.expect("turns are never taken away");
    let shared = Arc::clone(shared);
    if request.is_operation() {
        return step_back::run(move || shared.service.reply(&request)).await.ok_or_else(|| mistaken(&"an operation"));
    }
    let work = tokio::task::spawn_blocking(move || shared.service.reply(&request));
    work.await.map_err(|error| mistaken(&error))
}

/// Answers on the thread of the connection.
fn answer_here(shared: &Shared, request: &Request) -> Result<Answer, Fault> {
    let work = std::panic::AssertUnwindSafe(|| shared.service.reply(request));
    std::panic::catch_unwind(work).map_err(|_| mistaken(&"a panic"))
}

fn mistaken(error: &dyn std::fmt::Display) -> Fault {
    tracing::error!(%error, "a request was not answered");
    Fault::new(500, NO_CODE, "the request was not answered because of a mistake in this server")
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

/// Reads a body up to the limits; files in it are decoded on the way.
async fn received(
    body: Incoming,
    headers: &HeaderMap,
    limits: Limits,
    files: &[&'static str],
    bytes_in: &mut usize,
) -> Result<Received, Fault> {
    let too_large = || Fault::new(413, BAD_URL, format!("a body holds {} bytes at the most", limits.body_bytes));
    let announced = header(headers, "content-length").and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(too_large());
    }
    let reading = async {
        let mut body = pin!(Limited::new(body, limits.body_bytes));
        let mut arriving = Arriving::new(files);
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame?.into_data() {
                *bytes_in += bytes.len();
                arriving.take(&bytes);
            }
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(arriving.finished())
    };
    match tokio::time::timeout(limits.body_time, reading).await {
        Ok(Ok(body)) => Ok(body),
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
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    for name in ["x-ms-service-request-id", "req_id"] {
        headers.insert(name, value(id));
    }
    match (answer.content_type, &answer.boundary) {
        (Some(kind), Some(boundary)) => headers.insert(CONTENT_TYPE, value(&format!("{kind}; boundary={boundary}"))),
        (Some(kind), None) => headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind)),
        (None, _) => None,
    };
    for (name, text) in &answer.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.append(name, value(text));
        }
    }
    *response.body_mut() = match answer.holds_file() {
        true => Body::new(Pieces { left: answer.length() as u64, answer, from: 0 }),
        false => Body::from(answer.body),
    };
    response
}

/// The body of an answer that holds a file, made while it is sent.
struct Pieces {
    answer: Answer,
    from: usize,
    left: u64,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some((piece, next)) = self.answer.piece(self.from) else { return Poll::Ready(None) };
        let piece = Bytes::from(piece.into_owned());
        self.from = next;
        self.left = self.left.saturating_sub(piece.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Makes the value of a header; what cannot stand in one is left out.
fn value(text: &str) -> HeaderValue {
    let visible: String = text.chars().filter(|character| (' '..='~').contains(character)).collect();
    HeaderValue::from_str(&visible).unwrap_or(HeaderValue::from_static(""))
}
