//! `$batch` (web-api §6).

use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// Answers a batch.
pub(crate) fn answer(_ask: &Ask<'_>) -> Result<Answer, Fault> {
    Err(Fault::not_built("$batch"))
}
