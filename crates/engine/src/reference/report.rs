//! Reports and templates: the tables that they are about, the queries inside.

use strata_model::component::ComponentType;

use super::Definition;
use super::fetch;
use super::sink::{Sink, place};
use super::text::{holds, text, texts};
use crate::catalogue;

/// A report names its parent; its file holds the queries it runs.
pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    if let Some((at, parent)) = text(&definition.body.bytes, "parentreportid") {
        sink.guid(place("parent report", at), &ComponentType::named("report"), &parent);
    }
    for suffix in [".rdl", ".wdl"] {
        for (index, file) in definition.files_ending(suffix) {
            sink.file = Some(index);
            for (at, query) in texts(&file, "CommandText").filter(|(_, query)| query.trim_start().starts_with("<fetch"))
            {
                fetch::read(&query, at, sink);
            }
            sink.file = None;
        }
    }
}

/// A template is bound to the table whose code it bears.
pub(super) fn template_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let bytes = &definition.body.bytes;
    sink.is_internal = true;
    for element in ["templatetypecode", "TemplateTypeCode"] {
        if !holds(bytes, element.as_bytes()) {
            continue;
        }
        if let Some((at, code)) = text(bytes, element) {
            let name = code.trim();
            let table = if name.bytes().all(|byte| byte.is_ascii_digit()) {
                catalogue::table_of_code(name)
            } else {
                Some(name)
            };
            sink.table(place("table of the template", at), table.unwrap_or_default());
        }
    }
}
