//! A store and the environment that commands mean (spec `cli.md` §1).
//!
//! A command that writes makes the store and an environment named `default`; a command that only reads makes
//! nothing. Planning without a store happens against a fresh environment in memory (R5).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use strata_engine::dependency;
use strata_model::code::ErrorCode;
use strata_model::environment::{Environment, Settings};
use strata_model::plan::{Bodies as _, Plan};
use strata_store::sqlite::SqliteStore;
use strata_store::{ChangeMark, Store, StoreBodies, StoreError};

use crate::OpsError;
use crate::names::did_you_mean;
use crate::view::PlanView;

/// The environment that exists without being asked for.
pub const DEFAULT_ENVIRONMENT: &str = "default";

/// Where the store is and which environment is meant.
#[derive(Debug, Clone)]
pub struct Location {
    /// A file path, or a `postgres://` URL.
    pub store: String,
    /// `None`: the selected environment, else [`DEFAULT_ENVIRONMENT`].
    pub environment: Option<String>,
}

/// Whoever wants to know of operations before others see what they did.
pub trait Watch: Send + Sync {
    /// An operation is about to be kept: what is read through the workspace is the state to come, of the environment as
    /// it will be.
    fn coming(&self, workspace: &Workspace, environment: &Environment);

    /// That state did not come.
    fn missed(&self, environment: &Environment);
}

/// An open store.
pub struct Workspace {
    store: Box<dyn Store>,
    environment: Option<String>,
    /// The environment as it was last looked up, good until the store changes.
    known: Mutex<Option<(ChangeMark, Environment)>>,
    watch: Option<Arc<dyn Watch>>,
    /// The plans of what is carried out, while somebody listens.
    plans: Mutex<Option<Vec<PlanView>>>,
}

/// Listens to the plans of what a workspace carries out, until it is dropped.
#[derive(Debug)]
pub struct Listening<'a> {
    workspace: &'a Workspace,
}

impl Listening<'_> {
    /// Returns the plans so far, refused ones among them.
    pub fn heard(self) -> Vec<PlanView> {
        self.workspace.plans().take().unwrap_or_default()
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        *self.workspace.plans() = None;
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Workspace {
    /// Opens a store that exists.
    pub fn open(location: &Location) -> Result<Self, OpsError> {
        let store = SqliteStore::open(&file(location)?)?;
        name_definitions(&store)?;
        Ok(Self::over(store, location.environment.clone()))
    }

    /// Opens a store, made when it does not exist.
    pub fn open_or_create(location: &Location) -> Result<Self, OpsError> {
        let store = SqliteStore::open_or_create(&file(location)?)?;
        name_definitions(&store)?;
        Ok(Self::over(store, location.environment.clone()))
    }

    /// Opens a store for planning: where there is none, an empty one in memory (R5).
    pub fn open_to_plan(location: &Location) -> Result<Self, OpsError> {
        match Self::open(location) {
            Err(OpsError::Store(StoreError::Absent { .. })) => {
                let workspace = Self::in_memory()?;
                workspace.environment_to_write()?;
                Ok(workspace)
            }
            other => other,
        }
    }

    /// Makes an empty store in memory.
    pub fn in_memory() -> Result<Self, OpsError> {
        Ok(Self::over(SqliteStore::in_memory()?, None))
    }

    fn over(store: SqliteStore, environment: Option<String>) -> Self {
        let (known, plans) = (Mutex::default(), Mutex::default());
        Self { store: Box::new(store), environment, known, watch: None, plans }
    }

    /// Tells somebody of what operations through this workspace bring.
    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self { watch: Some(watch), ..self }
    }

    pub(crate) fn watch(&self) -> Option<&dyn Watch> {
        self.watch.as_deref()
    }

    /// Means another environment from now on; the selected one without a name.
    pub fn turn_to(&mut self, environment: Option<String>) {
        if self.environment != environment {
            *self.known() = None;
            self.environment = environment;
        }
    }

    /// Returns the store.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Returns the environment that is meant, which must exist.
    pub fn environment(&self) -> Result<Environment, OpsError> {
        let mark = self.store.mark()?;
        if let Some((_, environment)) = self.known().as_ref().filter(|(known, _)| *known == mark) {
            return Ok(environment.clone());
        }
        let name = self.environment_name()?;
        let Some(environment) = self.store.environment(&name)? else { return Err(self.unknown_environment(&name)?) };
        *self.known() = Some((mark, environment.clone()));
        Ok(environment)
    }

    /// Listens to the plans of what is carried out from now on.
    pub fn listen(&self) -> Listening<'_> {
        *self.plans() = Some(Vec::new());
        Listening { workspace: self }
    }

    /// Tells whoever listens what is about to be applied, or refused.
    pub(crate) fn tell(&self, plan: &Plan) {
        if let Some(plans) = self.plans().as_mut() {
            plans.push(PlanView::of(plan, false));
        }
    }

    fn plans(&self) -> MutexGuard<'_, Option<Vec<PlanView>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic elsewhere leaves nothing half done here.
    fn known(&self) -> MutexGuard<'_, Option<(ChangeMark, Environment)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the environment that is meant; the default one is made on first use.
    pub fn environment_to_write(&self) -> Result<Environment, OpsError> {
        let name = self.environment_name()?;
        match self.store.environment(&name)? {
            Some(environment) => Ok(environment),
            None if name.eq_ignore_ascii_case(DEFAULT_ENVIRONMENT) => {
                Ok(self.store.environment_create(DEFAULT_ENVIRONMENT, &Settings::fresh(DEFAULT_ENVIRONMENT))?)
            }
            None => Err(self.unknown_environment(&name)?),
        }
    }

    /// Returns the environment of that name, which must exist.
    pub fn environment_named(&self, name: &str) -> Result<Environment, OpsError> {
        match self.store.environment(name)? {
            Some(environment) => Ok(environment),
            None => Err(self.unknown_environment(name)?),
        }
    }

    fn environment_name(&self) -> Result<String, OpsError> {
        match &self.environment {
            Some(name) => Ok(name.clone()),
            None => Ok(self.store.selected()?.unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned())),
        }
    }

    fn unknown_environment(&self, name: &str) -> Result<OpsError, OpsError> {
        let known = self.store.environments()?;
        let error = OpsError::request(ErrorCode::NOT_FOUND, format!("there is no environment `{name}`"));
        let guess = did_you_mean(name, known.iter().map(|environment| environment.name.as_str()));
        Ok(match guess {
            Some(guess) => error.hint(guess),
            None => error.hint(format!("make it with `strata env create {name}`, or see `strata env list`")),
        })
    }
}

/// Reads what the definitions of a store name that was made before names were indexed; others have nothing to read.
fn name_definitions(store: &SqliteStore) -> Result<(), OpsError> {
    let bodies = StoreBodies::new(store);
    store.name_definitions(&|component, digest| {
        let body = bodies.definition(digest).unwrap_or_default();
        let names = dependency::index_of(component, *digest, &body, &bodies);
        bodies.take_error().map_or(Ok(names), Err)
    })?;
    Ok(())
}

fn file(location: &Location) -> Result<PathBuf, OpsError> {
    if location.store.starts_with("postgres://") || location.store.starts_with("postgresql://") {
        let message = "PostgreSQL stores are not supported yet";
        return Err(OpsError::request(ErrorCode::UNSUPPORTED, message).hint("give a file path to --store"));
    }
    Ok(Path::new(&location.store).to_owned())
}

/// Returns the time, in milliseconds since 1970-01-01 UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
