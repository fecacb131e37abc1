//! The store as a source of definitions and files.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use strata_model::id::Digest;
use strata_model::plan::{Bodies, Body};

use crate::{Store, StoreError};

/// Reads bodies from a store; the first error is kept aside, since [`Bodies`] knows only presence and absence.
pub struct StoreBodies<'a, S: Store + ?Sized> {
    store: &'a S,
    error: Mutex<Option<StoreError>>,
}

impl<'a, S: Store + ?Sized> StoreBodies<'a, S> {
    /// Wraps a store.
    pub fn new(store: &'a S) -> Self {
        Self { store, error: Mutex::new(None) }
    }

    /// Returns the first error met while reading, once; to be asked when all reading is done.
    pub fn take_error(&self) -> Option<StoreError> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn known<T>(&self, answer: Result<Option<T>, StoreError>) -> Option<T> {
        answer.unwrap_or_else(|error| {
            self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            None
        })
    }
}

impl<S: Store + ?Sized> Bodies for StoreBodies<'_, S> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.known(self.store.definition(digest))
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.known(self.store.file(digest)).map(Cow::Owned)
    }
}
