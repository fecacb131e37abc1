//! Functions: by name (web-api §9).

mod customizable;
mod dependencies;
mod dependency_metadata;
mod import_result;
mod missing;
mod organization;

use crate::message::Message;
use crate::metadata::{eligible, whole};

/// Finds a function by its name, which is written exactly so; the platform's own may bear its namespace.
pub(crate) fn find(name: &str) -> Option<&'static Message> {
    let own = name.strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or(name);
    all().find(|message| message.name == own || message.import_name() == own)
}

/// Lists the functions that stand on their own.
pub fn all() -> impl Iterator<Item = &'static Message> {
    FUNCTIONS.iter().copied().chain(crate::own::functions())
}

const FUNCTIONS: &[&Message] = &[
    &organization::WHO_AM_I,
    &organization::RETRIEVE_VERSION,
    &dependencies::FOR_UNINSTALL,
    &dependencies::FOR_DELETE,
    &dependencies::DEPENDENT,
    &dependencies::REQUIRED,
    &dependencies::MISSING,
    &dependency_metadata::FOR_UNINSTALL,
    &dependency_metadata::FOR_DELETE,
    &dependency_metadata::DEPENDENT,
    &dependency_metadata::REQUIRED,
    &missing::RETRIEVE_MISSING_COMPONENTS,
    &import_result::RETRIEVE_SOLUTION_IMPORT_RESULT,
    &import_result::RETRIEVE_FORMATTED_IMPORT_JOB_RESULTS,
    &customizable::IS_COMPONENT_CUSTOMIZABLE,
    &organization::RETRIEVE_CURRENT_ORGANIZATION,
    &organization::RETRIEVE_ORGANIZATION_INFO,
    &organization::RETRIEVE_PROVISIONED_LANGUAGES,
    &organization::RETRIEVE_AVAILABLE_LANGUAGES,
    &organization::RETRIEVE_INSTALLED_LANGUAGE_PACKS,
    &organization::RETRIEVE_DEPROVISIONED_LANGUAGES,
    &organization::RETRIEVE_INSTALLED_LANGUAGE_PACK_VERSION,
    &organization::RETRIEVE_PROVISIONED_LANGUAGE_PACK_VERSION,
    &organization::RETRIEVE_TIMESTAMP,
    &organization::RETRIEVE_TOTAL_RECORD_COUNT,
    &eligible::GET_VALID_MANY_TO_MANY,
    &eligible::GET_VALID_REFERENCED_ENTITIES,
    &eligible::GET_VALID_REFERENCING_ENTITIES,
    &whole::RETRIEVE_ENTITY,
    &whole::RETRIEVE_ALL_ENTITIES,
];
