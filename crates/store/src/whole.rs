//! Several writes that are kept or taken back as one.

use crate::{Store, StoreError};

/// What was begun with [`Store::begin`]; without [`Whole::keep`] it is taken back.
pub struct Whole<'a> {
    store: &'a dyn Store,
    is_over: bool,
}

impl<'a> Whole<'a> {
    /// Begins: what is asked of the store from now on is part of it.
    pub fn begin(store: &'a dyn Store) -> Result<Self, StoreError> {
        store.begin()?;
        Ok(Self { store, is_over: false })
    }

    /// Keeps it all.
    pub fn keep(mut self) -> Result<(), StoreError> {
        self.is_over = true;
        self.store.end(true)
    }
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // Why it is taken back is known to whoever does so; a store that fails at this too says so at the next request.
            self.store.end(false).ok();
        }
    }
}

impl std::fmt::Debug for Whole<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}
