//! Forms and dashboards: columns, relationships, views, charts, other forms, scripts, controls, roles.

use strata_model::reference::Target;
use strata_xml::skim::Names;

use super::Definition;
use super::name::{NAVIGATION, bare_or_directed, is_standard_relationship, library, types};
use super::sink::{Sink, column_key, place};
use super::text::plain;
use super::walk::{Step, Tag, Walk};

/// Every name that [`element`] or [`parameter`] knows: most of a form is cells and labels.
static NAMING: Names = Names::new(&[
    "control",
    "event",
    "dependency",
    "Library",
    "Handler",
    "NavBarByRelationshipItem",
    "customControl",
    "Role",
    "ViewId",
    "DefaultViewId",
    "AvailableViewIds",
    "FilteredViewIds",
    "EntityViewId",
    "ViewIds",
    "VisualizationId",
    "RelationshipName",
    "TargetEntityType",
    "QuickForms",
    "Url",
]);

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let table = definition.table();
    let mut walk = Walk::among(&definition.body.bytes, &NAMING);
    while let Some(step) = walk.step() {
        match step {
            Step::Start(tag) => element(&tag, table, sink),
            Step::Text { of, text, at } => parameter(of, &text, at, sink),
            Step::End => {}
        }
    }
}

fn element(tag: &Tag<'_>, table: Option<&str>, sink: &mut Sink<'_>) {
    match tag.name {
        b"control" => control(tag, table, sink),
        b"event" => column(tag, "attribute", "event of a column", table, sink),
        b"dependency" => column(tag, "id", "column of an event handler", table, sink),
        b"Library" => script(tag, "name", "form library", sink),
        b"Handler" => script(tag, "libraryName", "event handler", sink),
        b"NavBarByRelationshipItem" => {
            let name = tag.attribute("RelationshipName").unwrap_or_default();
            if !is_standard_relationship(&name) {
                sink.component(place(NAVIGATION, tag.at), &types().relationship, &name);
            }
        }
        b"customControl" => {
            let name = tag.attribute("name").unwrap_or_default();
            sink.component(place("custom control", tag.at), &types().custom_control, &name);
        }
        b"Role" => {
            let id = tag.attribute("Id").unwrap_or_default();
            sink.guid(place("role that sees the form", tag.at), &types().role, &id);
        }
        _ => {}
    }
}

fn control(tag: &Tag<'_>, table: Option<&str>, sink: &mut Sink<'_>) {
    let Some(table) = table else { return };
    let [Some(name), class] = tag.both(["datafieldname", "classid"]) else { return };
    let Some(key) = column_key(table, &name) else { return };
    let may_look_up = class.is_none_or(|class| may_look_up(&class));
    if may_look_up && !is_standard_lookup(&name) {
        sink.add(place("lookup", tag.at), Target::LookupRelationship(key.clone()));
    }
    sink.add(place("control", tag.at), Target::Component(key));
}

/// Lookups that the platform gives every table.
fn is_standard_lookup(column: &str) -> bool {
    const COLUMNS: [&str; 6] =
        ["ownerid", "createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "owningbusinessunit"];
    COLUMNS.iter().any(|standard| standard.eq_ignore_ascii_case(column))
}

/// Classes of controls that show something else than a lookup.
fn may_look_up(class: &str) -> bool {
    const OTHERS: [&str; 16] = [
        "4273edbd", // text
        "e0dece4b", // several lines of text
        "5b773807", // date
        "3ef39988", // choice
        "67fac785", // yes or no
        "b0c6723a", // yes or no
        "5d68b988", // status reason
        "c6d124ca", // whole number
        "c3efe0c3", // decimal number
        "0d2c745a", // floating point number
        "533b9e00", // money
        "ada2203e", // e-mail address
        "71716b6c", // web address
        "aa987274", // duration
        "8c10015a", // telephone number
        "4aa28ab7", // several choices
    ];
    let start = class.trim().trim_start_matches('{').get(..8).unwrap_or_default();
    !OTHERS.iter().any(|other| other.eq_ignore_ascii_case(start))
}

fn column(tag: &Tag<'_>, attribute: &str, name: &'static str, table: Option<&str>, sink: &mut Sink<'_>) {
    if let Some((table, column)) = table.zip(tag.attribute(attribute)) {
        sink.column(place(name, tag.at), table, &column);
    }
}

fn script(tag: &Tag<'_>, attribute: &str, name: &'static str, sink: &mut Sink<'_>) {
    let written = tag.attribute(attribute).unwrap_or_default();
    if let Some(library) = library(&written) {
        sink.component(place(name, tag.at), &types().web_resource, library);
    }
}

/// The parameters of sub-grids, quick forms, charts and web resources.
fn parameter(of: &[u8], text: &str, at: usize, sink: &mut Sink<'_>) {
    match of {
        b"ViewId" | b"DefaultViewId" | b"AvailableViewIds" | b"FilteredViewIds" | b"EntityViewId" | b"ViewIds" => {
            sink.guids(place("view of a sub-grid or lookup", at), &types().view, text);
        }
        b"VisualizationId" => sink.guid(place("chart", at), &types().chart, text),
        b"RelationshipName" if !is_standard_relationship(text) => {
            sink.component(place("sub-grid", at), &types().relationship, text);
        }
        b"TargetEntityType" => sink.table(place("table of a sub-grid", at), text),
        b"QuickForms" => quick_forms(text, at, sink),
        b"Url" => {
            let name = bare_or_directed(text).unwrap_or_default();
            sink.component(place("web resource control", at), &types().web_resource, name);
        }
        _ => {}
    }
}

/// `<QuickFormIds><QuickFormId entityname="x">guid</QuickFormId>…`, as text.
fn quick_forms(text: &str, at: usize, sink: &mut Sink<'_>) {
    for item in text.split("<QuickFormId ").skip(1) {
        let id = item.split_once('>').and_then(|(_, rest)| rest.split('<').next()).unwrap_or_default();
        sink.guid(place("quick form", at), &types().form, &plain(id));
    }
}
