//! Static checks of one solution package: what will go wrong at import, or later, as far as the package tells.
//!
//! Rules are rows of tables ([`rules`]); each names the function that looks for what it forbids. [`check`] runs them over
//! a package that was read, applies what people decided about them ([`Options`]), and gives a [`Report`] whose
//! findings are a pure function of its arguments, in a stated order. [`sarif`] writes a report for other tools.
//!
//! Not here: files, the network, the clock (the date arrives as an argument), formatting for people.

pub mod against;
pub mod baseline;
pub mod context;
mod declared;
pub mod finding;
mod flow;
mod handlers;
pub mod json;
mod literals;
mod openapi;
pub mod options;
mod pattern;
mod plugin;
mod privilege;
mod report;
pub mod rule;
pub mod rules;
pub mod sarif;
pub mod suppression;
pub mod tree;
pub mod unreadable;

pub use against::Against;
pub use finding::Finding;
pub use options::Options;
pub use pattern::matches;
pub use report::{Checked, Report, check};
pub use rule::{Category, Needs, Precision, Rule, Severity};
