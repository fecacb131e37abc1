//! What a store can do, whatever database is below.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use strata_model::component::{Component, ComponentKey, ComponentType};
use strata_model::environment::{Environment, Footprint, Settings, Snapshot};
use strata_model::history::{HistoryEntry, JobComponent, NewHistoryEntry};
use strata_model::id::{ComponentNo, Digest, EnvironmentNo, Operation, SolutionNo};
use strata_model::layer::Layer;
use strata_model::plan::{Bodies, Body, Edit, Plan};
use strata_model::reference::DefinitionNames;

use crate::query::{FigureQuery, Found, Page, RowQuery};
use crate::{ApplyError, Lease, Projection, Record, RecordError, RecordWrite, StoreError};

/// Environments, their history, and the definitions they share.
///
/// `at` means the state after that operation; without it, the current one. The operation that has not happened, or
/// has been pruned, is [`StoreError::MissingOperation`].
pub trait Store: Send + Sync {
    /// Lists the environments by name.
    fn environments(&self) -> Result<Vec<Environment>, StoreError>;

    /// Finds an environment by name, without regard to case.
    fn environment(&self, name: &str) -> Result<Option<Environment>, StoreError>;

    /// Creates an empty environment; its id is minted from its name.
    fn environment_create(&self, name: &str, settings: &Settings) -> Result<Environment, StoreError>;

    /// Deletes an environment with its history. Bodies stay until a prune.
    fn environment_delete(&self, environment: EnvironmentNo) -> Result<(), StoreError>;

    /// Copies an environment with its history; the copy has its own id and no lease.
    fn environment_copy(&self, from: EnvironmentNo, to_name: &str) -> Result<Environment, StoreError>;

    /// Returns the name of the selected environment.
    fn selected(&self) -> Result<Option<String>, StoreError>;

    /// Selects an environment for commands that name none.
    fn select(&self, name: &str) -> Result<(), StoreError>;

    /// Returns an environment cut to a footprint, its settings those of the moment.
    ///
    /// Components that are named by key, that mention or answer to a name which the footprint asks for, and all with
    /// `everything`, are there even when nothing is left of them but their identity.
    fn snapshot(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        footprint: &Footprint,
    ) -> Result<Snapshot, StoreError>;

    /// Lists the existing components of a type, by key.
    fn component_names(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        component_type: &ComponentType,
    ) -> Result<Vec<NamedComponent>, StoreError>;

    /// Writes the names in the definitions of a store that was made before there were indexes of them, as `read` reads
    /// them; tells how many were read. To be called once a store is open: where nothing is to do, it costs nothing.
    ///
    /// An error stops it; the next call goes on where it stopped. A prune may take a definition away before it is read;
    /// such a one has no names.
    fn name_definitions(
        &self,
        read: &dyn Fn(&Component, &Digest) -> Result<DefinitionNames, StoreError>,
    ) -> Result<u64, StoreError>;

    /// Lists the components that have been switched on, those that have been switched off again too.
    fn once_on(&self, environment: &Environment, at: Option<Operation>) -> Result<Vec<ComponentNo>, StoreError>;

    /// Returns a definition.
    fn definition(&self, digest: &Digest) -> Result<Option<Body<'static>>, StoreError>;

