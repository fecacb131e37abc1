//! Rows as they are read.

use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// Answers a GET.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let set = &ask.path[0].name;
    let schema = ask.schema()?;
    let table = schema.by_set(set).ok_or_else(|| Fault::segment(set))?;
    Err(Fault::not_built(&table.set))
}
