//! Leases: one lifecycle operation at a time in an environment (R3).
//!
//! A lease is a row with an expiry, not a process lock, so it works across machines and heals after a crash. What
//! makes it safe is the holder's name: `apply` commits only while the environment still carries it.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Deref;
use std::time::Instant;

use strata_model::environment::Environment;
use strata_model::id::EnvironmentNo;

use crate::{Store, StoreError};

/// How long a lease holds without renewal, in milliseconds.
pub const LEASE_MS: i64 = 30_000;

/// The right to change an environment. Given back by `apply`, by [`Store::release`], or by time.
#[derive(Debug)]
pub struct Lease {
    pub environment: EnvironmentNo,
    pub operation: String,
    pub(crate) holder: String,
    taken: i64,
    clock: Instant,
}

impl Lease {
    pub(crate) fn new(environment: EnvironmentNo, operation: &str, now: i64) -> Self {
        // Keys of hash tables are the standard library's random numbers.
        let random = || RandomState::new().build_hasher().finish();
        let holder = format!("{}-{:016x}{:016x}", std::process::id(), random(), random());
        Self { environment, operation: operation.to_owned(), holder, taken: now, clock: Instant::now() }
    }

    /// Returns the time on the clock of whoever took the lease.
    pub(crate) fn now(&self) -> i64 {
        self.taken.saturating_add(i64::try_from(self.clock.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// A lease that is released when it goes out of scope.
pub struct Held<'a> {
    store: &'a dyn Store,
    lease: Lease,
}

impl<'a> Held<'a> {
    /// Takes the lease of an environment.
    pub fn take(
        store: &'a dyn Store,
        environment: &Environment,
        operation: &str,
        now: i64,
    ) -> Result<Self, StoreError> {
        Ok(Self { store, lease: store.lease(environment, operation, now)? })
    }
}

impl Deref for Held<'_> {
    type Target = Lease;

    fn deref(&self) -> &Lease {
        &self.lease
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Whoever drops a lease has an outcome to report already, and an unreleased lease expires.
        self.store.release(&self.lease).ok();
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lease.fmt(f)
    }
}
