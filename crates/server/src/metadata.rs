//! What there is: the service document, `$metadata`, definitions of tables (web-api §1, §7).

use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;

/// Tells whether a first segment belongs here.
pub(crate) fn serves(segment: &str) -> bool {
    matches!(segment, "$metadata" | "EntityDefinitions" | "RelationshipDefinitions" | "GlobalOptionSetDefinitions")
}

/// Lists the sets.
pub(crate) fn service_document(_ask: &Ask<'_>) -> Result<Answer, Fault> {
    Err(Fault::not_built("the service document"))
}

/// Answers a request for definitions.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    Err(Fault::not_built(&ask.path[0].name))
}
