//! Text for people: every function takes an answer and returns what to print, colours included.

pub(crate) mod check;
pub(crate) mod comparison;
pub(crate) mod dependencies;
pub(crate) mod diff;
pub(crate) mod findings;
pub(crate) mod flows;
pub(crate) mod history;
pub(crate) mod layers;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod rows;
pub(crate) mod style;
pub(crate) mod tables;
pub(crate) mod tree;
