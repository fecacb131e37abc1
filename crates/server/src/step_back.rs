//! Operations step back behind reads: an import keeps every core busy for seconds, and a read wants one for an instant.

use std::thread;

use tokio::sync::oneshot;

/// How much nicer than reads: a thread of this gets a tenth of the time where both want all of it.
const NICER: i32 = 10;

/// Lets this thread, and those it starts, go behind others. Nothing is lost where the system does not have it so.
pub(crate) fn step_back() {
    #[cfg(target_os = "linux")]
    rustix::process::nice(NICER).ok();
}

/// Runs work on a thread of its own that steps back; `None` where it panicked or no thread is to be had.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, awaited) = oneshot::channel();
    let started = thread::Builder::new().name("operation".to_owned()).spawn(move || {
        step_back();
        // The client may have gone; the work was done all the same.
        done.send(work()).ok();
    });
    started.ok()?;
    awaited.await.ok()
}
