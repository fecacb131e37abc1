//! Relationships and table maps.

use super::Definition;
use strata_model::component::ComponentKey;

use super::name::{is_standard_relationship, types};
use super::sink::{Sink, place};
use super::text::text;

/// The other end of a relationship between many and many is no edge of its own where it is foreign (§5), but the
/// relationship goes with either table.
pub(super) const MANY: &str = "end of a many-to-many relationship";

/// The table that holds the lookup.
pub(super) const HOLDER: &str = "table of the lookup";

/// Either end of a table map.
pub(super) const MAPPED: &str = "mapped table";

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    sink.is_internal = true;
    let referenced = text(bytes, "ReferencedEntityName");
    let referencing = text(bytes, "ReferencingEntityName");
    let column = text(bytes, "ReferencingAttributeName");
    if let Some((at, table)) = &referencing {
        sink.table(place(HOLDER, *at), table);
    }
    if let Some((at, table)) = &referenced {
        sink.table(place("related table", *at), table);
    }
    if let Some(((_, table), (at, column))) = referencing.as_ref().zip(column) {
        sink.column(place("lookup column", at), table, &column);
    }
    for element in ["FirstEntityName", "SecondEntityName"] {
        if let Some((at, table)) = text(bytes, element) {
            sink.table(place(MANY, at), &table);
        }
    }
    sink.is_internal = false;
    if let Some((at, table)) = referenced.filter(|_| !is_standard_relationship(definition.key.as_str())) {
        sink.primary_columns(place("primary columns of the related table", at), &table);
    }
}

/// A map cannot be without its two tables.
pub(super) fn map_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    sink.is_internal = true;
    for element in ["EntitySource", "EntityTarget"] {
        if let Some((at, table)) = text(&definition.body.bytes, element) {
            sink.table(place(MAPPED, at), &table);
        }
    }
}

/// Returns the table that holds the lookup of a relationship between one and many.
pub(crate) fn lookup_holder(bytes: &[u8]) -> Option<ComponentKey> {
    let (_, table) = text(bytes, "ReferencingEntityName")?;
    Some(ComponentKey::new(types().table.clone(), &table))
}
