//! Environments on disk: snapshots, transactions, history.
//!
//! [`Store`] is the whole interface; [`sqlite::SqliteStore`] keeps any number of environments in one file, or in
//! memory. Time is in the rows (D5): every row says from which operation to which it holds, an operation closes and
//! opens rows and writes its history entry in one transaction, and nothing is updated in place. Definitions are
//! content-addressed, shared by all environments and written ahead of that transaction (D6).
//!
//! Invariants:
//! * an environment is in the state before an operation or in the state after it, never between;
//! * whatever a row refers to by digest was durable before the row;
//! * the cost of a snapshot follows its footprint, that of an undo what changed since, never the environment.
//!
//! Not here: why a change is right. The store only checks that a plan still applies.

mod bodies;
mod error;
mod lease;
pub mod query;
mod record;
pub mod sqlite;
mod store;
mod whole;

pub use bodies::StoreBodies;
pub use error::{ApplyError, StoreError};
pub use lease::{Held, LEASE_MS, Lease, is_another, this_process};
pub use record::{
    Projection, Record, RecordEdit, RecordError, RecordIndex, RecordWrite, Reference, Values, Violation, ViolationKind,
};
pub use store::{ChangeMark, LayerChange, NamedComponent, Progress, Pruned, Stage, Store};
pub use whole::Whole;
