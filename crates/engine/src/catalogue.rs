//! The system layer: tables and columns that every environment has (L2).
//!
//! It is not stored. The catalogue is part of the program, versioned with
//! [`PLATFORM_VERSION`](strata_model::environment::PLATFORM_VERSION), and gives each system component the
//! definition it would have in a package, as far as the catalogue knows it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::rules::Rules;
use strata_xml::{Element, Node};

const TABLES: &str = include_str!("../data/system-catalogue.csv");
const COLUMNS: &str = include_str!("../data/system-columns.csv");

/// A component of the system layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemComponent {
    pub key: ComponentKey,
    pub name: String,
    pub display_name: Option<String>,
    /// In the shape that packages give a component of this type.
    pub definition: Vec<u8>,
}

struct Table {
    schema_name: &'static str,
    display_name: &'static str,
    entity_set: &'static str,
    primary_id: &'static str,
    primary_name: &'static str,
    type_code: &'static str,
    ownership: &'static str,
}

#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    column_type: &'static str,
    length: &'static str,
    target: &'static str,
}

struct Catalogue {
    tables: BTreeMap<&'static str, Table>,
    columns: BTreeMap<&'static str, Vec<Column>>,
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let mut tables = BTreeMap::new();
        for [logical, schema_name, display_name, entity_set, primary_id, primary_name, type_code, ownership] in
            rows::<8>(TABLES)
        {
            let table = Table { schema_name, display_name, entity_set, primary_id, primary_name, type_code, ownership };
            tables.insert(logical, table);
        }
        let mut columns: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for [table, name, column_type, length, target] in rows::<5>(COLUMNS) {
            columns.entry(table).or_default().push(Column { name, column_type, length, target });
        }
        Catalogue { tables, columns }
    })
}

/// Returns the rows of a CSV text below its header; the catalogue quotes nothing.
fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().skip(1).filter_map(|line| line.split(',').collect::<Vec<_>>().try_into().ok())
}

/// Tells whether a component is in the system layer.
///
/// A column of a system table that the catalogue does not list counts as present when its name has no
/// prefix (R7).
pub fn contains(key: &ComponentKey, rules: &Rules) -> bool {
    let catalogue = catalogue();
    match key.component_type.name() {
        "entity" => catalogue.tables.contains_key(key.as_str()),
        "attribute" => key.as_str().split_once('.').is_some_and(|(table, column)| {
            let is_system_table = catalogue.tables.contains_key(table);
            let is_plain = column.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !column.is_empty();
            let presumed = rules.unlisted_system_columns_present && is_plain;
            is_system_table && (presumed || find_column(table, column).is_some())
        }),
        _ => false,
    }
}

/// Tells whether every custom table gets a column of this name by itself (L8).
pub fn is_standard_column(column: &str) -> bool {
    catalogue().columns.get("*").is_some_and(|columns| columns.iter().any(|c| c.name == column))
        || catalogue().columns.get("activitypointer").is_some_and(|columns| columns.iter().any(|c| c.name == column))
}

/// Returns a component of the system layer with its definition.
pub fn component(key: &ComponentKey, rules: &Rules) -> Option<SystemComponent> {
    if !contains(key, rules) {
        return None;
    }
    match key.component_type.name() {
        "entity" => table_component(key.as_str()),
        "attribute" => {
            let (table, column) = key.as_str().split_once('.')?;
            let unlisted = Column { name: "", column_type: "", length: "", target: "" };
            let known = find_column(table, column).unwrap_or(unlisted);
            Some(column_component(table, column, known))
        }
        _ => None,
    }
}

/// Returns every listed component of the system layer, tables first.
pub fn components() -> Vec<SystemComponent> {
    let catalogue = catalogue();
    let mut components: Vec<_> = catalogue.tables.keys().filter_map(|table| table_component(table)).collect();
    for (table, columns) in &catalogue.columns {
        if *table != "*" {
            components.extend(columns.iter().map(|column| column_component(table, column.name, *column)));
        }
    }
    components
}

/// Returns the columns that a table has without any layer: of a system table those that are listed, of another one
/// those that every table gets.
pub fn columns_of(table: &str) -> Vec<SystemComponent> {
    let catalogue = catalogue();
    let mut columns: BTreeMap<&str, SystemComponent> = BTreeMap::new();
    for of in [table, "*"] {
        for column in catalogue.columns.get(of).into_iter().flatten() {
            columns.entry(column.name).or_insert_with(|| column_component(table, column.name, *column));
        }
    }
    if let Some(own) = catalogue.tables.get(table) {
        for name in [own.primary_id, own.primary_name] {
            let column = find_column(table, name).filter(|_| !name.is_empty());
            columns.extend(column.map(|column| (name, column_component(table, name, column))));
        }
    }
    columns.into_values().collect()
}

