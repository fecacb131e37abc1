//! A cloud flow as its JSON file says it: triggers, actions, connections, and the texts inside.
//!
//! Actions nest in scopes, loops, branches and cases; for the rules they are one list, because an action's name is
//! unique in its flow. An expression names an action with `_` for every space. Everything comes with its JSON pointer,
//! which [`crate::json`] turns into a place. `serde_json` bounds the depth of what is read, and so every recursion here.
//!
//! Not here: desktop flows, whose JSON file is a stub.

pub(crate) mod expression;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::context::{Component, Context, File};
use crate::json::escaped;

/// Functions whose first argument is the name of an action or a loop.
const NAMING_AN_ACTION: [&str; 11] = [
    "actionbody",
    "actionoutputs",
    "actions",
    "body",
    "formdatamultivalues",
    "formdatavalue",
    "items",
    "iterationindexes",
    "multipartbody",
    "outputs",
    "result",
];

/// Members that describe and are never evaluated: shapes, what the designer notes.
const DESCRIBING: [&str; 5] = ["metadata", "schema", "staticResults", "description", "$schema"];

const DEFINITION: &str = "/properties/definition";

/// A cloud flow of a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloudFlow<'c> {
    pub(crate) component: Component<'c>,
    pub(crate) file: File<'c>,
    pub(crate) flow: Flow<'c>,
}

/// Returns the cloud flows of a package, in key order.
pub(crate) fn all<'c>(context: &'c Context<'_>) -> impl Iterator<Item = CloudFlow<'c>> {
    context.of_type("workflow").flat_map(|component| {
        let flows = component.files().filter_map(|file| Some((file, Flow::of(file.json()?)?)));
        flows.map(move |(file, flow)| CloudFlow { component, file, flow })
    })
}

/// A cloud flow over its JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow<'j> {
    properties: &'j Value,
}

/// An action or a trigger.
#[derive(Debug, Clone)]
pub(crate) struct Step<'j> {
    pub(crate) name: &'j str,
    pub(crate) pointer: String,
    pub(crate) body: &'j Value,
}

/// A text in a flow that is evaluated, or the name of a member in which an expression stands.
#[derive(Debug, Clone)]
pub(crate) struct Text<'j> {
    pub(crate) pointer: String,
    pub(crate) text: &'j str,
}

/// A place where a step names an action that the flow does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownAction {
    pub(crate) step: String,
    /// As the place spells it.
    pub(crate) action: String,
    pub(crate) pointer: String,
}

impl<'j> Flow<'j> {
    /// Returns the cloud flow that a file holds; `None` for anything else, stubs of desktop flows among them.
    pub(crate) fn of(file: &'j Value) -> Option<Self> {
        let properties = file.get("properties")?;
        let definition = properties.get("definition")?;
        let is_cloud_flow =
            ["actions", "triggers"].iter().all(|name| definition.get(name).is_some_and(Value::is_object));
        is_cloud_flow.then_some(Self { properties })
    }

