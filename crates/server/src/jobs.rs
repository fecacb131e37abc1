//! Asynchronous operations: rows that clients poll, and the threads that carry them out (web-api §10, §11).
//!
//! An environment has one solution operation that waits or runs, since a second one is refused and never queued (R3);
//! jobs of several environments wait for each other when more would run at once than the server allows. The row is the
//! truth: what a restart cut off is found there, and said to have failed. An import that runs has a row of its own kind
//! with its progress, which gives way to what history says of it.

mod recover;
mod row;
mod running;
pub(crate) mod uploads;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_ops::{Location, OpsError, Progress, Request, Watch, Workspace};

use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;
use crate::message::Call;
use crate::step_back::step_back;
use crate::trouble::Troubles;

pub(crate) use row::{TABLE, operation_of};

/// How many run at once where nothing else is said.
pub const RUNNING_MAX: usize = 4;

/// What a job does; it may say how far it is.
pub(crate) type Work = Box<dyn FnOnce(&Task<'_>) -> Result<(), OpsError> + Send>;

/// What a job works with.
pub(crate) struct Task<'a> {
    /// Of the operation.
    pub(crate) id: Guid,
    pub(crate) workspace: &'a Workspace,
    pub(crate) environment: Environment,
    pub(crate) progress: Progress<'a>,
}

/// A job that is to be.
pub(crate) struct NewJob {
    /// As the platform names it: `ImportSolution`.
    pub(crate) name: &'static str,
    /// `ImportSolutionAsync`.
    pub(crate) message: &'static str,
    /// `operationtype` (web-api §10).
    pub(crate) number: i64,
    /// As a refusal of another one says it.
    pub(crate) title: &'static str,
    /// Of imports.
    pub(crate) import_job: Option<Guid>,
    /// Of exports.
    pub(crate) export_job: Option<Guid>,
    pub(crate) work: Work,
}

/// The jobs of a server.
#[derive(Debug)]
pub struct Jobs {
    shared: Arc<Shared>,
}

struct Shared {
    location: Location,
    running_max: usize,
    troubles: Arc<Troubles>,
    watch: Arc<dyn Watch>,
    state: Mutex<State>,
    changed: Condvar,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("location", &self.location).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// What each environment has, waiting or running.
    busy: BTreeMap<String, &'static str>,
    threads: usize,
    is_closed: bool,
}

struct Job {
    id: Guid,
    environment: String,
    new: NewJob,
}

