//! STR107: flows and canvas apps that call what does not travel with them.

use std::collections::BTreeSet;

use serde_json::Value;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;

use crate::context::{Component, Context, Place};
use crate::finding::Findings;
use crate::json;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let present = Present::of(context);
    for flow in context.of_type("workflow").filter(|flow| flow.category == Some(5)) {
        let mut seen = BTreeSet::new();
        for file in flow.files() {
            let Some(value) = file.json() else { continue };
            json::texts(value, &mut |pointer, text| {
                let place = || file.place_in_json(pointer);
                if pointer.ends_with("/workflowReferenceName") {
                    present.flow(findings, flow, text, &mut seen, &place);
                } else if pointer.ends_with("/apiId") || pointer.ends_with("/api/id") || pointer.ends_with("/api/name")
                {
                    present.connector(findings, flow, text, &mut seen, &place);
                }
            });
        }
    }
    for app in context.of_type("canvasapp") {
        let Some(element) = app.tree().and_then(|tree| tree.child("ConnectionReferences")) else { continue };
        let Ok(value) = serde_json::from_str::<Value>(&element.text()) else { continue };
        let mut seen = BTreeSet::new();
        let at = app.place_of(element);
        let place = || at.unwrap_or(Place { part: 0, offset: 0 });
        for connection in value.as_object().into_iter().flat_map(|connections| connections.values()) {
            let hint = |name: &str| connection.get("parameterHints")?.get(name)?.get("value")?.as_str();
            // A flow outside of solutions has no id of its own in the environment, only the one it runs under.
            if let Some(id) = hint("workflowEntityId").or_else(|| hint("workflowName")) {
                present.flow(findings, app, id, &mut seen, &place);
            }
            if let Some(api) = connection.get("id").and_then(Value::as_str) {
                present.connector(findings, app, api, &mut seen, &place);
            }
        }
    }
}

/// What callers may call: what the package has, and what it declares.
struct Present {
    flows: BTreeSet<ComponentKey>,
    /// Names without escapes, folded.
    connectors: BTreeSet<String>,
    /// A connector is declared without a name that could be compared.
    any_connector: bool,
}

impl Present {
    fn of(context: &Context<'_>) -> Self {
        let declared = context.manifest().missing_dependencies.iter().map(|missing| &missing.required);
        let mut flows: BTreeSet<_> = context.of_type("workflow").map(|flow| flow.packaged().key.clone()).collect();
        let mut connectors: BTreeSet<_> =
            context.of_type("connector").map(|connector| plain(connector.packaged().key.as_str())).collect();
        let mut any_connector = false;
        for side in declared {
            match side.key.component_type.name() {
                "workflow" => {
                    flows.insert(side.key.clone());
                }
                "connector" => match &side.schema_name {
                    Some(name) => {
                        connectors.insert(plain(name));
                    }
                    None => any_connector = true,
                },
                _ => {}
            }
        }
        Self { flows, connectors, any_connector }
    }

    fn flow(
        &self,
        findings: &mut Findings<'_>,
        caller: Component<'_>,
        id: &str,
        seen: &mut BTreeSet<String>,
        place: &dyn Fn() -> Place,
    ) {
        let Some(id) = Guid::parse(id) else { return };
        let key = ComponentKey::new(ComponentType::named("workflow"), &id.to_string());
        if !self.flows.contains(&key) && seen.insert(id.to_string()) {
            let message = format!("{} calls flow {id}, which is neither in the package nor declared", caller.label());
            findings.on(caller, message).at(place()).path(format!("workflow:{id}"));
        }
    }

    fn connector(
        &self,
        findings: &mut Findings<'_>,
        caller: Component<'_>,
        api: &str,
        seen: &mut BTreeSet<String>,
        place: &dyn Fn() -> Place,
    ) {
        let Some(name) = custom_connector(api) else { return };
        let is_present = self.any_connector || self.connectors.contains(&name);
        if !is_present && seen.insert(name.clone()) {
            let message = format!(
                "{} uses custom connector {name}, which is neither in the package nor declared",
                caller.label()
            );
            findings.on(caller, message).at(place()).path(format!("connector:{name}"));
        }
    }
}

/// Returns the name of the custom connector that an API id means: `…/apis/shared_contoso-5fapi-5f0123456789abcdef`. The
/// platform's own connectors have no escapes.
fn custom_connector(api: &str) -> Option<String> {
    let last = api.rsplit('/').next()?.trim().to_lowercase();
    let name = last.strip_prefix("shared_")?;
    let (name, hash) = name.rsplit_once("-5f")?;
    let is_hash = hash.len() >= 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| plain(name))
}

/// Folds a connector's name and replaces its escapes: `-5f` stands for `_`.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let mut plain = String::with_capacity(lower.len());
    let mut rest = lower.as_str();
    while let Some(at) = rest.find('-') {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.filter(u8::is_ascii_graphic).or_else(|| code.filter(|code| *code == b' ')) {
            Some(code) => {
                plain.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                plain.push('-');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_connectors_are_known_by_their_escapes() {
        let api = "/providers/Microsoft.PowerApps/apis/shared_contoso-5fmail-20box-5f21dec655d73f3a8c";
        assert_eq!(custom_connector(api).as_deref(), Some("contoso_mail box"));
        assert_eq!(plain("contoso_mail-20box"), "contoso_mail box");
        for api in ["/providers/Microsoft.PowerApps/apis/shared_office365", "shared_a-5fb", "", "-", "shared_-5"] {
            assert_eq!(custom_connector(api), None, "{api}");
        }
        assert_eq!(plain("a-zz-"), "a-zz-");
    }
}
