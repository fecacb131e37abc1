//! What tests and benches of several crates share.
//!
//! * [`generator`] makes big packages, so that speed can be measured on content of any size;
//! * [`corpus`] finds real packages, where the machine has them;
//! * [`examples`] reads the trees of `examples/`;
//! * [`fixture`] makes packages from a few lines of text;
//! * [`zipped`] writes them as zips, for scenarios;
//! * [`fidelity`] says how much of two packages is equal, leaf by leaf;
//! * [`simulated`] is an environment as plain values, which applies plans without a store.
//!
//! Nothing here is part of the product. But for [`fidelity`] nothing here judges: expectations belong to the tests.

pub mod corpus;
pub mod examples;
pub mod fidelity;
pub mod fixture;
pub mod generator;
pub mod simulated;
pub mod zipped;
