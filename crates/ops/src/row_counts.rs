//! How much data stands in tables and columns, asked from the store once per table.

use std::cell::RefCell;
use std::collections::BTreeMap;

use strata_model::environment::Environment;
use strata_model::plan::RowCounts;
use strata_store::{Store, StoreError};

/// Counts rows of a store; the first error is kept aside, since [`RowCounts`] knows only numbers.
pub(crate) struct StoreRows<'a> {
    store: &'a dyn Store,
    environment: &'a Environment,
    rows: RefCell<BTreeMap<String, u64>>,
    values: RefCell<BTreeMap<String, BTreeMap<String, u64>>>,
    error: RefCell<Option<StoreError>>,
}

impl<'a> StoreRows<'a> {
    /// Wraps the store of an environment.
    pub(crate) fn new(store: &'a dyn Store, environment: &'a Environment) -> Self {
        Self { store, environment, rows: RefCell::default(), values: RefCell::default(), error: RefCell::default() }
    }

    /// Returns the first error met while counting, once; to be asked when planning is done.
    pub(crate) fn take_error(&self) -> Option<StoreError> {
        self.error.take()
    }

    fn known<T: Default>(&self, answer: Result<T, StoreError>) -> T {
        answer.unwrap_or_else(|error| {
            self.error.borrow_mut().get_or_insert(error);
            T::default()
        })
    }
}

impl RowCounts for StoreRows<'_> {
    fn rows(&self, table: &str) -> u64 {
        let count = || self.known(self.store.record_count(self.environment, None, table));
        *self.rows.borrow_mut().entry(table.to_owned()).or_insert_with(count)
    }

    fn values(&self, table: &str, column: &str) -> u64 {
        let count = || self.known(self.store.value_counts(self.environment, table));
        self.values.borrow_mut().entry(table.to_owned()).or_insert_with(count).get(column).copied().unwrap_or_default()
    }
}
