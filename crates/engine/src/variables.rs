//! Environment variables and connection references: what they are, and whether settings fit them (L117–L121).
//!
//! A variable is two components: the definition, which has a type and perhaps a default, and at most one value,
//! which is named by its definition. Layers decide each; a value wins over a default, whoever brought it.
//!
//! Not here: writing what settings say into the Active layer, which an import does.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::deployment_settings::DeploymentSettings;
use strata_model::environment::Snapshot;
use strata_model::plan::{Body, HIDDEN, PropertyChange, VariableType};
use strata_xml::{Element, Node};

use crate::catalogue::SystemComponent;
use crate::effect::Lens;

pub(crate) const DEFINITION: &str = "environmentvariabledefinition";
pub(crate) const VALUE: &str = "environmentvariablevalue";
pub(crate) const REFERENCE: &str = "connectionreference";

/// Returns the key of a variable's definition.
pub fn definition_key(schema_name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named(DEFINITION), schema_name)
}

/// Returns the key of a variable's value, which its definition names (L117).
pub fn value_key(schema_name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named(VALUE), schema_name)
}

/// Returns the key of a connection reference.
pub fn reference_key(logical_name: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named(REFERENCE), logical_name)
}

/// Returns the values that variables of a snapshot may have and that it does not hold: given by hand, they belong to
/// no solution.
pub fn values_to_see(snapshot: &Snapshot) -> Vec<ComponentKey> {
    let definitions = snapshot.components.keys().filter(|key| key.component_type.is(DEFINITION));
    let values = definitions.map(|key| value_key(key.as_str()));
    values.filter(|key| !snapshot.components.contains_key(key)).collect()
}

/// Tells whether this is the value of a variable that names a secret.
pub(crate) fn is_secret(lens: &Lens<'_>, key: &ComponentKey) -> bool {
    let definition = definition_key(key.as_str());
    let state = lens.snapshot.components.get(&definition).filter(|_| key.component_type.is(VALUE));
    let stated = state.and_then(|state| lens.resolve(&definition, &lens.published(state)).remove("type"));
    type_of(stated.as_ref().map(|(number, _)| number.as_str())) == VariableType::Secret
}

/// Leaves out of property changes what a secret names.
pub(crate) fn hide(properties: &mut [PropertyChange], path: &str) {
    for property in properties.iter_mut().filter(|property| property.path == path) {
        let PropertyChange { before, after, resolved_before, resolved_after, .. } = property;
        let texts = [before, after, resolved_before, resolved_after];
        texts.into_iter().flatten().for_each(|text| HIDDEN.clone_into(text));
    }
}

/// Returns the type that a definition states; a text where it states none.
pub fn type_of(number: Option<&str>) -> VariableType {
    match number.map(str::trim) {
        Some("100000001") => VariableType::Number,
        Some("100000002") => VariableType::YesNo,
        Some("100000003") => VariableType::Json,
        Some("100000004") => VariableType::DataSource,
        Some("100000005") => VariableType::Secret,
        _ => VariableType::Text,
    }
}

/// Tells whether a variable of this type takes the value.
pub fn fits(variable_type: VariableType, value: &str) -> bool {
    let value = value.trim();
    match variable_type {
        VariableType::Text => true,
        VariableType::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
        VariableType::YesNo => ["yes", "no", "true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)),
        VariableType::Json => serde_json::from_str::<Value>(value).is_ok(),
        VariableType::DataSource => !value.is_empty(),
        VariableType::Secret => is_secret_reference(value),
    }
}

/// Says what a value of the type looks like.
pub fn shape(variable_type: VariableType) -> &'static str {
    match variable_type {
        VariableType::Text => "a text",
        VariableType::Number => "a number, with a point before decimals",
        VariableType::YesNo => "yes or no",
        VariableType::Json => "a JSON document",
        VariableType::DataSource => "the name or address of a data source",
        VariableType::Secret => {
            "a reference: /subscriptions/ID/resourceGroups/NAME/providers/Microsoft.KeyVault/vaults/NAME/secrets/NAME"
        }
    }
}

