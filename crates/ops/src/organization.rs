//! Who an environment is, for clients that ask: its organization, and the one user, business unit and so on that act
//! in it.
//!
//! The ids are minted from the environment's (D4), so every answer gives the same ones.

use strata_model::environment::Environment;
use strata_model::id::Guid;

/// Ids of the rows that every environment has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Organization {
    pub id: Guid,
    pub business_unit: Guid,
    /// Whoever asks acts as this user.
    pub user: Guid,
}

impl Organization {
    /// Returns the ids of an environment's own rows.
    pub fn of(environment: &Environment) -> Self {
        let minted = |table: &str| Guid::minted(environment.id, table, "own");
        Self { id: minted("organization"), business_unit: minted("businessunit"), user: minted("systemuser") }
    }
}
