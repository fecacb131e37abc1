//! STR4xx: what should not travel in a package — values of one environment, secrets, addresses, people.

mod literals;
mod secrets;

use serde_json::Value;

use crate::context::{Component, Context, Place};
use crate::finding::Findings;
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR401",
        severity: Severity::High,
        category: Category::Maintainability,
        component: "environment variable",
        condition: "The current value of an environment variable is in the package.",
        why: "The value of one environment arrives in the next, and a managed one cannot be taken out there again.",
        cure: &[
            "Remove the current value from the solution (not from the environment) and export again.",
            "Give values per environment with deployment settings.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: current_values,
    },
    Rule {
        id: "STR402",
        severity: Severity::Critical,
        category: Category::Security,
        component: "any",
        condition: "Text has the shape of a known kind of key, or stands under a name like secret, password, key or token and is \
                    random enough to be one. Expressions, Key Vault paths, URLs and GUIDs are not meant. The text is never \
                    shown.",
        why: "Whoever gets the package gets the secret, and source control keeps it for ever.",
        cure: &["Revoke the secret.", "Keep it in Azure Key Vault and use an environment variable of type Secret."],
        needs: Needs::Package,
        precision: Precision::Medium,
        help: "",
        check: secrets::check,
    },
    Rule {
        id: "STR403",
        severity: Severity::Medium,
        category: Category::Maintainability,
        component: "flow, script, definition",
        condition: "The URL of an organization, the id of an environment or the id of a tenant stands outside of environment \
                    variables.",
        why: "In the next environment it still means the old one.",
        cure: &["Use an environment variable, or ask the platform for its own address at run time."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: literals::addresses,
    },
    Rule {
        id: "STR404",
        severity: Severity::Medium,
        category: Category::Security,
        component: "environment variable",
        condition: "The value or the default of an environment variable of type Secret is not the path of a Key Vault secret.",
        why: "The platform reads such a variable only from Key Vault; any other text is shown to everybody, and does not work.",
        cure: &[
            "Write the resource id of the secret: /subscriptions/…/providers/Microsoft.KeyVault/vaults/…/secrets/…",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: secret_variables,
    },
    Rule {
        id: "STR405",
        severity: Severity::Informational,
        category: Category::Usage,
        component: "environment variable",
        condition: "An environment variable has neither a value nor a default.",
        why: "The import asks for one; an unattended import without deployment settings leaves it empty.",
        cure: &["List the variable in the deployment settings of each environment."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: variables_to_ask,
    },
    Rule {
        id: "STR406",
        severity: Severity::Low,
        category: Category::Maintainability,
        component: "plug-in step, flow",
        condition: "A plug-in step runs as a named user, or a flow holds an e-mail address.",
        why: "The user may not exist, or not be licensed, where the package goes; mail goes to the wrong people.",
        cure: &["Run the step as the calling user.", "Keep addresses in environment variables or rows."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: literals::people,
    },
];

/// The type number of secret variables.
const SECRET: &str = "100000005";

/// A text of an environment variable: its value, or its default.
struct VariableText<'c> {
    component: Component<'c>,
    text: String,
    place: Option<Place>,
    path: String,
}

/// Returns the current value that a package brings for a variable.
fn value_of<'c>(value: Component<'c>) -> Option<VariableText<'c>> {
    const POINTER: &str = "/environmentvariablevalues/environmentvariablevalue/value";
    let (text, place) = match value.json() {
        Some(json) => {
            let (pointer, text) = match json.pointer(POINTER) {
                Some(text) => (POINTER.to_owned(), text),
                // One value may be an array of one.
                None => {
                    let pointer = POINTER.replace("value/value", "value/0/value");
                    let text = json.pointer(&pointer)?;
                    (pointer, text)
                }
            };
            (written(text), value.own_file().map(|file| file.place_in_json(&pointer)))
        }
        None => {
            let element = value.tree()?.child("value")?;
            (element.text().into_owned(), value.place_of(element))
        }
    };
    let is_given = !text.trim().is_empty();
    is_given.then(|| VariableText { component: value, text: text.trim().to_owned(), place, path: "value".to_owned() })
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Returns the default of a variable.
fn default_of<'c>(definition: Component<'c>) -> Option<VariableText<'c>> {
    let element = definition.tree()?.child("defaultvalue")?;
    let text = element.text().trim().to_owned();
    let place = definition.place_of(element);
    (!text.is_empty()).then(|| VariableText { component: definition, text, place, path: "defaultvalue".to_owned() })
}

fn current_values(context: &Context<'_>, findings: &mut Findings<'_>) {
    for value in context.of_type("environmentvariablevalue").filter_map(value_of) {
        let message = format!("the current value of environment variable {} is in the package", value.component.name);
        findings.on(value.component, message).at(value.place).path(value.path);
    }
}

fn secret_variables(context: &Context<'_>, findings: &mut Findings<'_>) {
    for definition in context.of_type("environmentvariabledefinition") {
        let kind = definition.tree().and_then(|tree| tree.child_text("type"));
        if kind.as_deref() != Some(SECRET) {
            continue;
        }
        let value = context.find_named("environmentvariablevalue", definition.key.as_str()).and_then(value_of);
        for text in [default_of(definition), value].into_iter().flatten().filter(|text| !is_vault_path(&text.text)) {
            let message =
                format!("the {} of secret {} is no path of a Key Vault secret", said(&text.path), definition.name);
            findings.on(text.component, message).at(text.place).path(text.path);
        }
    }
}

fn said(path: &str) -> &'static str {
    if path == "value" { "value" } else { "default" }
}

/// Tells whether a text is the resource id of a secret in Azure Key Vault.
fn is_vault_path(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let steps: Vec<_> = lower.trim_matches('/').split('/').collect();
    let named = |name: &str| {
        let at = steps.iter().position(|step| *step == name)?;
        steps.get(at + 1).filter(|step| !step.is_empty())
    };
    lower.contains("microsoft.keyvault") && named("vaults").is_some() && named("secrets").is_some()
}

fn variables_to_ask(context: &Context<'_>, findings: &mut Findings<'_>) {
    for definition in context.of_type("environmentvariabledefinition") {
        let value = context.find_named("environmentvariablevalue", definition.key.as_str()).and_then(value_of);
        if value.is_none() && default_of(definition).is_none() {
            let message = format!("{} has neither a value nor a default", definition.label());
            findings.on(definition, message);
        }
    }
}
