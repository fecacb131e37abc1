//! Rows of sets as they come together: columns that hold nothing are not there.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::{Environment, Footprint};
use strata_model::id::{Guid, Operation};
use strata_store::{Record, Store, Values};

use crate::organization::Organization;
use crate::rows::reference;
use crate::{OpsError, components};

/// Writes a time as rows hold it: in UTC, whole seconds.
pub(crate) fn seconds(millis: i64) -> String {
    let time = jiff::Timestamp::from_second(millis.div_euclid(1000)).unwrap_or_default();
    time.to_string()
}

/// A row that is being written.
#[derive(Debug, Default)]
pub(super) struct Document(Values);

impl Document {
    pub(super) fn set(&mut self, column: &str, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        if !value.is_null() {
            self.0.insert(column.to_owned(), value);
        }
        self
    }

    /// Sets a value where there is one that says something.
    pub(super) fn text(&mut self, column: &str, text: Option<&str>) -> &mut Self {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.set(column, text),
            None => self,
        }
    }

    pub(super) fn lookup(&mut self, column: &str, table: &str, id: Option<Guid>) -> &mut Self {
        match id {
            Some(id) => self.set(column, reference(table, &id.to_string())),
            None => self,
        }
    }

    pub(super) fn time(&mut self, column: &str, millis: Option<i64>) -> &mut Self {
        match millis {
            Some(millis) => self.set(column, seconds(millis)),
            None => self,
        }
    }

    /// Sets what most rows have: when they came to be and last changed.
    pub(super) fn times(&mut self, created: Option<i64>, modified: Option<i64>) -> &mut Self {
        self.time("createdon", created).time("modifiedon", modified.or(created))
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    /// Lays values over those that are there.
    pub(super) fn over(&mut self, values: &Values) -> &mut Self {
        self.0.extend(values.iter().map(|(column, value)| (column.clone(), value.clone())));
        self
    }

    pub(super) fn record(&mut self, id: Guid) -> Record {
        Record::new(id.to_string(), std::mem::take(&mut self.0))
    }
}

/// What rows need to know of the store, asked once.
pub(super) struct Known<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) environment: &'a Environment,
    pub(super) organization: Organization,
    times: RefCell<BTreeMap<Operation, Option<i64>>>,
    ids: RefCell<BTreeMap<ComponentKey, Guid>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(store: &'a dyn Store, environment: &'a Environment) -> Self {
        let organization = Organization::of(environment);
        Self { store, environment, organization, times: RefCell::default(), ids: RefCell::default() }
    }

    /// Returns when an operation was; a prune may have taken it away.
    pub(super) fn time(&self, operation: Operation) -> Result<Option<i64>, OpsError> {
        if let Some(time) = self.times.borrow().get(&operation) {
            return Ok(*time);
        }
        let time = self.store.history_entry(self.environment, operation)?.map(|entry| entry.time);
        self.times.borrow_mut().insert(operation, time);
        Ok(time)
    }

    /// Returns the id of a component that another one names.
    pub(super) fn id(&self, key: &ComponentKey) -> Result<Guid, OpsError> {
        if let Some(id) = key.guid().or_else(|| self.ids.borrow().get(key).copied()) {
            return Ok(id);
        }
        let footprint = Footprint { keys: vec![key.clone()], ..Footprint::default() };
        let seen = self.store.snapshot(self.environment, None, &footprint)?;
        let environment = self.environment.id;
        let id = match seen.components.get(key) {
            Some(state) => components::reference(environment, state).id,
            None => ComponentRef::new(environment, key, key.as_str(), None, None).id,
        };
        self.ids.borrow_mut().insert(key.clone(), id);
        Ok(id)
    }
}
