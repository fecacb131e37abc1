//! Progress on stderr, for terminals, and only for work that takes its time.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use strata_ops::Phase;

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears late and leaves no trace.
pub(crate) struct Progress {
    shown: Option<Shown>,
}

struct Shown {
    bar: ProgressBar,
    end: mpsc::Sender<()>,
    watcher: JoinHandle<()>,
}

impl Progress {
    /// Starts waiting; nothing shows, ever, unless `is_wanted`.
    pub(crate) fn start(is_wanted: bool) -> Self {
        Self { shown: is_wanted.then(Shown::start) }
    }

    /// Says how far the work is.
    pub(crate) fn report(&self, phase: Phase, done: u64, total: u64) {
        let Some(Shown { bar, .. }) = &self.shown else { return };
        if total > 0 {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_prefix(format!("{done}/{total}"));
        } else {
            bar.set_prefix("");
        }
        bar.set_message(words(phase));
    }
}

impl Shown {
    fn start() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {prefix}") {
            bar.set_style(style);
        }
        let (end, ended) = mpsc::channel();
        let late = bar.clone();
        let watcher = thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Self { bar, end, watcher }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Shown { bar, end, watcher }) = self.shown.take() {
            // The watcher may have gone already; then there is nobody to tell.
            end.send(()).ok();
            watcher.join().ok();
            bar.finish_and_clear();
        }
    }
}

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Reading => "reading the package",
        Phase::Planning => "planning",
        Phase::Definitions => "storing definitions",
        Phase::Rows => "writing layers",
        Phase::Files => "writing files",
        Phase::Packing => "packing",
    }
}
