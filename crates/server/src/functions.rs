//! Functions: one file each, by name (web-api §9).

use crate::actions::Handler;

/// Finds a function by its name, which is written exactly so.
pub(crate) fn find(name: &str) -> Option<Handler> {
    FUNCTIONS.iter().find(|(own, _)| *own == name).map(|(_, handler)| *handler)
}

const FUNCTIONS: &[(&str, Handler)] = &[];