impl Jobs {
    /// Makes the jobs of a store; those that an earlier server left unfinished have failed.
    pub(crate) fn new(
        location: &Location,
        troubles: Arc<Troubles>,
        watch: Arc<dyn Watch>,
        running_max: usize,
    ) -> Result<Self, OpsError> {
        recover::recover(location)?;
        let state = Mutex::default();
        let shared =
            Shared { location: location.clone(), running_max, troubles, watch, state, changed: Condvar::new() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Starts a job, whose row can be read from now on, and returns its id.
    pub(crate) fn start(&self, ask: &Ask<'_>, new: NewJob) -> Result<Guid, Fault> {
        if ask.is_tentative {
            let message = format!("{} cannot be part of a change set: it could not be taken back", new.message);
            return Err(Fault::payload(message));
        }
        let environment = ask.environment.name.clone();
        if new.is_exclusive() {
            self.shared.occupy(&environment, new.title)?;
        }
        let id = ask.service.mint();
        if let Err(error) = row::waiting(ask.workspace, &ask.environment, id, &new) {
            self.shared.release(&environment, new.is_exclusive());
            return Err(error.into());
        }
        self.shared.push(Job { id, environment, new });
        Ok(id)
    }

    /// Keeps jobs of an environment out while something is done to it as a whole.
    pub(crate) fn exclude(&self, environment: &str, title: &'static str) -> Result<Turn, Fault> {
        self.shared.occupy(environment, title)?;
        Ok(Turn { shared: Arc::clone(&self.shared), environment: environment.to_owned() })
    }

    /// Ends what the copy of an environment seems to do: the jobs are those of the other.
    pub(crate) fn end_copied(&self, environment: &str) -> Result<(), OpsError> {
        recover::end_jobs(&self.shared.location, environment)
    }

    /// Takes no more jobs, lets those fail that wait, and waits for those that run.
    pub fn close(&self) {
        let mut state = self.shared.state();
        state.is_closed = true;
        let waiting: Vec<_> = state.waiting.drain(..).collect();
        drop(state);
        for job in waiting {
            let _written = running::stopped(&self.shared.location, &job);
        }
        let mut state = self.shared.state();
        while state.threads > 0 {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes a job out of those that wait.
    fn withdraw(&self, id: Guid) -> Option<Job> {
        let mut state = self.shared.state();
        let at = state.waiting.iter().position(|job| job.id == id)?;
        let job = state.waiting.remove(at)?;
        drop(state);
        self.shared.release(&job.environment, job.new.is_exclusive());
        Some(job)
    }
}

/// An environment that has no jobs until this is dropped.
pub(crate) struct Turn {
    shared: Arc<Shared>,
    environment: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.shared.state().busy.remove(&self.environment);
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Nothing that this guards is left half done by a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that an environment has a job; a second is refused (L116, R3).
    fn occupy(&self, environment: &str, title: &'static str) -> Result<(), Fault> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Fault::new(400, crate::fault::NO_CODE, "the server is about to stop: it takes no more jobs"));
        }
        if let Some(running) = state.busy.get(environment) {
            return Err(OpsError::Concurrent { asked: title, running: (*running).to_owned() }.into());
        }
        state.busy.insert(environment.to_owned(), title);
        Ok(())
    }

    /// Says that a job of an environment is over.
    fn release(&self, environment: &str, is_exclusive: bool) {
        if is_exclusive {
            self.state().busy.remove(environment);
        }
    }

    fn push(self: &Arc<Self>, job: Job) {
        let mut state = self.state();
        if state.is_closed {
            drop(state);
            let _written = running::stopped(&self.location, &job);
            return;
        }
        state.waiting.push_back(job);
        if state.threads < self.running_max {
            state.threads += 1;
            let shared = Arc::clone(self);
            thread::spawn(move || {
                step_back();
                shared.work();
            });
        }
    }

    /// Carries out jobs as long as there are any.
    fn work(&self) {
        while let Some(job) = self.next() {
            let is_exclusive = job.new.is_exclusive();
            running::run(&self.location, &self.troubles, &self.watch, job, &|environment| {
                self.release(environment, is_exclusive);
            });
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        let job = state.waiting.pop_front();
        if job.is_none() {
            state.threads -= 1;
            self.changed.notify_all();
        }
        job
    }
}

/// What clients are told who have started a job.
pub(crate) fn accepted(id: Guid, import_job: Option<Guid>) -> Value {
    match import_job {
        Some(job) => json!({ "AsyncOperationId": id, "ImportJobKey": job.to_string() }),
        None => json!({ "AsyncOperationId": id }),
    }
}

/// Answers a request about one asynchronous operation that is not for rows in general: its cancellation, and what takes
/// one away that has not ended.
pub(crate) fn answer(ask: &Ask<'_>) -> Option<Result<Answer, Fault>> {
    let [segment] = ask.path.as_slice() else { return None };
    if segment.name != "asyncoperations" {
        return None;
    }
    if ask.verb == Verb::Delete {
        return refuse_unended(ask).err().map(Err);
    }
    if ask.verb != Verb::Patch {
        return None;
    }
    let body = ask.json().ok()?;
    // Everything else that a client may write into such a row is a plain change of it.
    let is_cancel = ["statecode", "statuscode"].iter().any(|column| body.contains_key(*column));
    is_cancel.then(|| cancel(ask, &body))
}

/// Refuses to delete an operation that waits or runs.
fn refuse_unended(ask: &Ask<'_>) -> Result<(), Fault> {
    let Ok((id, row)) = named(ask) else { return Ok(()) };
    match row.values.get("statecode") == Some(&3.into()) {
        true => Ok(()),
        false => {
            let message = format!("asynchronous operation {id} has not ended: what waits or runs cannot be deleted");
            Err(Fault::new(400, crate::fault::NO_CODE, message))
        }
    }
}

/// The operation that the path names.
fn named(ask: &Ask<'_>) -> Result<(Guid, strata_ops::system_rows::Record), Fault> {
    let strata_odata::path::Arguments::Key(strata_odata::expression::Argument::One(key)) = &ask.path[0].arguments
    else {
        return Err(Fault::url("an asynchronous operation is named by its id"));
    };
    let Some(id) = key.text().and_then(Guid::parse) else { return Err(Fault::url("a GUID is expected")) };
    let row = strata_ops::system_rows::get(ask.workspace, &ask.environment.name, TABLE, &id.to_string())?;
    row.map(|row| (id, row)).ok_or_else(|| Fault::row("asyncoperation", &id.to_string()))
}

fn cancel(ask: &Ask<'_>, body: &serde_json::Map<String, Value>) -> Result<Answer, Fault> {
    let (id, row) = named(ask)?;
    let status = body.get("statuscode").and_then(Value::as_i64);
    if body.get("statecode").and_then(Value::as_i64) != Some(3) || status.is_some_and(|status| status != row::CANCELED)
    {
        return Err(Fault::payload("an asynchronous operation can be canceled, with statecode 3 and statuscode 32"));
    }
    match ask.service.jobs().withdraw(id) {
        Some(job) => {
            row::canceled(ask.workspace, &job.environment, id, job.new.import_job)?;
            Ok(Answer::empty())
        }
        None if row.values.get("statecode") == Some(&3.into()) => {
            Err(Fault::new(400, crate::fault::NO_CODE, format!("asynchronous operation {id} has ended already")))
        }
        None => {
            let message = format!("asynchronous operation {id} runs, and comes to its end: it changes all or nothing");
            Err(Fault::new(400, crate::fault::NO_CODE, message))
        }
    }
}

impl NewJob {
    /// Whether its environment has no other such job beside it: solution operations, and not what only changes rows.
    fn is_exclusive(&self) -> bool {
        self.number != crate::actions::BULK_DELETE_NUMBER
    }

    /// Makes the job of an operation that is no import and no export.
    pub(crate) fn of_request(
        call: &Call<'_>,
        name: &'static str,
        number: i64,
        title: &'static str,
        request: Request,
    ) -> Self {
        Self {
            name,
            message: call.message.name,
            number,
            title,
            import_job: None,
            export_job: None,
            work: Box::new(move |task| {
                strata_ops::carry_out(task.workspace, &task.environment, &request, task.progress).map(|_| ())
            }),
        }
    }
}