/// A secret never travels: the value names where it is kept.
fn is_secret_reference(value: &str) -> bool {
    let steps: Vec<_> = value.split('/').collect();
    let word = |step: &str, expected: &str| step.eq_ignore_ascii_case(expected);
    match steps.as_slice() {
        ["", subscriptions, id, groups, group, providers, provider, vaults, vault, secrets, secret] => {
            let words = word(subscriptions, "subscriptions")
                && word(groups, "resourceGroups")
                && word(providers, "providers")
                && word(provider, "Microsoft.KeyVault")
                && word(vaults, "vaults")
                && word(secrets, "secrets");
            words && [id, group, vault, secret].iter().all(|name| !name.is_empty())
        }
        _ => false,
    }
}

/// A value that says nothing yet.
pub(crate) fn fresh_value() -> Element {
    let mut tree = Element::new(VALUE);
    let mut customizable = Element::new("iscustomizable");
    customizable.set_text("1");
    tree.children.push(Node::Element(customizable));
    tree
}

/// Returns the value that a variable without one is given by an edit: it stands on the definition alone (L118).
pub(crate) fn fresh_component(snapshot: &Snapshot, key: &ComponentKey) -> Option<SystemComponent> {
    let exists = |key: &ComponentKey| snapshot.components.get(key).filter(|state| !state.layers.is_empty());
    if !key.component_type.is(VALUE) || exists(key).is_some() {
        return None;
    }
    let definition = exists(&definition_key(key.as_str()))?;
    let display_name = definition.layers.iter().rev().find_map(|layer| layer.display_name.clone());
    let name = definition.component.name.clone();
    Some(SystemComponent { key: key.clone(), name, display_name, definition: strata_xml::write(&fresh_value()) })
}

/// Returns a value's definition in the form that packages give it: the JSON file beside the variable's own.
pub(crate) fn value_body(schema_name: &str, tree: &Element) -> Body<'static> {
    let json = json!({ "environmentvariablevalues": { VALUE: object(tree) } });
    // Writing a value that was made here cannot fail.
    let bytes = serde_json::to_vec_pretty(&json).unwrap_or_default();
    let home = format!("{DEFINITION}s/{schema_name}/{VALUE}s.json");
    Body { bytes: bytes.into(), home: Some(home), files: Vec::new() }
}

fn object(element: &Element) -> Value {
    let mut object = Map::new();
    for (name, value) in &element.attributes {
        object.insert(format!("@{name}"), Value::String(value.clone()));
    }
    for child in element.elements() {
        let is_leaf = child.attributes.is_empty() && child.elements().next().is_none();
        let inner = if is_leaf { Value::String(child.text()) } else { self::object(child) };
        object.insert(child.name.clone(), inner);
    }
    Value::Object(object)
}

/// A variable as settings meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredVariable {
    pub schema_name: String,
    pub variable_type: VariableType,
    /// A default or a value is there without the settings (L118).
    pub is_supplied: bool,
    /// The package holds it: settings are asked for it.
    pub is_packaged: bool,
}

/// A connection reference as settings meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredReference {
    pub logical_name: String,
    pub connector_id: Option<String>,
    /// It has a connection without the settings.
    pub is_supplied: bool,
    pub is_packaged: bool,
}

/// What settings can be about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declared {
    pub variables: Vec<DeclaredVariable>,
    pub references: Vec<DeclaredReference>,
}

/// What is wrong with one entry, or with the lack of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub subject: Subject,
    pub name: String,
    pub kind: ProblemKind,
    pub message: String,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    EnvironmentVariable,
    ConnectionReference,
    /// A part of the file as a whole.
    Section,
}

