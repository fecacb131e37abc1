//! Rows of tables and of the sets that show what the store keeps (web-api §3 to §5).

mod read;
mod write;

use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::Fault;
pub(crate) use read::KnownColumns;

/// Answers a request whose first segment is a set.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    match ask.verb {
        Verb::Get => read::answer(ask),
        Verb::Post | Verb::Patch | Verb::Put | Verb::Delete => write::answer(ask),
    }
}