    pub(crate) fn triggers(self) -> Vec<Step<'j>> {
        steps(self.part("triggers"), &format!("{DEFINITION}/triggers"))
    }

    /// Returns every action, however deep, in the order of the file.
    pub(crate) fn actions(self) -> Vec<Step<'j>> {
        let mut found = Vec::new();
        collect(self.part("actions"), &format!("{DEFINITION}/actions"), &mut found);
        found
    }

    /// Returns the connections that the flow declares: a local name, a pointer and what is declared.
    pub(crate) fn connections(self) -> Vec<Step<'j>> {
        steps(self.properties.get("connectionReferences"), "/properties/connectionReferences")
    }

    /// Returns every text of the definition that may matter at run time, defaults of parameters apart.
    pub(crate) fn texts(self) -> Vec<Text<'j>> {
        let mut found = Vec::new();
        for name in ["triggers", "actions", "outputs"] {
            if let Some(part) = self.part(name) {
                texts_below(part, &mut format!("{DEFINITION}/{name}"), &mut found);
            }
        }
        found
    }

    /// Returns the values of environment variables that the flow carries along: defaults of the parameters that stand for
    /// them.
    pub(crate) fn values_of_variables(self) -> impl Iterator<Item = &'j str> {
        let parameters = self.part("parameters").and_then(Value::as_object).into_iter().flatten();
        let of_variables = parameters.filter(|(_, parameter)| parameter.pointer("/metadata/schemaName").is_some());
        of_variables.filter_map(|(_, parameter)| parameter.get("defaultValue")?.as_str())
    }

    /// Returns the places that name an action which exists nowhere in the flow: in an expression or in `runAfter`.
    pub(crate) fn unknown_actions(self) -> Vec<UnknownAction> {
        let mut steps = self.actions();
        steps.extend(self.triggers());
        let mut known: Vec<_> = steps.iter().map(|step| as_in_expressions(step.name)).collect();
        known.sort();
        let mut unknown = Vec::new();
        for step in &steps {
            let mut seen = BTreeSet::new();
            for (action, pointer) in step.named_actions() {
                let is_known = known.binary_search(&as_in_expressions(&action)).is_ok();
                if !is_known && seen.insert(action.clone()) {
                    unknown.push(UnknownAction { step: step.name.to_owned(), action, pointer });
                }
            }
        }
        unknown
    }

    fn part(self, name: &str) -> Option<&'j Value> {
        self.properties.get("definition")?.get(name)
    }
}

impl<'j> Step<'j> {
    /// Returns the operation of a connector that the step calls.
    pub(crate) fn operation(&self) -> &'j str {
        self.body.pointer("/inputs/host/operationId").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the last part of the connector's id: `shared_office365`.
    pub(crate) fn connector(&self) -> &'j str {
        let id = self.body.pointer("/inputs/host/apiId").and_then(Value::as_str).unwrap_or_default();
        id.rsplit('/').next().unwrap_or_default()
    }

    /// Returns a parameter that the step gives to its operation.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'j Value> {
        self.body.pointer("/inputs/parameters")?.get(name)
    }

    /// Returns the parameters that the step gives to its operation.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'j String, &'j Value)> {
        self.body.pointer("/inputs/parameters").and_then(Value::as_object).into_iter().flatten()
    }

    /// Returns the actions that the step itself names, each with its place; those of the steps inside it are theirs.
    fn named_actions(&self) -> Vec<(String, String)> {
        let after = self.body.get("runAfter").and_then(Value::as_object).into_iter().flatten();
        let mut named: Vec<_> =
            after.map(|(name, _)| (name.clone(), format!("{}/runAfter/{}", self.pointer, escaped(name)))).collect();
        for text in self.own_texts() {
            for call in expression::calls(text.text) {
                if NAMING_AN_ACTION.contains(&call.function.to_ascii_lowercase().as_str()) {
                    named.push((call.argument, text.pointer.clone()));
                }
            }
        }
        named
    }

    fn own_texts(&self) -> Vec<Text<'j>> {
        let mut found = Vec::new();
        for (name, value) in self.body.as_object().into_iter().flatten() {
            let mut pointer = format!("{}/{}", self.pointer, escaped(name));
            match name.as_str() {
                "actions" | "else" | "default" | "runAfter" => {}
                // The value that chooses a case is the only text of a case that is no step.
                "cases" => {
                    for (case, value) in value.as_object().into_iter().flatten() {
                        if let Some(value) = value.get("case") {
                            texts_below(value, &mut format!("{pointer}/{}/case", escaped(case)), &mut found);
                        }
                    }
                }
                name if DESCRIBING.contains(&name) => {}
                _ => texts_below(value, &mut pointer, &mut found),
            }
        }
        found
    }
}