/// What can be wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    Missing,
    Unknown,
    Empty,
    Duplicate,
    /// The value does not fit the variable's type.
    Type,
    /// The connection is of another connector.
    Connector,
}

/// Compares settings with what they are for: every missing, unknown, empty, doubled or unfit entry, in file order.
pub fn problems(declared: &Declared, settings: &DeploymentSettings) -> Vec<Problem> {
    let mut found = Vec::new();
    for section in &settings.others {
        let message = format!("`{section}` is no section of deployment settings");
        found.push(problem(Subject::Section, section, ProblemKind::Unknown, message));
    }
    variable_problems(declared, settings, &mut found);
    reference_problems(declared, settings, &mut found);
    found
}

fn variable_problems(declared: &Declared, settings: &DeploymentSettings, found: &mut Vec<Problem>) {
    use ProblemKind::{Duplicate, Empty, Missing, Type, Unknown};
    let mut seen = BTreeSet::new();
    for setting in &settings.environment_variables {
        let name = setting.schema_name.trim();
        let mut push =
            |kind, message| found.push(problem(Subject::EnvironmentVariable, &setting.schema_name, kind, message));
        if !seen.insert(name.to_lowercase()) {
            push(Duplicate, format!("environment variable {name} has two entries"));
        }
        let known = declared.variables.iter().find(|variable| variable.schema_name.eq_ignore_ascii_case(name));
        let Some(known) = known else {
            push(Unknown, format!("there is no environment variable {name}"));
            continue;
        };
        if setting.value.trim().is_empty() {
            push(Empty, format!("environment variable {name} has an entry without a value"));
        } else if !fits(known.variable_type, &setting.value) {
            push(Type, format!("environment variable {name} takes {}", shape(known.variable_type)));
        }
    }
    for variable in &declared.variables {
        let name = &variable.schema_name;
        if variable.is_packaged && !variable.is_supplied && !seen.contains(&name.to_lowercase()) {
            let message = format!("environment variable {name} has no entry, no value and no default");
            found.push(problem(Subject::EnvironmentVariable, name, Missing, message));
        }
    }
}

fn reference_problems(declared: &Declared, settings: &DeploymentSettings, found: &mut Vec<Problem>) {
    use ProblemKind::{Connector, Duplicate, Empty, Missing, Unknown};
    let mut seen = BTreeSet::new();
    for setting in &settings.connection_references {
        let name = setting.logical_name.trim();
        let mut push =
            |kind, message| found.push(problem(Subject::ConnectionReference, &setting.logical_name, kind, message));
        if !seen.insert(name.to_lowercase()) {
            push(Duplicate, format!("connection reference {name} has two entries"));
        }
        let known = declared.references.iter().find(|reference| reference.logical_name.eq_ignore_ascii_case(name));
        let Some(known) = known else {
            push(Unknown, format!("there is no connection reference {name}"));
            continue;
        };
        if setting.connection_id.trim().is_empty() {
            push(Empty, format!("connection reference {name} has an entry without a connection"));
        }
        let wanted = setting.connector_id.trim();
        if let Some(connector) = known.connector_id.as_deref().filter(|_| !wanted.is_empty())
            && !connector.eq_ignore_ascii_case(wanted)
        {
            push(Connector, format!("connection reference {name} is of connector {connector}, not {wanted}"));
        }
    }
    for reference in &declared.references {
        let name = &reference.logical_name;
        if reference.is_packaged && !reference.is_supplied && !seen.contains(&name.to_lowercase()) {
            let message = format!("connection reference {name} has no entry and no connection");
            found.push(problem(Subject::ConnectionReference, name, Missing, message));
        }
    }
}

fn problem(subject: Subject, name: &str, kind: ProblemKind, message: String) -> Problem {
    Problem { subject, name: name.trim().to_owned(), kind, message }
}

#[cfg(test)]
mod tests {
    use strata_model::deployment_settings::{ConnectionSetting, VariableSetting};

