//! Several writes that are kept or taken back as a whole.

use strata_store::Store;

use crate::OpsError;

/// Writes from now on are kept together, or taken back when this is dropped. One may stand in another.
#[must_use]
pub struct Whole<'a> {
    store: &'a dyn Store,
    is_over: bool,
}

impl<'a> Whole<'a> {
    pub fn begin(store: &'a dyn Store) -> Result<Self, OpsError> {
        store.begin()?;
        Ok(Self { store, is_over: false })
    }

    /// Keeps what was written.
    pub fn keep(mut self) -> Result<(), OpsError> {
        self.is_over = true;
        Ok(self.store.end(true)?)
    }
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // Why it is taken back is what the caller hears; a store that fails at this too says so at the next request.
            self.store.end(false).ok();
        }
    }
}
