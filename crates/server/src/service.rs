//! What all requests share: the store, what is known of environments, and where requests begin.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_ops::schema::Schema;
use strata_ops::{Location, OpsError, Watch, Workspace};

use crate::access::Caller;
use crate::answer::Answer;
use crate::ask::{Ask, Headers, Verb};
use crate::body::Body;
use crate::fault::Fault;
use crate::jobs::{Jobs, RUNNING_MAX};
use crate::recent::{self, Pooled, Recent};
use crate::rows::KnownColumns;
use crate::schemas::Schemas;
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
    pub body: Body,
    pub caller: Caller,
}

impl Request {
    /// Tells what may keep the machine busy for long: an action.
    pub(crate) fn is_operation(&self) -> bool {
        self.verb == Verb::Post && self.path.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
    }

    /// Tells what takes less time to read than to hand to another thread: one row, or a short page of a table.
    pub(crate) fn is_quick(&self) -> bool {
        const SHORT_MAX: usize = 100;
        let options = || self.query.split('&');
        let is_short = |option: &str| {
            let top = option.strip_prefix("$top=").or_else(|| option.strip_prefix("%24top="));
            top.and_then(|top| top.parse::<usize>().ok()).is_some_and(|top| top <= SHORT_MAX)
        };
        let is_plain =
            |option: &str| ["$select", "$top", "%24select", "%24top"].iter().any(|name| option.starts_with(name));
        let is_row = self.path.ends_with(')') && !self.path.contains('/');
        let is_read = self.verb == Verb::Get && self.path.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        is_read && (is_row || options().any(is_short)) && options().all(|option| option.is_empty() || is_plain(option))
    }
}

/// The server without its sockets.
#[derive(Debug)]
pub struct Service {
    location: Location,
    /// Connections that wait.
    idle: Mutex<Vec<Pooled>>,
    schemas: Arc<Schemas>,
    /// What no two requests have in common: when the server started, and how many ids it has given.
    started: Guid,
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
        let schemas = Arc::new(Schemas::default());
        let watch = Arc::clone(&schemas) as Arc<dyn Watch>;
        let jobs = Jobs::new(&location, Arc::clone(&troubles), watch, jobs_max.max(1))?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let started = Guid::minted(Guid::of_environment("servers"), "start", &started.to_string());
        Ok(Self {
            location,
            idle: Mutex::default(),
            schemas,
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
        Guid::minted(self.started, "request", &number.to_string())
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
        self.reply(request).whole()
    }

    /// The same; a file in the answer is not in its body yet.
    pub(crate) fn reply(&self, request: &Request) -> Answer {
        self.met(request).unwrap_or_else(|fault| fault.answer())
    }

    fn met(&self, request: &Request) -> Result<Answer, Fault> {
        let mut workspace = self.workspace(request.environment.as_deref())?;
        match request.path.trim_matches('/') {
            "$batch" | "%24batch" => batch::answer(self, &workspace, request),
            _ if request.verb.writes() => self.one(&workspace, request, false),
            _ if request.is_quick() && self.troubles.is_empty() => self.recent(&mut workspace, request),
            _ => {
                workspace.store().hold()?;
                self.one(&workspace, request, false)
            }
        }
    }

    /// Gives an answer again that still holds, or makes it.
    fn recent(&self, workspace: &mut Lent<'_>, request: &Request) -> Result<Answer, Fault> {
        workspace.store().hold()?;
        let mark = workspace.store().mark()?;
        let key = recent::key(request);
        if let Some(answer) = workspace.recent().find(mark, &key) {
            return Ok(answer);
        }
        let answer = self.one(workspace, request, false)?;
        // Reading may have brought a projection up to date: then the next answer is the one to keep.
        if workspace.store().mark()? == mark {
            workspace.recent().keep(mark, key, &answer);
        }
        Ok(answer)
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
        let pooled = match waiting {
            Some(mut pooled) => {
                pooled.workspace.turn_to(environment);
                pooled
            }
            None => {
                let workspace = Workspace::open(&Location { environment, ..self.location.clone() })?;
                let workspace = workspace.watched_by(Arc::clone(&self.schemas) as Arc<dyn Watch>);
                Pooled { workspace, recent: Recent::default() }
            }
        };
        Ok(Lent { service: self, pooled: Some(pooled) })
    }

    /// Returns what is known of an environment's tables at its revision; tentative is what may yet be taken back.
    pub fn schema(
        &self,
        workspace: &Workspace,
        environment: &Environment,
        is_tentative: bool,
    ) -> Result<Arc<Schema>, OpsError> {
        self.schemas.of(workspace, environment, is_tentative)
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
    pooled: Option<Pooled>,
}

impl Lent<'_> {
    fn recent(&mut self) -> &mut Recent {
        &mut self.pooled.as_mut().expect("it is there until it is dropped").recent
    }
}

impl Deref for Lent<'_> {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.pooled.as_ref().expect("it is there until it is dropped").workspace
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // What a request held is not for the next one.
        self.store().let_go();
        let mut idle = lock(&self.service.idle);
        if idle.len() < IDLE_MAX {
            idle.extend(self.pooled.take());
        }
    }
}
