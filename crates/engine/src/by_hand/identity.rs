//! Where a definition says which component it is, and what it is called.

use strata_model::component::{ComponentType, Identity};
use strata_model::id::Guid;
use strata_xml::Element;

/// Where a definition of a type keeps its identity: an attribute of the root (`@`), else a child of the own element.
const PLACES: &[(&str, &str)] = &[
    ("entity", "Name"),
    ("attribute", "LogicalName"),
    ("entitykey", "LogicalName"),
    ("entityrelationship", "@Name"),
    ("optionset", "@Name"),
    ("systemform", "formid"),
    ("systemform", "FormId"),
    ("savedquery", "savedqueryid"),
    ("savedqueryvisualization", "savedqueryvisualizationid"),
    ("role", "@id"),
    ("workflow", "@WorkflowId"),
    ("fieldsecurityprofile", "@fieldsecurityprofileid"),
    ("sdkmessageprocessingstep", "@SdkMessageProcessingStepId"),
    ("webresource", "Name"),
    ("appmodule", "UniqueName"),
    ("sitemap", "SiteMapUniqueName"),
    ("canvasapp", "Name"),
    ("customcontrol", "Name"),
    ("connectionreference", "@connectionreferencelogicalname"),
    ("environmentvariabledefinition", "@schemaname"),
    ("pluginassembly", "@FullName"),
    ("connectionrole", "connectionroleid"),
    ("report", "reportid"),
    ("workqueue", "@workqueueid"),
    ("desktopflowbinary", "@desktopflowbinaryid"),
    ("customapi", "@uniquename"),
    ("bot", "@schemaname"),
    ("botcomponent", "@schemaname"),
    ("routingrule", "@RoutingRuleId"),
];

/// Returns the name or id that a definition gives its component; a column's name lacks its table.
pub(super) fn of_definition(component_type: &ComponentType, tree: &Element) -> Option<String> {
    let places = PLACES.iter().filter(|(type_name, _)| component_type.is(type_name));
    places.into_iter().find_map(|(_, place)| match place.strip_prefix('@') {
        Some(attribute) => tree.attribute(attribute).map(str::to_owned),
        None => tree.child_text(place),
    })
}

/// Tells whether components of this type are known by an id rather than a name.
pub(super) fn is_by_id(component_type: &ComponentType) -> bool {
    component_type.row().is_some_and(|row| row.identity == Identity::Guid)
}

/// Returns the category of a process.
pub(super) fn category(component_type: &ComponentType, tree: &Element) -> Option<i32> {
    if component_type.is("workflow") { tree.child_text("Category")?.parse().ok() } else { None }
}

/// Returns what a definition calls its component in a language.
pub(super) fn display_name(tree: &Element, language: u32) -> Option<String> {
    const LABELS: [&[&str]; 5] = [
        &["EntityInfo", "entity", "LocalizedNames"],
        &["LocalizedNames"],
        &["displaynames"],
        &["displayname"],
        &["AppModuleNames"],
    ];
    let language = language.to_string();
    let in_language = |labels: &Element| {
        let label = labels.elements().find(|label| label.attribute("languagecode") == Some(&language))?;
        label.attribute("description").map(str::to_owned)
    };
    let labelled = LABELS.iter().find_map(|path| in_language(tree.descend(path)?));
    let named = || {
        ["DisplayName", "displayname", "connectionreferencedisplayname"].iter().find_map(|name| tree.child_text(name))
    };
    let by_attribute =
        || ["localizedName", "Name", "name"].iter().find_map(|name| tree.attribute(name)).map(str::to_owned);
    labelled.or_else(named).or_else(by_attribute).filter(|name| Guid::parse(name).is_none())
}
