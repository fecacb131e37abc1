//! What all requests share: the store, what is known of environments, and where requests begin.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use strata_model::environment::Environment;
use strata_model::id::{EnvironmentNo, Guid};
use strata_ops::schema::Schema;
use strata_ops::{Location, OpsError, Workspace};

use crate::access::Caller;
use crate::answer::Answer;
use crate::ask::{Ask, Headers, Verb};
use crate::fault::Fault;
use crate::jobs::{Jobs, RUNNING_MAX};
use crate::rows::KnownColumns;
use crate::trouble::Troubles;
use crate::{batch, route};

/// A request as it comes from the wire.
#[derive(Debug, Clone)]
pub struct Request {
    pub verb: Verb,
    /// The service root as the client wrote it, with a slash at its end.
    pub root: String,
    /// The environment that the URL names.
    pub environment: Option<String>,
    /// What stands below the service root, and behind the question mark; both as they were sent.
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub caller: Caller,
}

/// The server without its sockets.
#[derive(Debug)]
pub struct Service {
    location: Location,
    /// Connections that wait.
    idle: Mutex<Vec<Workspace>>,
    schemas: Mutex<BTreeMap<EnvironmentNo, Arc<Schema>>>,
    /// What no two requests have in common: when the server started, and how many ids it has given.
    started: u128,
    minted: AtomicU64,
    troubles: Arc<Troubles>,
    jobs: Jobs,
    columns: KnownColumns,
}

/// More connections than these are closed after use.
const IDLE_MAX: usize = 16;

impl Service {
    /// Makes the service of a store, whose default environment is there afterwards.
    pub fn new(location: Location) -> Result<Self, OpsError> {
        Self::with_jobs(location, RUNNING_MAX)
    }

    /// Makes a service that carries out so many asynchronous operations at once.
    pub fn with_jobs(location: Location, jobs_max: usize) -> Result<Self, OpsError> {
        Workspace::open_or_create(&location)?.environment_to_write()?;
        let troubles = Arc::new(Troubles::default());
        let jobs = Jobs::new(&location, Arc::clone(&troubles), jobs_max.max(1))?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Ok(Self {
            location,
            idle: Mutex::default(),
            schemas: Mutex::default(),
            started,
            minted: AtomicU64::new(0),
            troubles,
            jobs,
            columns: KnownColumns::default(),
        })
    }

    /// Mints an id for a request or a job: never the same twice.
    pub fn mint(&self) -> Guid {
        let number = self.minted.fetch_add(1, Ordering::Relaxed);
        Guid::minted(Guid::of_environment("requests"), "request", &format!("{}-{number}", self.started))
    }

    /// Lets what runs come to its end; nothing new begins.
    pub fn close(&self) {
        self.jobs.close();
    }

    /// Returns the asynchronous operations.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Returns where the store is.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the columns of tables as answers write them.
    pub(crate) fn columns(&self) -> &KnownColumns {
        &self.columns
    }

    /// Returns the faults that are set.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Answers a request, whatever comes of it.
    pub fn answer(&self, request: &Request) -> Answer {
        self.met(request).unwrap_or_else(|fault| fault.answer())
    }

    fn met(&self, request: &Request) -> Result<Answer, Fault> {
        let workspace = self.workspace(request.environment.as_deref())?;
        match request.path.trim_matches('/') {
            "$batch" | "%24batch" => batch::answer(self, &workspace, request),
            _ => self.one(&workspace, request, false),
        }
    }

    /// Answers a request that is no batch; a tentative one may yet be taken back with others.
    pub(crate) fn one(&self, workspace: &Workspace, request: &Request, is_tentative: bool) -> Result<Answer, Fault> {
        let path = strata_odata::url::decoded_path(&request.path)?;
        route::answer(&Ask {
            service: self,
            workspace,
            environment: workspace.environment()?,
            root: &request.root,
            verb: request.verb,
            path: strata_odata::path::parse(&path)?,
            options: strata_odata::url::options(&request.query)?,
            headers: Headers(&request.headers),
            body: &request.body,
            caller: &request.caller,
            is_tentative,
        })
    }

    /// Lends a connection to the store, meant for an environment; without a name, for the selected one.
    pub fn workspace(&self, environment: Option<&str>) -> Result<Lent<'_>, OpsError> {
        let environment = environment.or(self.location.environment.as_deref()).map(str::to_owned);
        let waiting = lock(&self.idle).pop();
        let workspace = match waiting {
            Some(mut workspace) => {
                workspace.turn_to(environment);
                workspace
            }
            None => Workspace::open(&Location { environment, ..self.location.clone() })?,
        };
        Ok(Lent { service: self, workspace: Some(workspace) })
    }

    /// Returns what is known of an environment's tables at its revision. What may yet be taken back is known to nobody
    /// else: a later operation may get the same revision.
    pub fn schema(
        &self,
        workspace: &Workspace,
        environment: &Environment,
        is_tentative: bool,
    ) -> Result<Arc<Schema>, OpsError> {
        let known = lock(&self.schemas).get(&environment.no).cloned();
        if let Some(known) = known.filter(|known| known.revision() == environment.revision) {
            return Ok(known);
        }
        let schema = Arc::new(Schema::load(workspace, environment)?);
        if !is_tentative {
            lock(&self.schemas).insert(environment.no, Arc::clone(&schema));
        }
        Ok(schema)
    }
}

/// Nothing that these locks guard is left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that goes back when it is dropped.
#[derive(Debug)]
pub struct Lent<'a> {
    service: &'a Service,
    workspace: Option<Workspace>,
}

impl Deref for Lent<'_> {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        self.workspace.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = lock(&self.service.idle);
        if idle.len() < IDLE_MAX {
            idle.extend(self.workspace.take());
        }
    }
}