/// Tells whether the catalogue lists the columns of a system table, beside those that every table has.
pub fn lists_columns(table: &str) -> bool {
    catalogue().columns.contains_key(table)
}

/// Tells whether a (folded) name is that of a system table.
pub fn is_table(name: &str) -> bool {
    catalogue().tables.contains_key(name)
}

/// Returns the logical names of the system tables.
pub fn table_names() -> impl Iterator<Item = &'static str> {
    catalogue().tables.keys().copied()
}

/// Returns the system table of a type code.
pub fn table_of_code(code: &str) -> Option<&'static str> {
    catalogue().tables.iter().find(|(_, table)| table.type_code == code).map(|(name, _)| *name)
}

/// Tables of the catalogue that a first-party solution brings: packages declare them, as they do not those of System.
const FIRST_PARTY: &[(&str, &str)] = &[
    ("EnvironmentVariables", "environmentvariabledefinition"),
    ("EnvironmentVariables", "environmentvariablevalue"),
    ("PowerPlatformConnectionReferences", "connectionreference"),
    ("PowerVirtualAgents", "bot"),
    ("PowerVirtualAgents", "botcomponent"),
    ("PowerVirtualAgents", "botcomponentcollection"),
    ("PowerVirtualAgentsCommon", "conversationtranscript"),
    ("MicrosoftFlowExtensionsCore", "flowmachine"),
    ("MicrosoftFlowExtensionsCore", "flowmachinegroup"),
    ("MicrosoftFlowExtensionsCore", "flowsession"),
    ("SolutionHistoryAPIs", "msdyn_solutionhistory"),
    ("datalakeworkspaces", "datalakefolder"),
    ("datalakeworkspaces", "synapsedatabase"),
    ("msdyn_AISolution", "msdyn_ai*"),
    ("msdyn_SynapseLink", "synapselinkprofile*"),
    ("msdyn_FlowApprovalsCore", "msdyn_flow_approval*"),
];

/// Returns the first-party solution that brings a table of the catalogue.
pub fn first_party(table: &str) -> Option<&'static str> {
    let is_meant = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => table.starts_with(start),
        None => table == pattern,
    };
    let found = FIRST_PARTY.iter().find(|(_, pattern)| is_meant(pattern));
    found.filter(|_| catalogue().tables.contains_key(table)).map(|(solution, _)| *solution)
}

/// Returns the system table of an entity set (folded).
pub fn table_of_set(set: &str) -> Option<&'static str> {
    static SETS: OnceLock<BTreeMap<String, &'static str>> = OnceLock::new();
    let sets = SETS.get_or_init(|| {
        let tables = catalogue().tables.iter().filter(|(_, table)| !table.entity_set.is_empty());
        tables.map(|(name, table)| (table.entity_set.to_lowercase(), *name)).collect()
    });
    sets.get(set).copied()
}

/// Returns the entity set of a system table.
pub fn entity_set(table: &str) -> Option<&'static str> {
    catalogue().tables.get(table).map(|table| table.entity_set).filter(|set| !set.is_empty())
}

/// Returns the primary id and the primary name of a system table; either is empty where there is none.
pub fn primary_columns(table: &str) -> Option<(&'static str, &'static str)> {
    catalogue().tables.get(table).map(|table| (table.primary_id, table.primary_name))
}

/// Returns the tables that a listed lookup of a system table leads to.
pub fn lookup_targets(table: &str, column: &str) -> impl Iterator<Item = &'static str> {
    let listed = find_column(table, column);
    listed.into_iter().flat_map(|column| column.target.split('|')).filter(|target| !target.is_empty())
}

/// Returns the lookups that are listed for a system table, each with the tables it leads to.
pub fn lookups_of(table: &str) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    let listed = catalogue().columns.get(table).into_iter().flatten().filter(|column| !column.target.is_empty());
    listed.map(|column| (column.name, column.target.split('|')))
}

fn find_column(table: &str, column: &str) -> Option<Column> {
    let catalogue = catalogue();
    let own = catalogue.tables.get(table);
    if own.is_some_and(|own| own.primary_id == column || own.primary_name == column) {
        let listed = find_listed(table, column);
        let column_type = if own.is_some_and(|own| own.primary_id == column) { "Uniqueidentifier" } else { "String" };
        return listed.or(Some(Column { name: "", column_type, length: "", target: "" }));
    }
    find_listed(table, column).or_else(|| find_listed("*", column))
}

fn find_listed(table: &str, column: &str) -> Option<Column> {
    catalogue().columns.get(table)?.iter().find(|listed| listed.name == column).copied()
}

