//! Numbers about the server, as Prometheus reads them.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper ends of the buckets that durations of requests fall into, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0];

/// Counters of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Instant,
    /// Answers by the first digit of their status: 2, 3, 4, 5.
    answers: [AtomicU64; 4],
    /// By bucket, and above the last.
    durations: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
    in_flight: AtomicU64,
    connections: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            answers: Default::default(),
            durations: Default::default(),
            microseconds: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
        }
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that is being answered, and returns how many there are.
    pub(crate) fn begin(&self) -> u64 {
        self.in_flight.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts its answer.
    pub(crate) fn end(&self, status: u16, took: Duration, bytes_in: usize, bytes_out: usize) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let class = usize::from((status / 100).clamp(2, 5)) - 2;
        self.answers[class].fetch_add(1, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        self.durations[bucket].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes_in as u64, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out as u64, Ordering::Relaxed);
    }

    /// Writes them in Prometheus' text format.
    pub(crate) fn text(&self) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut text = String::new();
        head(&mut text, "strata_requests_total", "counter", "Answered requests by class of status.");
        for (class, counter) in self.answers.iter().enumerate() {
            line(&mut text, &format!("strata_requests_total{{status=\"{}xx\"}}", class + 2), read(counter));
        }
        head(&mut text, "strata_request_duration_seconds", "histogram", "How long answers took.");
        let mut below = 0;
        for (bucket, counter) in self.durations.iter().enumerate() {
            below += read(counter);
            let end = BUCKETS.get(bucket).map_or("+Inf".to_owned(), f64::to_string);
            line(&mut text, &format!("strata_request_duration_seconds_bucket{{le=\"{end}\"}}"), below);
        }
        line(&mut text, "strata_request_duration_seconds_sum", read(&self.microseconds) as f64 / 1e6);
        line(&mut text, "strata_request_duration_seconds_count", below);
        for (name, kind, what, value) in [
            ("strata_requests_in_flight", "gauge", "Requests being answered.", read(&self.in_flight)),
            ("strata_connections_total", "counter", "Accepted connections.", read(&self.connections)),
            ("strata_received_bytes_total", "counter", "Bytes of bodies that came.", read(&self.bytes_in)),
            ("strata_sent_bytes_total", "counter", "Bytes of bodies that went.", read(&self.bytes_out)),
            ("strata_uptime_seconds", "gauge", "Since the server started.", self.started.elapsed().as_secs()),
        ] {
            head(&mut text, name, kind, what);
            line(&mut text, name, value);
        }
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, what: &str) {
    writeln!(text, "# HELP {name} {what}\n# TYPE {name} {kind}").expect("texts grow");
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    writeln!(text, "{name} {value}").expect("texts grow");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let metrics = Metrics::new();
        for (status, milliseconds) in [(200, 0), (204, 7), (404, 200), (500, 100_000)] {
            metrics.begin();
            metrics.end(status, Duration::from_millis(milliseconds), 1, 2);
        }
        let text = metrics.text();
        for expected in [
            "strata_requests_total{status=\"2xx\"} 2\n",
            "strata_requests_total{status=\"5xx\"} 1\n",
            "strata_request_duration_seconds_bucket{le=\"0.01\"} 2\n",
            "strata_request_duration_seconds_bucket{le=\"60\"} 3\n",
            "strata_request_duration_seconds_bucket{le=\"+Inf\"} 4\n",
            "strata_requests_in_flight 0\n",
            "strata_sent_bytes_total 8\n",
        ] {
            assert!(text.contains(expected), "{expected}{text}");
        }
    }
}