/// Returns a name as expressions spell it, in the form that is compared.
fn as_in_expressions(name: &str) -> String {
    name.replace(' ', "_").to_lowercase()
}

fn steps<'j>(object: Option<&'j Value>, pointer: &str) -> Vec<Step<'j>> {
    let members = object.and_then(Value::as_object).into_iter().flatten().filter(|(_, body)| body.is_object());
    members.map(|(name, body)| Step { name, pointer: format!("{pointer}/{}", escaped(name)), body }).collect()
}

/// Collects actions and those inside them.
fn collect<'j>(actions: Option<&'j Value>, pointer: &str, found: &mut Vec<Step<'j>>) {
    for step in steps(actions, pointer) {
        let (body, pointer) = (step.body, step.pointer.clone());
        found.push(step);
        collect(body.get("actions"), &format!("{pointer}/actions"), found);
        for branch in ["else", "default"] {
            let actions = body.get(branch).and_then(|branch| branch.get("actions"));
            collect(actions, &format!("{pointer}/{branch}/actions"), found);
        }
        for (name, case) in body.get("cases").and_then(Value::as_object).into_iter().flatten() {
            collect(case.get("actions"), &format!("{pointer}/cases/{}/actions", escaped(name)), found);
        }
    }
}

/// Collects the texts below a value; the pointer is as long at the end as it was at the beginning.
fn texts_below<'j>(value: &'j Value, pointer: &mut String, found: &mut Vec<Text<'j>>) {
    let length = pointer.len();
    match value {
        Value::String(text) => found.push(Text { pointer: pointer.clone(), text }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                texts_below(item, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if DESCRIBING.contains(&name.as_str()) {
                    continue;
                }
                pointer.push('/');
                pointer.push_str(&escaped(name));
                if expression::has_expression(name) {
                    found.push(Text { pointer: pointer.clone(), text: name });
                }
                texts_below(member, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(definition: &str) -> Vec<(String, String)> {
        let text = format!("{{\"properties\":{{\"definition\":{definition}}}}}");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let places = Flow::of(&json).expect("a cloud flow").unknown_actions();
        for place in &places {
            assert!(json.pointer(&place.pointer).is_some(), "{place:?}");
        }
        places.into_iter().map(|place| (place.step, place.action)).collect()
    }

    #[test]
    fn actions_are_found_at_any_depth() {
        let definition = r#"{"triggers": {"When it happens": {"type": "Request"}}, "actions": {
            "If": {"type": "If", "actions": {"Get a row": {}}, "else": {"actions": {"B": {}}}},
            "Switch": {"type": "Switch", "cases": {"One": {"case": "@body('gone')", "actions": {"C": {}}}},
                "default": {"actions": {"D": {}}}},
            "Use": {"runAfter": {"If": ["Succeeded"], "Lost": []}, "inputs": {
                "a": "@{body('Get_a_row')}@{outputs('b')}@{outputs('C')}@{actions('D')}@{outputs('When_it_happens')}",
                "@{items('Nobody')}": "@concat('body(''x'')', variables('free'))",
                "schema": {"x": "@body('not evaluated')"}}}}}"#;
        let expect = [("Switch", "gone"), ("Use", "Lost"), ("Use", "Nobody")];
        assert_eq!(unknown(definition), expect.map(|(step, action)| (step.to_owned(), action.to_owned())));
    }

    #[test]
    fn odd_shapes_are_no_flows_and_no_panics() {
        for text in ["{}", "[]", "{\"properties\":{\"definition\":{\"package\":\"\"}}}", "{\"properties\":3}"] {
            let json: Value = serde_json::from_str(text).expect("JSON");
            assert!(Flow::of(&json).is_none(), "{text}");
        }
        let odd = r#"{"triggers": {"a": 1}, "actions": {"b": [], "c": {"runAfter": [], "inputs": null, "cases": []}}}"#;
        assert_eq!(unknown(odd), []);
    }
}
