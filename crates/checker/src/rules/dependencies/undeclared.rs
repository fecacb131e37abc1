//! STR103, STR105, STR106: what definitions name and nobody brings.
//!
//! What nobody brings is told by `strata_engine::needs`, which an import goes by too. Only names with a prefix are judged: what
//! has none, or one of the platform's, may come with the platform or its applications.

use std::collections::BTreeSet;

use strata_engine::catalogue;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::Behavior;
use strata_model::package::Presence;
use strata_model::reference::{Reference, Target};
use strata_model::rules::Rules;

use crate::context::{Component, Context, Place};
use crate::finding::Findings;

/// Prefixes of what the platform and its applications bring.
const PLATFORM: &[&str] = &[
    "adx",
    "appointment",
    "cc",
    "cds",
    "ms",
    "msa",
    "mscrm",
    "msdyn",
    "msdyncrm",
    "msdynce",
    "msdynmkt",
    "msfp",
    "mspcat",
    "mspp",
    "msft",
];

/// Types of which a definition cannot do without the component that it names.
const NEEDED: &[&str] = &["entity", "attribute", "optionset", "customcontrol", "environmentvariabledefinition"];

/// STR103.
pub(super) fn components(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut absent_tables = BTreeSet::new();
    each_unanswered(context, &mut |component, reference, key| {
        let kind = key.component_type.name();
        if !NEEDED.contains(&kind) || !has_own_prefix(name_of(key)) || is_column_of_ours(context, key) {
            return;
        }
        // The table says it for its columns.
        let table = if kind == "entity" { Some(key.clone()) } else { key.parent() };
        if let Some(table) = table.filter(|table| has_own_prefix(table.as_str()) && is_absent(context, table)) {
            if absent_tables.insert((component.packaged().key.clone(), table.clone())) {
                report(findings, component, reference, &table);
            }
            return;
        }
        report(findings, component, reference, key);
    });
}

/// STR105.
pub(super) fn web_resources(context: &Context<'_>, findings: &mut Findings<'_>) {
    each_unanswered(context, &mut |component, reference, key| {
        let names_it = matches!(component.key.component_type.name(), "systemform" | "ribboncustomization" | "sitemap");
        if names_it && key.component_type.is("webresource") && has_own_prefix(key.as_str()) {
            report(findings, component, reference, key);
        }
    });
}

/// STR106.
pub(super) fn columns(context: &Context<'_>, findings: &mut Findings<'_>) {
    each_unanswered(context, &mut |component, reference, key| {
        let names_it =
            matches!(component.key.component_type.name(), "systemform" | "savedquery" | "savedqueryvisualization");
        if names_it && is_column_of_ours(context, key) {
            let message = format!(
                "{} names column {}, which its table does not have ({})",
                component.label(),
                key.as_str(),
                reference.place
            );
            findings.on(component, message).at(place(component, reference)).path(key.to_string());
        }
    });
}

/// Calls `visit` for every component that a definition names and nobody brings, once for each definition.
fn each_unanswered<'c>(
    context: &'c Context<'_>,
    visit: &mut dyn FnMut(Component<'c>, &'c Reference, &'c ComponentKey),
) {
    for need in context.undeclared() {
        let Target::Component(key) = &need.required else { continue };
        // Pairs that the platform never lists would be news to nobody.
        for dependent in need.dependents.iter().filter(|dependent| dependent.is_declared) {
            if let Some(component) = context.find(&dependent.key) {
                visit(component, &dependent.reference, key);
            }
        }
    }
}

/// Tells whether nobody brings a table that is named itself.
fn is_absent(context: &Context<'_>, table: &ComponentKey) -> bool {
    let target = Target::Component(table.clone());
    // They are in the order of what is required.
    context.undeclared().binary_search_by(|need| need.required.cmp(&target)).is_ok()
}

fn report(findings: &mut Findings<'_>, component: Component<'_>, reference: &Reference, key: &ComponentKey) {
    let label = key.component_type.label();
    let message = format!(
        "{} needs {label} {}, which is neither in the package nor declared ({})",
        component.label(),
        key.as_str(),
        reference.place
    );
    findings.on(component, message).at(place(component, reference)).path(key.to_string());
}

fn place(component: Component<'_>, reference: &Reference) -> Option<Place> {
    match reference.file {
        None => component.place_at(reference.offset),
        Some(file) => component.files().nth(file).map(|file| file.place(reference.offset)),
    }
}

/// The part of a key that bears the prefix.
fn name_of(key: &ComponentKey) -> &str {
    let is_in_table = key.parent().is_some();
    key.as_str().rsplit('.').next().filter(|_| is_in_table).unwrap_or(key.as_str())
}

/// Tells whether a name has a prefix, and not one of the platform's.
fn has_own_prefix(name: &str) -> bool {
    let Some((prefix, rest)) = name.split_once('_') else { return false };
    let is_prefix = (2..=8).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_prefix
        && !rest.is_empty()
        && prefix.starts_with(|c: char| c.is_ascii_alphabetic())
        && !PLATFORM.contains(&prefix)
}

/// Tells whether a column is of a table that the package brings whole, so that it has to be in the package.
fn is_column_of_ours(context: &Context<'_>, key: &ComponentKey) -> bool {
    let Some(table) = key.parent().filter(|_| key.component_type.is("attribute")) else { return false };
    let is_whole = context
        .manifest()
        .root_components
        .iter()
        .any(|root| root.key == table && root.behavior == Behavior::IncludeSubcomponents);
    let is_defined = context.find(&table).is_some_and(|table| table.presence == Presence::Full);
    let column = name_of(key);
    let is_standard = catalogue::is_standard_column(column) || catalogue::contains(key, &Rules::OURS);
    is_whole
        && is_defined
        && !is_standard
        && !catalogue::contains(&table, &Rules::OURS)
        && !is_derived(context, &table, column)
}

/// Columns that come along with another: the name of a lookup or choice, the base amount of a currency column, the parts
/// of an image, the state of a rollup.
fn is_derived(context: &Context<'_>, table: &ComponentKey, column: &str) -> bool {
    let ends = ["yominame", "name", "type", "_base", "_date", "_state", "_timestamp", "_url", "id", "_name"];
    let attribute = ComponentType::named("attribute");
    ends.iter().filter_map(|end| column.strip_suffix(end)).any(|stem| {
        let key = ComponentKey::new(attribute.clone(), &format!("{}.{stem}", table.as_str()));
        context.find(&key).is_some() || stem == table.as_str() || catalogue::is_standard_column(stem)
    })
}
