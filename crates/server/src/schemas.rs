//! What is known of the environments' tables, for the revisions that requests may see.
//!
//! Behind an operation everybody would wait until the tables are read again. So they are read before the operation is
//! kept, on its own thread; what it did not touch is taken over. Operations of other processes are met by reading when
//! the first request comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strata_model::environment::Environment;
use strata_model::id::EnvironmentNo;
use strata_ops::schema::Schema;
use strata_ops::{OpsError, Watch, Workspace};

/// The tables of all environments.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    known: Mutex<BTreeMap<EnvironmentNo, Vec<Arc<Schema>>>>,
    loading: Mutex<()>,
}

/// Revisions that are kept of an environment: the newest, and the one that requests on their way may still see.
const KEPT: usize = 2;

impl Schemas {
    /// Returns the tables of an environment at its revision. What may yet be taken back is known to nobody else: a later
    /// operation may get the same revision.
    pub(crate) fn of(
        &self,
        workspace: &Workspace,
        environment: &Environment,
        is_tentative: bool,
    ) -> Result<Arc<Schema>, OpsError> {
        if let Some(known) = self.find(environment) {
            return Ok(known);
        }
        // All requests want it at once: one of them reads, the others wait for it.
        let _reading = lock(&self.loading);
        if let Some(known) = self.find(environment) {
            return Ok(known);
        }
        let schema = Arc::new(Schema::load(workspace, environment, self.before(environment).as_deref())?);
        if !is_tentative {
            self.keep(environment, &schema);
        }
        Ok(schema)
    }

    fn find(&self, environment: &Environment) -> Option<Arc<Schema>> {
        let known = lock(&self.known);
        let mut known = known.get(&environment.no)?.iter();
        known.find(|known| known.revision() == environment.revision).cloned()
    }

    /// The newest tables that are not newer than the environment.
    fn before(&self, environment: &Environment) -> Option<Arc<Schema>> {
        let known = lock(&self.known);
        let mut known = known.get(&environment.no)?.iter();
        known.rfind(|known| known.revision() <= environment.revision).cloned()
    }

    fn keep(&self, environment: &Environment, schema: &Arc<Schema>) {
        let mut known = lock(&self.known);
        let known = known.entry(environment.no).or_default();
        known.retain(|known| known.revision() != schema.revision());
        known.push(Arc::clone(schema));
        known.sort_by_key(|known| known.revision());
        let old = known.len().saturating_sub(KEPT);
        known.drain(..old);
    }
}

impl Watch for Schemas {
    fn coming(&self, workspace: &Workspace, environment: &Environment) {
        // Where nobody has asked for its tables, nobody waits for them.
        let Some(before) = self.before(environment) else { return };
        let read = Schema::load(workspace, environment, Some(&before));
        match read.and_then(|schema| schema.warm(workspace, &before).map(|()| schema)) {
            Ok(schema) => self.keep(environment, &Arc::new(schema)),
            Err(error) => tracing::warn!(%error, "the tables are not read ahead"),
        }
    }

    fn missed(&self, environment: &Environment) {
        if let Some(known) = lock(&self.known).get_mut(&environment.no) {
            known.retain(|known| known.revision() != environment.revision);
        }
    }
}

/// Nothing that these locks guard is left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_did_not_come_is_forgotten() {
        let workspace = Workspace::in_memory().expect("a store");
        let now = workspace.environment_to_write().expect("the default environment");
        let schemas = Schemas::default();
        let known = schemas.of(&workspace, &now, false).expect("a schema");
        let to_come = Environment { revision: strata_model::id::Operation(now.revision.0 + 1), ..now.clone() };
        schemas.coming(&workspace, &to_come);
        let read_ahead = schemas.find(&to_come).expect("read ahead");
        assert!(
            Arc::ptr_eq(&known, &schemas.of(&workspace, &now, false).expect("a schema")),
            "others see the old state"
        );
        schemas.missed(&to_come);
        let again = schemas.of(&workspace, &to_come, false).expect("a schema");
        assert!(!Arc::ptr_eq(&read_ahead, &again), "another operation may have that number");
    }
}
