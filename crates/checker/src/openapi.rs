//! What OpenAPI 2.0 requires of the outline of a definition: version, title, paths, operations, parameters.
//!
//! Schemas of bodies are not looked into.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::json::escaped;

/// Members of the outermost object.
const ROOT: [&str; 15] = [
    "swagger",
    "info",
    "host",
    "basePath",
    "schemes",
    "consumes",
    "produces",
    "paths",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
    "security",
    "tags",
    "externalDocs",
];
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
const PLACES: [&str; 5] = ["query", "header", "path", "formData", "body"];

/// Returns what is wrong with a definition: a JSON pointer and a few words each.
pub(crate) fn faults(definition: &Value) -> Vec<(String, String)> {
    let mut faults = Faults::default();
    let Some(root) = definition.as_object() else {
        faults.add("", "it is no object");
        return faults.found;
    };
    if root.get("swagger").and_then(Value::as_str) != Some("2.0") {
        faults.add(if root.contains_key("swagger") { "/swagger" } else { "" }, "`swagger` is not \"2.0\"");
    }
    for name in root.keys().filter(|name| !name.starts_with("x-") && !ROOT.contains(&name.as_str())) {
        faults.add(&format!("/{}", escaped(name)), &format!("`{name}` is not known"));
    }
    match root.get("info").and_then(Value::as_object) {
        Some(info) => {
            for name in ["title", "version"] {
                if !info.get(name).is_some_and(Value::is_string) {
                    faults.add("/info", &format!("`info` has no `{name}`"));
                }
            }
        }
        None => faults.add("", "`info` is missing"),
    }
    match root.get("paths").and_then(Value::as_object) {
        Some(paths) => faults.paths(paths),
        None => faults.add("", "`paths` is missing"),
    }
    faults.found
}

#[derive(Default)]
struct Faults {
    found: Vec<(String, String)>,
}

impl Faults {
    fn add(&mut self, pointer: &str, message: &str) {
        self.found.push((pointer.to_owned(), message.to_owned()));
    }

    fn paths(&mut self, paths: &Map<String, Value>) {
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
            let pointer = format!("/paths/{}", escaped(path));
            if !path.starts_with('/') {
                self.add(&pointer, &format!("path `{path}` does not begin with `/`"));
            }
            let Some(item) = item.as_object() else {
                self.add(&pointer, &format!("path `{path}` is no object"));
                continue;
            };
            self.parameters(item.get("parameters"), &format!("{pointer}/parameters"));
            for (name, operation) in item {
                let is_method = METHODS.contains(&name.as_str());
                let pointer = format!("{pointer}/{}", escaped(name));
                if is_method {
                    self.operation(operation, &format!("{name} {path}"), &pointer);
                    let id = operation.get("operationId").and_then(Value::as_str);
                    if let Some(first) = id.and_then(|id| ids.insert(id, format!("{name} {path}"))) {
                        self.add(&pointer, &format!("{name} {path} has the operationId of {first}"));
                    }
                } else if !matches!(name.as_str(), "parameters" | "$ref") && !name.starts_with("x-") {
                    self.add(&pointer, &format!("`{name}` of {path} is no method"));
                }
            }
        }
    }

    fn operation(&mut self, operation: &Value, label: &str, pointer: &str) {
        let responses = operation.get("responses").and_then(Value::as_object);
        if responses.is_none_or(Map::is_empty) {
            self.add(pointer, &format!("{label} has no responses"));
        }
        self.parameters(operation.get("parameters"), &format!("{pointer}/parameters"));
    }

    fn parameters(&mut self, parameters: Option<&Value>, pointer: &str) {
        let Some(parameters) = parameters else { return };
        let Some(list) = parameters.as_array() else {
            self.add(pointer, "`parameters` is no list");
            return;
        };
        for (index, parameter) in list.iter().enumerate() {
            let text = |name: &str| parameter.get(name).and_then(Value::as_str);
            let pointer = format!("{pointer}/{index}");
            if parameter.get("$ref").is_some() {
                continue;
            }
            let (Some(name), Some(place)) = (text("name"), text("in")) else {
                self.add(&pointer, "a parameter has no `name` or no `in`");
                continue;
            };
            if !PLACES.contains(&place) {
                self.add(&pointer, &format!("parameter {name} is in `{place}`"));
            } else if place == "body" && parameter.get("schema").is_none() {
                self.add(&pointer, &format!("body parameter {name} has no `schema`"));
            } else if place != "body" && text("type").is_none() {
                self.add(&pointer, &format!("parameter {name} has no `type`"));
            } else if place == "path" && parameter.get("required") != Some(&Value::Bool(true)) {
                self.add(&pointer, &format!("path parameter {name} is not required"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)]) {
        let json: Value = serde_json::from_str(text).expect("JSON");
        let found = faults(&json);
        let found: Vec<_> = found.iter().map(|(pointer, fault)| (pointer.as_str(), fault.as_str())).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn an_outline_is_looked_at_member_by_member() {
        check("[]", &[("", "it is no object")]);
        check(
            r#"{"openapi": "3.0.0", "info": {"title": "a"}, "paths": 1}"#,
            &[
                ("", "`swagger` is not \"2.0\""),
                ("/openapi", "`openapi` is not known"),
                ("/info", "`info` has no `version`"),
                ("", "`paths` is missing"),
            ],
        );
        let paths = r##"{"swagger": "2.0", "x-own": 1, "info": {"title": "a", "version": "1"}, "paths": {
            "x-note": 1, "b": 2,
            "/c": {"get": {"operationId": "Get", "responses": {"200": {}}}, "fetch": {}, "x-y": 1, "parameters": {}},
            "/d/{e}": {"put": {"operationId": "Get", "parameters": [
                {"$ref": "#/parameters/a"}, {"name": "e", "in": "path", "type": "string"}, {"name": "f"},
                {"name": "g", "in": "body"}, {"name": "h", "in": "query"}, {"name": "i", "in": "cookie"}]}}}}"##;
        check(
            paths,
            &[
                ("/paths/b", "path `b` does not begin with `/`"),
                ("/paths/b", "path `b` is no object"),
                ("/paths/~1c/parameters", "`parameters` is no list"),
                ("/paths/~1c/fetch", "`fetch` of /c is no method"),
                ("/paths/~1d~1{e}/put", "put /d/{e} has no responses"),
                ("/paths/~1d~1{e}/put/parameters/1", "path parameter e is not required"),
                ("/paths/~1d~1{e}/put/parameters/2", "a parameter has no `name` or no `in`"),
                ("/paths/~1d~1{e}/put/parameters/3", "body parameter g has no `schema`"),
                ("/paths/~1d~1{e}/put/parameters/4", "parameter h has no `type`"),
                ("/paths/~1d~1{e}/put/parameters/5", "parameter i is in `cookie`"),
                ("/paths/~1d~1{e}/put", "put /d/{e} has the operationId of get /c"),
            ],
        );
    }
}
