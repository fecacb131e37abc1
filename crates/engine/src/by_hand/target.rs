//! Which component a maker means: its key, its name with the publisher's prefix, its table, its definition as given.

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType, Identity};
use strata_model::environment::Snapshot;
use strata_model::id::Guid;
use strata_model::plan::{Finding, FindingKind};
use strata_model::publisher::Publisher;
use strata_xml::Element;

use super::create::NewComponent;
use super::{identity, minimal};
use crate::activation::is_classic;
use crate::{catalogue, definition};

/// Types whose names are schema names.
const METADATA: [&str; 5] = ["entity", "attribute", "entitykey", "entityrelationship", "optionset"];

/// Types whose names begin with a prefix (L7).
const PREFIXED: [&str; 14] = [
    "entity",
    "attribute",
    "entitykey",
    "entityrelationship",
    "optionset",
    "webresource",
    "sitemap",
    "appmodule",
    "canvasapp",
    "customcontrol",
    "environmentvariabledefinition",
    "connectionreference",
    "customapi",
    "bot",
];

/// Types that are parts of a table although their key is an id.
const PARTS_BY_ID: [&str; 4] = ["systemform", "savedquery", "savedqueryvisualization", "hierarchyrule"];

/// Which component is to be made.
pub(super) struct Target {
    pub(super) key: ComponentKey,
    /// In its own case; of a column without its table.
    pub(super) schema_name: String,
    pub(super) display_name: String,
    pub(super) id: Guid,
    pub(super) table: Option<ComponentKey>,
    pub(super) given: Option<Element>,
}

impl Target {
    pub(super) fn of(
        snapshot: &Snapshot,
        new: &NewComponent,
        publisher: Option<&Publisher>,
    ) -> Result<Self, Box<Finding>> {
        let component_type = &new.component_type;
        let given = match &new.definition {
            Some(bytes) => Some(read(component_type, bytes)?),
            None => None,
        };
        let is_named_in_table = component_type.row().is_some_and(|row| row.identity == Identity::NameInTable);
        // A relationship goes with the table that it is made for, although its name stands for itself.
        let is_part = is_named_in_table
            || PARTS_BY_ID.iter().any(|part| component_type.is(part))
            || (component_type.is("entityrelationship") && new.table.is_some());
        let (table, own_name) =
            match new.name.split_once('.').filter(|_| is_part && !component_type.is("entityrelationship")) {
                Some((table, rest)) => (Some(table.trim()), rest.trim()),
                None => (new.table.as_deref().map(str::trim), new.name.trim()),
            };
        let named_in = given.as_ref().and_then(|tree| identity::of_definition(component_type, tree));
        let environment = snapshot.environment.id;
        if identity::is_by_id(component_type) {
            let place = table.map_or_else(|| own_name.to_owned(), |table| format!("{table}.{own_name}"));
            let minted = Guid::minted(environment, component_type.name(), &place.to_lowercase());
            let asked = Guid::parse(own_name);
            let given_id = named_in.as_deref().and_then(Guid::parse);
            refuse_other(asked.map(|id| id.to_string()), given_id.map(|id| id.to_string()))?;
            let id = asked.or(given_id).unwrap_or(minted);
            let label = component_type.label();
            let called = if asked.is_some() { format!("New {label}") } else { own_name.to_owned() };
            return Ok(Self {
                key: ComponentKey::new(component_type.clone(), &id.to_string()),
                schema_name: id.to_string(),
                display_name: new.display_name.clone().unwrap_or(called),
                id,
                table: table.map(table_key),
                given,
            });
        }
        let schema_name = match given.as_ref().is_some_and(|tree| is_platforms(component_type, tree, own_name)) {
            true => own_name.to_owned(),
            false => prefixed(component_type, own_name, publisher)?,
        };
        let key = match table.filter(|_| is_named_in_table) {
            Some(table) => ComponentKey::new(component_type.clone(), &format!("{table}.{schema_name}")),
            None if is_named_in_table => return Err(Box::new(no_table(component_type, own_name))),
            None => ComponentKey::new(component_type.clone(), &schema_name),
        };
        let given_name = named_in.map(|name| name.to_lowercase());
        refuse_other(Some(schema_name.to_lowercase()), given_name)?;
        let called = match prefix_of(&schema_name) {
            Some(prefix) => schema_name[prefix.len() + 1..].trim_start_matches('/').to_owned(),
            None => schema_name.clone(),
        };
        Ok(Self {
            id: Guid::minted(environment, component_type.name(), key.as_str()),
            key,
            display_name: new.display_name.clone().unwrap_or(called),
            schema_name,
            table: table.filter(|_| is_part).map(table_key),
            given,
        })
    }

    /// Key and name column of a new table.
    pub(super) fn own_columns(&self, publisher: Option<&Publisher>, language: u32) -> Vec<(String, Element)> {
        if !self.key.component_type.is("entity") {
            return Vec::new();
        }
        let own_prefix = prefix_of(&self.schema_name).unwrap_or("new").to_lowercase();
        let prefix = publisher.map_or(own_prefix, |publisher| publisher.prefix.clone());
        minimal::own_columns(self.key.as_str(), &prefix, language).into()
    }

