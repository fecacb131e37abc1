//! From a path to who serves it.

use crate::access::Role;
use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::fault::{Fault, NO_PRIVILEGE};
use crate::{actions, functions, jobs, metadata, operate, rows};

/// Answers one request that is no batch.
pub(crate) fn answer(ask: &Ask<'_>) -> Result<Answer, Fault> {
    let Some(first) = ask.path.first() else { return metadata::service_document(ask) };
    // Operations of our own say themselves who may ask for them.
    if ask.verb.writes() && ask.caller.role < Role::Maker && !first.name.starts_with("strata.") {
        return Err(Fault::new(403, NO_PRIVILEGE, format!("{} may read, and not write", ask.caller.name)));
    }
    if let Some(operation) = operate::find(&first.name) {
        return match ask.verb {
            Verb::Post => operation.act(ask),
            _ => Err(Fault::verb(format!("{} is an action: it wants POST", first.name))),
        };
    }
    ask.service.troubles().befall(&first.name)?;
    if metadata::serves(&first.name) {
        return metadata::answer(ask);
    }
    if ask.path.len() == 1 {
        if let Some(action) = actions::find(&first.name) {
            return match ask.verb {
                Verb::Post => action.act(ask),
                _ => Err(Fault::verb(format!("{} is an action: it wants POST", first.name))),
            };
        }
        if let Some(function) = functions::find(&first.name) {
            return match ask.verb {
                Verb::Get => function.answer(ask),
                _ => Err(Fault::verb(format!("{} is a function: it wants GET", first.name))),
            };
        }
    }
    jobs::answer(ask).unwrap_or_else(|| rows::answer(ask))
}
