//! Columns, keys, and what is set up for image columns.

use super::Definition;
use super::name::types;
use super::sink::{Sink, place};
use super::text::{text, texts};

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    if let Some((at, choice)) = text(&definition.body.bytes, "OptionSetName") {
        sink.component(place("choice", at), &types().choice, &choice);
    }
}

pub(super) fn key_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let Some(table) = definition.table() else { return };
    for (at, column) in texts(&definition.body.bytes, "AttributeName") {
        sink.column(place("key column", at), table, &column);
    }
}

/// What an image configuration is about.
pub(super) const IMAGE: &str = "image column";

pub(super) fn image_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    let Some((at, table)) = text(bytes, "parententitylogicalname") else { return };
    sink.is_internal = true;
    sink.table(place(IMAGE, at), &table);
    if let Some((at, column)) = text(bytes, "attributelogicalname") {
        sink.column(place(IMAGE, at), &table, &column);
    }
}
