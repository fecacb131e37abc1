//! Actions: one file each, by name (web-api §8).

use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// What carries an action out.
pub(crate) type Handler = fn(&Ask<'_>) -> Result<Answer, Fault>;

/// Finds an action by its name, which is written exactly so.
pub(crate) fn find(name: &str) -> Option<Handler> {
    ACTIONS.iter().find(|(own, _)| *own == name).map(|(_, handler)| *handler)
}

const ACTIONS: &[(&str, Handler)] = &[];
