//! Actions: one file each, by name (web-api §8).

mod bulk_delete;
mod clone;
mod components;
mod export;
mod import;
mod import_options;
mod language;
mod publish;
mod remove_active;
mod stage;
mod translation;
mod uninstall;
mod upgrade;

use crate::message::Message;
use crate::metadata::eligible;

pub(crate) use bulk_delete::NUMBER as BULK_DELETE_NUMBER;
pub(crate) use components::{add_several, component};
pub(crate) use export::options as export_options;

/// Finds an action by its name, which is written exactly so; the platform's own may bear its namespace.
pub(crate) fn find(name: &str) -> Option<&'static Message> {
    let own = name.strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or(name);
    all().find(|message| message.name == own || message.import_name() == own)
}

/// Lists the actions that stand on their own.
pub fn all() -> impl Iterator<Item = &'static Message> {
    ACTIONS.iter().copied().chain(crate::own::actions())
}

/// Lists the members that are files in the body of an action; of what is none, nothing.
pub(crate) fn files(name: &str) -> Vec<&'static str> {
    match find(name) {
        Some(message) if message.is_about_another() => all().flat_map(Message::files).collect(),
        Some(message) => message.files().collect(),
        None => Vec::new(),
    }
}

const ACTIONS: &[&Message] = &[
    &import::IMPORT_SOLUTION,
    &import::IMPORT_SOLUTION_ASYNC,
    &stage::STAGE_SOLUTION,
    &import::STAGE_AND_UPGRADE,
    &import::STAGE_AND_UPGRADE_ASYNC,
    &export::EXPORT_SOLUTION,
    &export::EXPORT_SOLUTION_ASYNC,
    &export::DOWNLOAD,
    &upgrade::DELETE_AND_PROMOTE,
    &upgrade::DELETE_AND_PROMOTE_ASYNC,
    &uninstall::UNINSTALL_SOLUTION_ASYNC,
    &clone::CLONE_AS_PATCH,
    &clone::CLONE_AS_SOLUTION,
    &components::ADD,
    &components::REMOVE,
    &components::UPDATE,
    &components::ADD_ASYNC,
    &components::ADD_SEVERAL_ASYNC,
    &publish::PUBLISH_XML,
    &publish::PUBLISH_ALL_XML,
    &publish::PUBLISH_ALL_XML_ASYNC,
    &remove_active::REMOVE_ACTIVE_CUSTOMIZATIONS,
    &language::PROVISION,
    &language::DEPROVISION,
    &eligible::CAN_BE_REFERENCED,
    &eligible::CAN_BE_REFERENCING,
    &eligible::CAN_MANY_TO_MANY,
    &translation::EXPORT_TRANSLATION,
    &translation::IMPORT_TRANSLATION,
    &bulk_delete::BULK_DELETE,
];
