//! Tests of the store, in one binary.

/// Runs functions of the enclosing module as tests against a fresh store of one back end.
macro_rules! conformance {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            super::$name(&SqliteStore::in_memory().expect("a store in memory"));
        }
    )*};
}

mod conformance;
mod crash;
mod files;
mod fixture;
mod jobs;
mod leases;
mod names;
mod past;
mod projections;
mod queries;
mod random;
mod random_rows;
mod records;
mod whole;