fn table_component(logical_name: &str) -> Option<SystemComponent> {
    let table = catalogue().tables.get(logical_name)?;
    let schema_name = if table.schema_name.is_empty() { logical_name } else { table.schema_name };
    let mut root = Element::new("Entity");
    let name = root.child_or_new("Name");
    name.set_attribute("LocalizedName", table.display_name);
    name.set_attribute("OriginalName", table.display_name);
    name.set_text(schema_name);
    set_child(&mut root, "ObjectTypeCode", table.type_code);
    let own = root.child_or_new("EntityInfo").child_or_new("entity");
    own.set_attribute("Name", schema_name);
    if !table.display_name.is_empty() {
        add_label(own, "LocalizedNames", "LocalizedName", table.display_name);
    }
    set_child(own, "EntitySetName", table.entity_set);
    set_child(
        own,
        "OwnershipTypeMask",
        if table.ownership == "OrganizationOwned" { "OrgOwned" } else { table.ownership },
    );
    set_child(own, "PrimaryIdAttribute", table.primary_id);
    set_child(own, "PrimaryNameAttribute", table.primary_name);
    Some(SystemComponent {
        key: ComponentKey::folded(ComponentType::named("entity"), logical_name),
        name: schema_name.to_owned(),
        display_name: (!table.display_name.is_empty()).then(|| table.display_name.to_owned()),
        definition: strata_xml::write(&root),
    })
}

fn column_component(table: &str, name: &str, column: Column) -> SystemComponent {
    let mut root = Element::new("attribute");
    let is_primary = catalogue().tables.get(table).is_some_and(|own| own.primary_id == name);
    set_child(&mut root, "Type", if is_primary { "primarykey" } else { packaged_type(column.column_type) });
    set_child(&mut root, "Name", name);
    set_child(&mut root, "LogicalName", name);
    set_child(&mut root, "MaxLength", column.length);
    for target in column.target.split('|').filter(|target| !target.is_empty()) {
        let mut kind = Element::new("LookupType");
        kind.set_text(target);
        root.child_or_new("LookupTypes").children.push(Node::Element(kind));
    }
    SystemComponent {
        key: ComponentKey::folded(ComponentType::named("attribute"), &format!("{table}.{name}")),
        name: format!("{table}.{name}"),
        display_name: None,
        definition: strata_xml::write(&root),
    }
}

/// Returns the word that packages have for a column type of the documentation.
fn packaged_type(documented: &str) -> &str {
    match documented {
        "String" => "nvarchar",
        "Memo" => "ntext",
        "Integer" => "int",
        "BigInt" => "bigint",
        "Boolean" => "bit",
        "Double" => "float",
        "Picklist" => "picklist",
        "MultiSelectPicklist" => "multiselectpicklist",
        "State" => "state",
        "Status" => "status",
        "Lookup" => "lookup",
        "Customer" => "customer",
        "Owner" => "owner",
        "DateTime" => "datetime",
        "Decimal" => "decimal",
        "Money" => "money",
        "Uniqueidentifier" => "uniqueidentifier",
        "Image" => "image",
        "File" => "file",
        // The rest is not found in packages; the documentation's word is better than none.
        other => other,
    }
}

fn set_child(element: &mut Element, name: &str, text: &str) {
    if !text.is_empty() {
        element.child_or_new(name).set_text(text);
    }
}

fn add_label(element: &mut Element, container: &str, label: &str, text: &str) {
    let mut child = Element::new(label);
    child.set_attribute("description", text);
    child.set_attribute("languagecode", "1033");
    element.child_or_new(container).children.push(Node::Element(child));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(component_type: &str, name: &str) -> ComponentKey {
        ComponentKey::new(ComponentType::named(component_type), name)
    }

    #[test]
    fn l2_the_system_layer_has_the_platform_tables() {
        assert_eq!(catalogue().tables.len(), 648);
        assert!(contains(&key("entity", "Account"), &Rules::OURS));
        assert!(contains(&key("attribute", "account.name"), &Rules::OURS));
        assert!(contains(&key("attribute", "account.createdon"), &Rules::OURS));
        assert!(!contains(&key("entity", "lead"), &Rules::OURS), "leads come with an application");
        assert!(!contains(&key("attribute", "account.contoso_tier"), &Rules::OURS));
    }

    #[test]
    fn r7_unprefixed_columns_of_system_tables_count_as_present() {
        assert!(contains(&key("attribute", "account.somethingnew"), &Rules::OURS));
        let strict = Rules { unlisted_system_columns_present: false, ..Rules::OURS };
        assert!(!contains(&key("attribute", "account.somethingnew"), &strict));
        assert!(!contains(&key("attribute", "contoso_order.somethingnew"), &Rules::OURS));
    }

    #[test]
    fn every_system_component_has_a_readable_definition() {
        for component in components() {
            assert!(crate::definition::tree(&component.definition).is_some(), "{}", component.key);
            assert!(contains(&component.key, &Rules::OURS), "{}", component.key);
        }
    }
}
