//! Leases: one lifecycle operation at a time in an environment (R3).
//!
//! A lease is a row with an expiry, not a process lock, so it works across machines and heals after a crash. What
//! makes it safe is the holder's name: `apply` commits only while the environment still carries it.

use std::fmt;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Deref;
use std::path::Path;
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
        let holder = format!("{}{:016x}{:016x}", this_process(), random(), random());
        Self { environment, operation: operation.to_owned(), holder, taken: now, clock: Instant::now() }
    }

    /// Returns the time on the clock of whoever took the lease.
    pub(crate) fn now(&self) -> i64 {
        self.taken.saturating_add(i64::try_from(self.clock.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// Says where a process number means something: this boot of this machine, this process namespace. `None` where the
/// system does not tell.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// Names this process among those that share a store.
pub fn this_process() -> String {
    format!("{}@{}#", std::process::id(), place().unwrap_or_default())
}

/// Tells whether a name is that of another process of this place that still runs. One of a place that is not known,
/// a machine before its restart for example, is not.
pub fn is_another(holder: &str) -> bool {
    let own = std::process::id().to_string();
    let (Some((process, rest)), Some(here)) = (holder.split_once('@'), place()) else { return false };
    let is_here = rest.split_once('#').is_some_and(|(place, _)| place == here);
    is_here && process != own && process.parse::<u32>().is_ok() && Path::new("/proc").join(process).exists()
}

/// Tells whether a lease's holder was a process of this place that has ended: its lease need not be waited for.
///
/// Should it err, nothing is lost: whoever has lost its lease cannot commit.
pub(crate) fn is_gone(holder: &str) -> bool {
    let (Some((process, rest)), Some(here)) = (holder.split_once('@'), place()) else { return false };
    let is_here = rest.split_once('#').is_some_and(|(place, _)| place == here);
    is_here && process.parse::<u32>().is_ok_and(|process| !Path::new("/proc").join(process.to_string()).exists())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_processes_of_this_place_are_others() {
        let Some(place) = place() else { return };
        assert!(!is_another(&this_process()));
        assert!(is_another(&format!("1@{place}#")), "the first process always runs");
        for holder in [format!("4194305@{place}#"), "1@elsewhere#".to_owned(), String::new()] {
            assert!(!is_another(&holder), "{holder}");
        }
    }

    #[test]
    fn r3_a_lease_is_gone_only_with_a_process_of_this_place() {
        let Some(place) = place() else { return };
        assert!(!is_gone(&Lease::new(EnvironmentNo(1), "Import", 0).holder), "this process lives");
        // No process has this number: it is above the highest that the kernel gives out.
        assert!(is_gone(&format!("4194305@{place}#00")));
        assert!(!is_gone("4194305@elsewhere#00"));
        assert!(!is_gone("4194305"));
    }
}