    pub(super) fn column_key(&self, column: &str) -> ComponentKey {
        ComponentKey::new(ComponentType::named("attribute"), &format!("{}.{column}", self.key.as_str()))
    }

    /// Returns the path of the member file: letters and digits of the name, and the id (package-format §4.1).
    pub(super) fn content_path(&self, category: Option<i32>) -> String {
        let id = self.id.to_string().to_uppercase();
        if self.key.component_type.is("workflow") {
            let name: String = self.display_name.chars().filter(char::is_ascii_alphanumeric).take(50).collect();
            let extension = if is_classic(category) { "xaml" } else { "json" };
            return format!("Workflows/{name}-{id}.{extension}");
        }
        let name: String = self.schema_name.chars().filter(char::is_ascii_alphanumeric).take(50).collect();
        format!("WebResources/{name}{id}")
    }

    /// The component that must be there first, and the rule that says so: a part's table, a value's variable.
    pub(super) fn required(&self) -> Option<(ComponentKey, &'static str)> {
        if self.key.component_type.is("environmentvariablevalue") {
            let variable = ComponentType::named("environmentvariabledefinition");
            return Some((ComponentKey::folded(variable, self.key.as_str()), "L117"));
        }
        self.table.clone().map(|table| (table, "L19"))
    }
}

fn table_key(table: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("entity"), table)
}

fn read(component_type: &ComponentType, bytes: &[u8]) -> Result<Element, Box<Finding>> {
    let invalid = |message: &str| {
        let message = format!("the definition of the {} {message}", component_type.label());
        Box::new(Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "D3", message))
    };
    let tree = definition::tree(bytes).ok_or_else(|| invalid("is neither XML nor a JSON object"))?;
    let own = tree.descend(&["EntityInfo", "entity"]).unwrap_or(&tree);
    let has_parts = [&tree, own].iter().any(|element| {
        ["FormXml", "SavedQueries", "Visualizations", "attributes", "RibbonDiffXml"]
            .iter()
            .any(|part| element.child(part).is_some_and(|part| part.elements().next().is_some()))
    });
    if component_type.is("entity") && has_parts {
        return Err(invalid("holds columns, forms or views: each of them is a component and is created by itself"));
    }
    Ok(tree)
}

fn refuse_other(asked: Option<String>, given: Option<String>) -> Result<(), Box<Finding>> {
    match (asked, given) {
        (Some(asked), Some(given)) if asked != given => {
            let message = format!("the definition is of {given}, not of {asked}");
            Err(Box::new(Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "D4", message)))
        }
        (..) => Ok(()),
    }
}

fn no_table(component_type: &ComponentType, name: &str) -> Finding {
    let message = format!("a {} is a part of a table: name it TABLE.{name}", component_type.label());
    Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "L19", message)
}

/// Tells whether a definition is of a column that the platform gives every table: it bears nobody's prefix.
fn is_platforms(component_type: &ComponentType, tree: &Element, name: &str) -> bool {
    let name = name.to_lowercase();
    component_type.is("attribute")
        && tree.child_text("IsCustomField").as_deref() == Some("0")
        && (catalogue::is_standard_column(&name) || name == "organizationid")
}

/// Puts the publisher's prefix in front of a name that has none (L7); another one is not the publisher's (L8).
fn prefixed(component_type: &ComponentType, name: &str, publisher: Option<&Publisher>) -> Result<String, Box<Finding>> {
    if !PREFIXED.iter().any(|prefixed| component_type.is(prefixed)) {
        return Ok(name.to_owned());
    }
    let refused = |rule: &str, message: String| {
        Box::new(Finding::error(FindingKind::Component, ErrorCode::IMPORT_ATTRIBUTE_NAME, rule, message))
    };
    let is_metadata = METADATA.iter().any(|metadata| component_type.is(metadata));
    if is_metadata && name.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'_') {
        let message = format!("`{name}` is no schema name: letters, digits and underscores are expected");
        return Err(refused("L7", message));
    }
    match (prefix_of(name), publisher) {
        (Some(prefix), Some(publisher)) if !prefix.eq_ignore_ascii_case(&publisher.prefix) => {
            let message = format!(
                "`{name}` begins with `{prefix}_`, and {}'s names begin with `{}_`",
                publisher.unique_name, publisher.prefix
            );
            Err(refused("L8", message))
        }
        (Some(_), _) => Ok(name.to_owned()),
        (None, Some(publisher)) => Ok(format!("{}_{name}", publisher.prefix)),
        (None, None) => {
            let message = format!("`{name}` has no prefix, and no solution says whose it should be");
            Err(Box::new(refused("L7", message).hint("name a solution with --solution-name")))
        }
    }
}

/// L8: 2–8 letters and digits before an underscore.
fn prefix_of(name: &str) -> Option<&str> {
    let (prefix, rest) = name.split_once('_')?;
    let is_prefix = (2..=8).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_prefix && !rest.is_empty()).then_some(prefix)
}
