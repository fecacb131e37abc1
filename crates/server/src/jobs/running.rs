//! A job that runs: its own connection, its progress, and what it leaves behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use strata_model::id::Guid;
use strata_ops::jobs::{WhichJob, log};
use strata_ops::{Location, OpsError, Phase, Watch, Workspace, system_rows};

use super::row::{self, Failure, IMPORT_JOBS};
use super::{Job, Task};
use crate::trouble::Troubles;

/// How often progress is written.
const TICK: Duration = Duration::from_millis(200);

/// How often a state of a job is written anew while the store is locked, once a second.
const TRIES_MAX: u32 = 60;

/// Carries a job out; `release` says that its environment may have another.
pub(super) fn run(location: &Location, troubles: &Troubles, watch: &Arc<dyn Watch>, job: Job, release: &dyn Fn(&str)) {
    let Job { id, environment, new } = job;
    let at = Location { environment: Some(environment.clone()), ..location.clone() };
    let started = Instant::now();
    let import_job = new.import_job;
    let result = carry_out(&at, troubles, watch, &environment, id, new);
    let seconds = started.elapsed().as_secs_f64();
    // Before the end can be read: whoever reads it may begin the next one.
    release(&environment);
    let ended = patiently(&|| finish(&at, &environment, id, import_job, result.as_ref().err(), seconds));
    // Where its environment has gone, nobody can ask for the job.
    if let Err(error) = ended {
        tracing::warn!(%id, %error, "the end of a job is not written");
    }
}

/// Writes something, and again while the store is locked.
fn patiently(write: &dyn Fn() -> Result<(), OpsError>) -> Result<(), OpsError> {
    for _ in 0..TRIES_MAX {
        match write() {
            Err(error) if error.exit_code() == 5 => thread::sleep(Duration::from_secs(1)),
            other => return other,
        }
    }
    write()
}

fn carry_out(
    at: &Location,
    troubles: &Troubles,
    watch: &Arc<dyn Watch>,
    environment: &str,
    id: Guid,
    new: super::NewJob,
) -> Result<(), Failure> {
    let workspace = Workspace::open(at).map_err(|error| Failure::of(&error))?.watched_by(Arc::clone(watch));
    patiently(&|| row::started(&workspace, environment, id)).map_err(|error| Failure::of(&error))?;
    let on_demand = |fault: crate::fault::Fault| Failure { code: Some(fault.code), message: fault.message };
    troubles.befall(&format!("Job.{}", new.name)).map_err(on_demand)?;
    let environment = workspace.environment_named(environment).map_err(|error| Failure::of(&error))?;
    let gauge = Gauge::default();
    thread::scope(|scope| {
        if let Some(job) = new.import_job {
            let (name, gauge) = (environment.name.clone(), &gauge);
            scope.spawn(move || gauge.write_down(at, &name, job));
        }
        let task = Task {
            id,
            workspace: &workspace,
            environment,
            progress: &|phase, done, total| gauge.set(phase, done, total),
        };
        let ended = catch_unwind(AssertUnwindSafe(|| (new.work)(&task)));
        gauge.end();
        match ended {
            Ok(result) => result.map_err(|error| Failure::of(&error)),
            Err(_) => {
                tracing::error!(%id, "a job ended in a panic");
                Err(Failure {
                    code: None,
                    message: "the server made a mistake: the operation was broken off".to_owned(),
                })
            }
        }
    })
}

fn finish(
    at: &Location,
    environment: &str,
    id: Guid,
    import_job: Option<Guid>,
    failure: Option<&Failure>,
    seconds: f64,
) -> Result<(), OpsError> {
    let workspace = Workspace::open(at)?;
    if let Some(job) = import_job {
        // History says what came of it; an import that it knows nothing of has not been one (R14).
        system_rows::remove(&workspace, environment, IMPORT_JOBS, &job.to_string())?;
    }
    row::ended(&workspace, environment, id, failure, seconds)
}

/// Says of a job that waited that the server has been stopped.
pub(super) fn stopped(location: &Location, job: &Job) -> Result<(), OpsError> {
    let at = Location { environment: Some(job.environment.clone()), ..location.clone() };
    let failure = Failure { code: None, message: "the server was stopped before the operation began".to_owned() };
    finish(&at, &job.environment, job.id, job.new.import_job, Some(&failure), 0.0)
}

/// Whether history has an import job.
pub(super) fn is_in_history(workspace: &Workspace, job: Guid) -> bool {
    log(workspace, None, WhichJob::Id(job)).is_ok()
}

/// How far a job is, in percent. Written down by a thread of its own: the one that works may hold the store.
#[derive(Debug, Default)]
struct Gauge {
    percent: AtomicU8,
    has_ended: Mutex<bool>,
    changed: Condvar,
}

impl Gauge {
    fn set(&self, phase: Phase, done: u64, total: u64) {
        self.percent.fetch_max(percent(phase, done, total), Ordering::Relaxed);
    }

    fn end(&self) {
        *self.has_ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn write_down(&self, at: &Location, environment: &str, job: Guid) {
        let Ok(workspace) = Workspace::open(at) else { return };
        let mut written = 0;
        let mut has_ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !*has_ended {
            has_ended = self.changed.wait_timeout(has_ended, TICK).unwrap_or_else(PoisonError::into_inner).0;
            let percent = self.percent.load(Ordering::Relaxed);
            if percent == written || *has_ended {
                continue;
            }
            drop(has_ended);
            let written_down = system_rows::change(&workspace, environment, IMPORT_JOBS, &job.to_string(), |values| {
                values.insert("progress".to_owned(), percent.into());
            });
            // A store that is locked just now will have it with the next tick.
            if written_down.is_ok() {
                written = percent;
            }
            has_ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Shares of the phases of an import; the last percent is the end itself.
fn percent(phase: Phase, done: u64, total: u64) -> u8 {
    let (from, to) = match phase {
        Phase::Reading => (1, 10),
        Phase::Planning => (10, 30),
        Phase::Definitions => (30, 70),
        Phase::Rows | Phase::Files | Phase::Packing => (70, 99),
    };
    let share = (done.min(total) * (to - from)).checked_div(total).unwrap_or(0);
    u8::try_from(from + share).unwrap_or(99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w10_progress_rises_to_99_and_the_end_is_the_last_percent() {
        let phases = [Phase::Reading, Phase::Planning, Phase::Definitions, Phase::Rows];
        let all: Vec<_> = phases.iter().flat_map(|phase| [0, 5, 10].map(|done| percent(*phase, done, 10))).collect();
        assert!(all.is_sorted(), "{all:?}");
        assert_eq!((all.first(), all.last()), (Some(&1), Some(&99)));
        assert_eq!(percent(Phase::Rows, 7, 0), 70);
    }
}
