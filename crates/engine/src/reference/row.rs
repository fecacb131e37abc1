//! Rows of solution-aware tables: lookups, which are elements around the key of another row, and columns that hold
//! the name of a table.
//!
//! No table needs to be known: the lookup's name or the name of the key inside says what it leads to. Rows of
//! `Assets`, which tie two others together, have both in the attributes of their root.

use std::collections::BTreeMap;

use strata_model::component::ComponentType;

use super::Definition;
use super::name::types;
use super::sink::{Sink, place};
use super::text::{attributes_of, plain};
use super::walk::{Step, Tag, Walk};

/// Lookups whose key does not say what they lead to.
const LOOKUPS: &[(&str, &str)] = &[
    ("parentbotid", "bot"),
    ("botid", "bot"),
    ("parentbotcomponentid", "botcomponent"),
    ("botcomponentid", "botcomponent"),
    ("parentbotcomponentcollectionid", "botcomponentcollection"),
    ("appmoduleid", "appmodule"),
    ("parentappmoduleid", "appmodule"),
    ("settingdefinitionid", "settingdefinition"),
    ("onclickeventformulacomponentlibraryid", "canvasapp"),
    ("visibilityformulacomponentlibraryid", "canvasapp"),
    ("canvasappid", "canvasapp"),
    ("onclickeventjavascriptwebresourceid", "webresource"),
    ("iconwebresourceid", "webresource"),
    ("customapi", "customapi"),
    ("customapiid", "customapi"),
    ("aipluginid", "aiplugin"),
    ("aiplugin", "aiplugin"),
    ("maskingruleid", "maskingrule"),
    ("environmentvariabledefinitionid", "environmentvariabledefinition"),
    ("parentdefinitionid", "environmentvariabledefinition"),
    ("parentappactionid", "appaction"),
];

/// Keys that say by themselves what the lookup around them leads to.
const KEYS: &[(&str, &str)] = &[
    ("workflowid", "workflow"),
    ("msdyn_aimodelid", "aimodel"),
    ("connectionreferencelogicalname", "connectionreference"),
    ("plugintypeexportkey", "plugintype"),
    ("plugintypeid", "plugintype"),
    ("webresourceid", "webresource"),
    ("connectorid", "connector"),
    ("logicalname", "entity"),
    ("workqueueid", "workqueue"),
    ("savedqueryid", "savedquery"),
    ("formid", "systemform"),
    ("roleid", "role"),
    ("fieldsecurityprofileid", "fieldsecurityprofile"),
];

/// Columns that hold the name of a table.
const TABLES: &[&str] = &["boundentitylogicalname", "logicalentityname", "entitylogicalname"];

/// Lookups to what a row is a part of: it goes with that.
const OWNERS: &[(&str, &str)] = &[
    ("desktopflowbinary", "process"),
    ("botcomponent", "parentbotid"),
    ("botcomponent", "parentbotcomponentid"),
    ("aipluginoperation", "aiplugin"),
    ("dvtablesearchentity", "dvtablesearch"),
];

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let mut walk = Walk::new(&definition.body.bytes);
    // The column that is open, and the table and column of a masked or searched column.
    let mut lookup: &[u8] = b"";
    let mut named = (None, None);
    while let Some(step) = walk.step() {
        match step {
            Step::Start(tag) if walk.depth() + usize::from(tag.is_empty) == 1 => root(definition, &tag, sink),
            Step::Start(tag) if walk.depth() + usize::from(tag.is_empty) == 2 => lookup = tag.name,
            Step::Text { of, text, at } if walk.depth() == 2 => match of {
                b"entityname" => named.0 = Some(text.into_owned()),
                b"attributelogicalname" => named.1 = Some((at, text.into_owned())),
                _ => name_of_table(of, &text, at, sink),
            },
            Step::Text { of, text, at } if walk.depth() == 3 => {
                if let Some(target) = leads_to(lookup, of) {
                    sink.is_internal = is_owner(definition, lookup);
                    sink.component(place("lookup", at), &target, &text);
                    sink.is_internal = false;
                }
            }
            Step::Start(_) | Step::Text { .. } | Step::End => {}
        }
    }
    if let (Some(table), Some((at, column))) = named {
        sink.column(place("column", at), &table, &column);
    }
    if definition.key.component_type.is("botcomponent") {
        topic(definition, sink);
    }
}

fn leads_to(lookup: &[u8], key: &[u8]) -> Option<ComponentType> {
    let (lookup, key) = (std::str::from_utf8(lookup).ok()?, std::str::from_utf8(key).ok()?);
    let by_lookup = LOOKUPS.iter().find(|(name, _)| *name == lookup);
    let found = by_lookup.or_else(|| KEYS.iter().find(|(name, _)| *name == key))?;
    Some(ComponentType::named(found.1))
}

fn is_owner(definition: &Definition<'_>, lookup: &[u8]) -> bool {
    let table = definition.key.component_type.name();
    OWNERS.iter().any(|(owned, by)| *owned == table && by.as_bytes() == lookup)
}

fn name_of_table(column: &[u8], text: &str, at: usize, sink: &mut Sink<'_>) {
    if TABLES.iter().any(|name| name.as_bytes() == column) {
        sink.table(place("table", at), text);
    }
}

/// One end of a row that ties two others together.
pub(super) const PAIR: &str = "end of a pair";

/// A key may go through a lookup: `settingdefinitionid.uniquename`. A row of `Assets` has two of them and goes with
/// the first.
fn root(definition: &Definition<'_>, tag: &Tag<'_>, sink: &mut Sink<'_>) {
    let mut ends: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    let mut order = Vec::new();
    for (name, value) in attributes_of(tag.attributes()) {
        let Some((lookup, _)) = name.split_once('.') else { continue };
        if !order.contains(&lookup) {
            order.push(lookup);
        }
        ends.entry(lookup).or_default().push(plain(value));
    }
    let is_pair = order.len() > 1 && definition.body.home.as_deref().is_some_and(|home| home.starts_with("Assets/"));
    for lookup in order {
        let known = LOOKUPS.iter().find(|(name, _)| *name == lookup).map(|(.., table)| *table);
        let key = KEYS.iter().find(|(name, _)| *name == lookup).map(|(.., table)| *table);
        let Some(table) = known.or(key).or_else(|| lookup.strip_suffix("id")) else { continue };
        // Pairs begin with the component that makes use of the other end.
        let uses = lookup == "botcomponentid" || lookup == "botid";
        sink.is_internal = is_owner(definition, lookup.as_bytes()) || is_pair && uses;
        sink.component(
            place(if is_pair { PAIR } else { "key" }, tag.at),
            &ComponentType::named(table),
            &ends[lookup].join("."),
        );
        sink.is_internal = false;
    }
}

/// The content of an agent's topic or action is YAML that names flows and connection references.
fn topic(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    for (index, file) in definition.files_ending("/data") {
        let Ok(text) = std::str::from_utf8(&file) else { continue };
        sink.file = Some(index);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let (name, value) = line.trim_start_matches([' ', '-', '\u{feff}']).split_once(':').unwrap_or_default();
            let value = value.trim().trim_matches(['"', '\'']);
            match name.trim_end() {
                "flowId" => sink.guid(place("flow", at), &types().process, value),
                "connectionReference" => {
                    sink.component(place("connection reference", at), &types().connection_reference, value);
                }
                _ => {}
            }
            at += line.len();
        }
        sink.file = None;
    }
}

/// A value is nothing without its definition, whose name it bears.
pub(super) fn value_mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    sink.is_internal = true;
    sink.component(place("definition", 0), &types().environment_variable, definition.key.as_str());
}
