//! Field security profiles and connection roles.

use strata_model::component::ComponentType;

use super::Definition;
use super::sink::{Sink, place};
use super::text::{text, texts};
use super::walk::{Step, Walk};

/// Profiles name the columns that they guard.
pub(super) fn profile_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let mut table = String::new();
    let mut walk = Walk::new(&definition.body.bytes);
    while let Some(step) = walk.step() {
        let Step::Text { of, text, at } = step else { continue };
        match of {
            b"EntityName" => table = text.into_owned(),
            b"AttributeName" => sink.column(place("secured column", at), &table, &text),
            _ => {}
        }
    }
}

/// A table that may take a connection role.
pub(super) const ROLE_TABLE: &str = "table of the role";

/// Connection roles name the tables that may take them.
pub(super) fn connection_role_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    for (at, table) in texts(&definition.body.bytes, "associatedobjecttypecode") {
        sink.table(place(ROLE_TABLE, at), &table);
    }
}

/// The match of two connection roles is nothing without either.
pub(super) fn association_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    sink.is_internal = true;
    for element in ["connectionroleid", "associatedconnectionroleid"] {
        if let Some((at, id)) = text(&definition.body.bytes, element) {
            sink.guid(place("matching role", at), &ComponentType::named("connectionrole"), &id);
        }
    }
}