    use super::*;

    #[test]
    fn l117_values_fit_the_type_of_their_variable() {
        use VariableType::{DataSource, Json, Number, Secret, Text, YesNo};
        let reference = "/subscriptions/1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/s";
        for (variable_type, good, bad) in [
            (Number, "-12.5", "twelve"),
            (Number, "0", "NaN"),
            (YesNo, "Yes", "perhaps"),
            (Json, r#"{"a":1}"#, "{a:1}"),
            (DataSource, "https://contoso.sharepoint.example/sites/a", " "),
            (Secret, reference, "hunter2"),
            (Secret, reference, "/subscriptions//resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/s"),
        ] {
            assert!(fits(variable_type, good), "{good}");
            assert!(!fits(variable_type, bad), "{bad}");
        }
        assert!(fits(Text, ""));
        assert_eq!(type_of(Some("100000005")), Secret);
        assert_eq!(type_of(None), Text);
    }

    #[test]
    fn l117_a_value_is_written_as_packages_write_it() {
        let mut tree = fresh_value();
        tree.child_or_new("value").set_text("https://contoso.example");
        let body = value_body("contoso_Url", &tree);
        let read = crate::definition::tree(&body.bytes).expect("a tree");
        assert_eq!(read.name, VALUE);
        assert_eq!(read.child_text("value").as_deref(), Some("https://contoso.example"));
        assert_eq!(
            body.home.as_deref(),
            Some("environmentvariabledefinitions/contoso_Url/environmentvariablevalues.json")
        );
    }

    #[test]
    fn l121_every_missing_unknown_empty_doubled_or_unfit_entry_is_named() {
        let variable = |name: &str, variable_type, is_supplied| DeclaredVariable {
            schema_name: name.to_owned(),
            variable_type,
            is_supplied,
            is_packaged: true,
        };
        let reference = |name: &str| DeclaredReference {
            logical_name: name.to_owned(),
            connector_id: Some("/apis/shared_sql".to_owned()),
            is_supplied: false,
            is_packaged: true,
        };
        let declared = Declared {
            variables: vec![
                variable("c_Url", VariableType::Text, false),
                variable("c_Days", VariableType::Number, true),
                variable("c_Empty", VariableType::Text, true),
                variable("c_Default", VariableType::Text, true),
            ],
            references: vec![reference("c_ref"), reference("c_other"), reference("c_lost")],
        };
        let entry = |name: &str, value: &str| VariableSetting { schema_name: name.into(), value: value.into() };
        let connection = |name: &str, connection: &str, connector: &str| ConnectionSetting {
            logical_name: name.into(),
            connection_id: connection.into(),
            connector_id: connector.into(),
        };
        let settings = DeploymentSettings {
            environment_variables: vec![
                entry("C_DAYS", "x"),
                entry("c_empty", ""),
                entry("c_days", "1"),
                entry("c_No", "1"),
            ],
            connection_references: vec![
                connection("c_ref", "1", "/apis/shared_x"),
                connection("c_other", "", ""),
                connection("c_none", "1", ""),
            ],
            others: vec!["X".to_owned()],
        };
        let found: Vec<_> =
            problems(&declared, &settings).into_iter().map(|problem| (problem.name, problem.kind)).collect();
        let expected = [
            ("X", ProblemKind::Unknown),
            ("C_DAYS", ProblemKind::Type),
            ("c_empty", ProblemKind::Empty),
            ("c_days", ProblemKind::Duplicate),
            ("c_No", ProblemKind::Unknown),
            ("c_Url", ProblemKind::Missing),
            ("c_ref", ProblemKind::Connector),
            ("c_other", ProblemKind::Empty),
            ("c_none", ProblemKind::Unknown),
            ("c_lost", ProblemKind::Missing),
        ];
        assert_eq!(found, expected.map(|(name, kind)| (name.to_owned(), kind)));
    }
}
