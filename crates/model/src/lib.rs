//! The nouns of the solution lifecycle: plain data and its local invariants.
//!
//! Everything else in the workspace speaks in these types. A package file becomes a [`package::Package`], an
//! environment cut to what an operation touches becomes an [`environment::Snapshot`], and what an operation
//! would do is a [`plan::Plan`].
//!
//! Not here: files, XML, the store, clocks, randomness, and any rule that decides.

pub mod code;
pub mod component;
pub mod dependency;
pub mod deployment_settings;
pub mod environment;
pub mod history;
pub mod id;
pub mod layer;
pub mod options;
pub mod package;
pub mod plan;
pub mod publisher;
pub mod reference;
pub mod rules;
pub mod solution;
pub mod version;
