//! The shell around the rules: reads packages and environments, plans, applies, records.
//!
//! A [`Request`] says what is asked; [`prepare`] makes its plan and [`carry_out`] applies it and writes history.
//! Reading commands have a function each that returns one of the shapes in [`view`]. The command line and the
//! server stand on this crate and add no rules of their own.
//!
//! Not here: rules, formatting for people.

pub mod authoring;
pub mod baseline;
pub mod bulk_delete;
pub mod by_hand;
pub mod check;
pub mod compare;
pub mod components;
mod cores;
pub mod dependencies;
pub mod deployment;
mod entry;
pub mod environments;
mod error;
pub mod export;
pub mod flows;
mod folder;
pub mod history;
pub mod jobs;
mod names;
mod operation;
pub mod organization;
mod package_bodies;
pub mod plan_file;
pub mod project;
pub mod published;
pub mod query;
mod request;
mod row_counts;
pub mod rows;
pub mod schema;
mod seeing;
pub mod sets;
pub mod solutions;
mod source;
pub mod staging;
pub mod system_rows;
mod target_file;
pub mod three_way;
pub mod translation;
pub mod trees;
pub mod version;
pub mod view;
pub mod workbook;
mod workspace;

pub use error::{ErrorReport, OpsError, Place};
pub use folder::FolderChanges;
pub use names::closest;
pub use operation::{Applied, Phase, Prepared, Progress, carry_out, compare, prepare, silent};
pub use request::{PublishScope, Request};
pub use seeing::names_of_package;
pub use source::{PackageSource, choose_solution, read_package};
pub use strata_engine::active::PropertyEdit;
pub use strata_engine::base64;
pub use strata_engine::clone::NewClone;
pub use strata_engine::create::{NewPublisher, NewSolution};
pub use strata_engine::export::{Chosen, ExportOptions};
pub use strata_engine::maintain::{PublisherEdit, SolutionEdit};
pub use strata_store::{ChangeMark, Store, StoreError, Whole};
pub use strata_xml::escape_attribute;
pub use workspace::{DEFAULT_ENVIRONMENT, Listening, Location, Watch, Workspace};
