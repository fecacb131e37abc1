//! Component types and tables: which number a type has in an environment, and which table its components are rows of.

use strata_model::component::{ComponentType, TYPES};
use strata_model::environment::{Environment, Snapshot};
use strata_model::id::Guid;
use strata_store::Record;

use super::document::{Document, Known};
use crate::{OpsError, Workspace};

/// Types whose components are no rows, but what tables are made of.
const METADATA: [&str; 6] =
    ["entity", "attribute", "entitykey", "entityrelationship", "optionset", "ribboncustomization"];

/// Types whose table has another name.
const TABLES: [(&str, &str); 1] = [("aimodel", "msdyn_aimodel")];

/// The names of types in layers and definitions, where they are not those of their tables (web-api §11).
const LAYER_NAMES: [(&str, &str); 31] = [
    ("entity", "Entity"),
    ("attribute", "Attribute"),
    ("entityrelationship", "EntityRelationship"),
    ("entitykey", "EntityKey"),
    ("optionset", "OptionSet"),
    ("savedquery", "SavedQuery"),
    ("savedqueryvisualization", "SavedQueryVisualization"),
    ("systemform", "SystemForm"),
    ("ribboncustomization", "RibbonCustomization"),
    ("workflow", "Workflow"),
    ("webresource", "WebResource"),
    ("role", "Role"),
    ("fieldsecurityprofile", "FieldSecurityProfile"),
    ("appmodule", "AppModule"),
    ("sitemap", "SiteMap"),
    ("canvasapp", "CanvasApp"),
    ("customcontrol", "CustomControl"),
    ("customcontroldefaultconfig", "CustomControlDefaultConfig"),
    ("hierarchyrule", "HierarchyRule"),
    ("pluginassembly", "PluginAssembly"),
    ("plugintype", "PluginType"),
    ("sdkmessageprocessingstep", "SDKMessageProcessingStep"),
    ("sdkmessageprocessingstepimage", "SDKMessageProcessingStepImage"),
    ("serviceendpoint", "ServiceEndpoint"),
    ("connectionrole", "ConnectionRole"),
    ("report", "Report"),
    ("template", "Template"),
    ("connector", "Connector"),
    ("convertrule", "ConvertRule"),
    ("routingrule", "RoutingRule"),
    ("sla", "SLA"),
];

/// Where the numbers of types begin that each environment gives anew.
const OWN_NUMBERS: i64 = 10_000;

/// Returns the number of a type in an environment: the platform's, or one that is the environment's own.
pub fn number(environment: Guid, component_type: &ComponentType) -> i64 {
    match component_type.number() {
        Some(number) => number.into(),
        None => {
            let minted = Guid::minted(environment, "componenttype", component_type.name());
            let [first, second, third, ..] = *minted.0.as_bytes();
            OWN_NUMBERS + i64::from(u32::from_be_bytes([0, first, second, third]))
        }
    }
}

/// Returns the type of a number in an environment.
pub fn of_number(
    workspace: &Workspace,
    environment: &Environment,
    number: i64,
) -> Result<Option<ComponentType>, OpsError> {
    if number < OWN_NUMBERS {
        return Ok(u16::try_from(number).ok().and_then(ComponentType::numbered));
    }
    let all = own(workspace.store().component_types(environment)?);
    Ok(all.into_iter().find(|own| self::number(environment.id, own) == number))
}

/// The types that have no number of the platform: those that this build knows, and those that packages brought.
fn own(met: Vec<ComponentType>) -> Vec<ComponentType> {
    let known = TYPES.iter().map(|row| ComponentType::named(row.name));
    let mut own: Vec<_> = known.chain(met).filter(|own| own.number().is_none()).collect();
    own.sort();
    own.dedup();
    own
}

/// Returns the name that layers and definitions have for a type.
pub fn layer_name(component_type: &ComponentType) -> &str {
    let known = LAYER_NAMES.iter().find(|(own, _)| component_type.is(own));
    known.map_or_else(|| table(component_type), |(_, name)| name)
}

/// Returns the type that layers know by a name.
pub fn of_layer_name(name: &str) -> ComponentType {
    let known = LAYER_NAMES.iter().find(|(_, own)| own.eq_ignore_ascii_case(name));
    let table = TABLES.iter().find(|(_, table)| table.eq_ignore_ascii_case(name));
    ComponentType::named(known.or(table).map_or(name, |(own, _)| own))
}

/// Returns the table whose rows the components of a type are.
pub fn table(component_type: &ComponentType) -> &str {
    let other = TABLES.iter().find(|(own, _)| component_type.is(own));
    other.map_or_else(|| component_type.name(), |(_, table)| table)
}

/// Returns the type whose components are the rows of a table: one that this build knows, or one that a package brought.
pub(super) fn shown_as(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
) -> Result<Option<ComponentType>, OpsError> {
    if METADATA.contains(&table) {
        return Ok(None);
    }
    let own = TABLES.iter().find(|(_, other)| *other == table).map_or(table, |(own, _)| own);
    let component_type = ComponentType::named(own);
    // An alias is the name of no table.
    if component_type.name() == own && component_type.row().is_some() {
        return Ok(Some(component_type));
    }
    let met = workspace.store().component_types(environment)?;
    Ok(Some(component_type).filter(|own| own.row().is_none() && met.contains(own)))
}

/// Rows of the table that says which number a type has.
pub(super) fn rows(known: &Known<'_>, seen: &Snapshot) -> Result<Vec<Record>, OpsError> {
    let environment = seen.environment.id;
    let numbered = TYPES.iter().filter(|row| row.number.is_some()).map(|row| ComponentType::named(row.name));
    let all = numbered.chain(own(known.store.component_types(known.environment)?));
    let row = |component_type: ComponentType| {
        let mut row = Document::default();
        row.set("name", layer_name(&component_type))
            .set("solutioncomponenttype", number(environment, &component_type))
            .set("primaryentityname", table(&component_type));
        row.record(Guid::minted(environment, "solutioncomponentdefinition", component_type.name()))
    };
    Ok(all.map(row).collect())
}