    /// Returns the content of a member file.
    fn file(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Takes the environment's lease, or says who has it; an expired one is taken over.
    fn lease(&self, environment: &Environment, operation: &str, now: i64) -> Result<Lease, StoreError>;

    /// Prolongs a lease; [`StoreError::LeaseLost`] when another operation has taken it over.
    fn renew(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Gives a lease back; one that is no longer held is no error.
    fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Carries out a plan: stages its bodies, then opens and closes rows, indexes names, writes the history entry and
    /// releases the lease in one transaction. On error the environment is as it was, and the lease still held.
    ///
    /// Bodies are asked from the store, then from `bodies`, then from the plan.
    fn apply(
        &self,
        lease: &Lease,
        plan: &Plan,
        entry: NewHistoryEntry,
        bodies: &dyn Bodies,
        progress: &dyn Fn(Progress),
    ) -> Result<Operation, ApplyError>;

    /// Writes an operation that changed nothing, a refused one for example, into the history.
    fn record(&self, environment: &Environment, entry: NewHistoryEntry) -> Result<Operation, StoreError>;

    /// Lists the history up to a moment, newest first.
    fn history(&self, environment: &Environment, at: Option<Operation>) -> Result<Vec<HistoryEntry>, StoreError>;

    /// Returns one entry of the history.
    fn history_entry(
        &self,
        environment: &Environment,
        operation: Operation,
    ) -> Result<Option<HistoryEntry>, StoreError>;

    /// Lists what the package of an import held, in the order of component keys; of a refused import too.
    fn job_components(&self, environment: &Environment, operation: Operation) -> Result<Vec<JobComponent>, StoreError>;

    /// Lists the layers that an operation closed and opened, in the order of component keys.
    fn changes_of(&self, environment: &Environment, operation: Operation) -> Result<Vec<LayerChange>, StoreError>;

    /// Lists the components whose layers, memberships or activation operations after `since` changed; `None` where a
    /// prune has taken the answer away.
    fn touched_since(
        &self,
        environment: &Environment,
        since: Operation,
    ) -> Result<Option<BTreeSet<ComponentNo>>, StoreError>;

    /// Lists the components of some types whose layers operations after `since` changed; `None` as above.
    fn layers_touched_since(
        &self,
        environment: &Environment,
        since: Operation,
        types: &[ComponentType],
    ) -> Result<Option<BTreeSet<ComponentKey>>, StoreError>;

    /// Lists the types that components of an environment have ever had, by name.
    fn component_types(&self, environment: &Environment) -> Result<Vec<ComponentType>, StoreError>;

    /// Returns the edits which bring the state after `target` back, closings before openings.
    ///
    /// Rows of tables and values of columns that operations took since come back, with what was added until they were
    /// taken; what is there now stays. Which tables and columns existed then is the planner's to know, since only it
    /// knows the system's: it leaves out what came later, and closes the data of tables and columns that go.
    fn edits_back_to(&self, environment: &Environment, target: Operation) -> Result<Vec<Edit>, StoreError>;

    /// Counts the rows of a table.
    fn record_count(&self, environment: &Environment, at: Option<Operation>, table: &str) -> Result<u64, StoreError>;

    /// Counts the rows of a table that hold a value, by column; columns without any are left out.
    fn value_counts(&self, environment: &Environment, table: &str) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Returns one row of a table.
    fn record_get(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        table: &str,
        id: &str,
    ) -> Result<Option<Record>, StoreError>;

    /// Lists the rows of a table by id.
    fn records(&self, environment: &Environment, at: Option<Operation>, table: &str)
    -> Result<Vec<Record>, StoreError>;

    /// Lists the rows that hold these values in the columns of an index, by id; texts compare without case.
    /// `None` where the table has no such index at the moment: operations that take or bring back data drop them,
    /// and the next write builds them anew.
    fn records_by(
        &self,
        environment: &Environment,
        table: &str,
        columns: &[String],
        values: &[Value],
    ) -> Result<Option<Vec<Record>>, StoreError>;

    /// Changes rows, all or none, if the environment is still at the revision given; no operation (D8).
    fn record_write(&self, environment: &Environment, write: &RecordWrite) -> Result<(), RecordError>;

    /// Returns the revision that the projection of a set shows; `None` where there is none.
    fn projected(&self, environment: &Environment, set: &str) -> Result<Option<Operation>, StoreError>;

    /// Brings the projection of a set up to date. A row that holds what it held keeps its version.
    fn project(&self, environment: &Environment, projection: &Projection) -> Result<(), StoreError>;

    /// Hands the rows of a query on, one after the other, as they lie in the store; returns where the next ones begin
    /// where its limit has left some. A row's texts are there until the call returns, and the call must ask nothing of
    /// this store.
    fn query_each(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        query: &RowQuery,
        each: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<String>, StoreError>;

    /// Returns the rows of a query.
    fn query(&self, environment: &Environment, at: Option<Operation>, query: &RowQuery) -> Result<Page, StoreError> {
        let mut rows = Vec::new();
        let next = self.query_each(environment, at, query, &mut |found| {
            rows.push(Record {
                id: found.id.to_owned(),
                values: serde_json::from_str(found.json)?,
                version: found.version,
            });
            Ok(())
        })?;
        Ok(Page { rows, next })
    }

    /// Counts the rows of a query, whatever its limit, up to a number.
    fn query_count(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        query: &RowQuery,
        max: Option<u64>,
    ) -> Result<u64, StoreError>;

    /// Returns figures about the rows of a query.
    fn query_figures(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        query: &FigureQuery,
    ) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Keeps bytes under an id, in place of those that it had.
    fn blob_put(&self, environment: &Environment, id: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Returns the bytes of an id.
    fn blob_get(&self, environment: &Environment, id: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Forgets the bytes of an id; there need be none.
    fn blob_delete(&self, environment: &Environment, id: &str) -> Result<(), StoreError>;

    /// Returns a digest of a state that does not depend on how or when it came about, nor on numbers.
    fn state_digest(&self, environment: &Environment, at: Option<Operation>) -> Result<Digest, StoreError>;

    /// Forgets the history before `keep_from`, whose state stays, and collects bodies that nothing refers to.
    fn prune(&self, environment: &Environment, keep_from: Operation) -> Result<Pruned, StoreError>;

    /// Returns a mark that is another one once anything in the store has changed, through this connection or any other.
    /// Marks of two stores of the same file say nothing of each other.
    fn mark(&self) -> Result<ChangeMark, StoreError>;

    /// Keeps to one state of the store in what is read from now on, until [`Store::let_go`] or the next write. Where
    /// many small things are read this also costs less.
    fn hold(&self) -> Result<(), StoreError>;

    /// Reads the newest state again.
    fn let_go(&self);

    /// Begins something that is kept or taken back as a whole, maybe inside of another such thing, operations and their
    /// history included: what is asked of this store until [`Store::end`] is part of it. For stores that one thread has
    /// to itself; others of the same file wait with their writes. [`crate::Whole`] ends it in any case.
    fn begin(&self) -> Result<(), StoreError>;

    /// Ends what [`Store::begin`] began: all of it is kept, or none.
    fn end(&self, keep: bool) -> Result<(), StoreError>;
}

/// What a connection has seen change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeMark {
    pub(crate) others: i64,
    pub(crate) own: u64,
    pub(crate) taken_back: u64,
}

/// A component by what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedComponent {
    pub key: ComponentKey,
    pub name: String,
    /// Of the topmost layer that has one.
    pub display_name: Option<String>,
    /// The component it is a part of: a form's table.
    pub parent: Option<ComponentKey>,
}

/// What an operation did to one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerChange {
    pub component: Component,
    pub solution: SolutionNo,
    pub closed: Option<Layer>,
    pub opened: Option<Layer>,
    /// The component had a layer before the operation.
    pub existed_before: bool,
    /// The component has a layer after it.
    pub exists_after: bool,
}

/// What a prune removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    pub operations: u64,
    pub rows: u64,
    pub bodies: u64,
    pub packs: u64,
}

/// How far an `apply` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub stage: Stage,
    pub done: u64,
    pub total: u64,
}

/// The steps of an `apply` (D6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Bodies are written ahead.
    Bodies,
    /// Rows are opened and closed.
    Rows,
    /// All is written and about to be kept: whoever reads through this store sees the state to come, nobody else does.
    /// Where the operation is part of a larger transaction, this step is not reported.
    Written,
}
