//! The shapes that all definitions share: labels, managed properties, flags.

use serde_json::{Map, Value, json};
use strata_ops::schema::Labels;
use strata_ops::schema::Leaves;

/// A definition as clients read it.
pub(crate) type Document = Map<String, Value>;

/// Makes a label: its texts, and the one in the first language.
pub(crate) fn label(labels: &Labels, language: u32) -> Value {
    let text = |(language, text): (&u32, &String)| {
        json!({
            "Label": text,
            "LanguageCode": language,
            "IsManaged": false,
            "MetadataId": null,
            "HasChanged": null,
        })
    };
    let own = labels.get_key_value(&language).or_else(|| labels.first_key_value());
    json!({
        "LocalizedLabels": labels.iter().map(text).collect::<Vec<_>>(),
        "UserLocalizedLabel": own.map(text),
    })
}

/// Makes a managed property.
pub(crate) fn managed(value: impl Into<Value>, can_be_changed: bool, logical_name: &str) -> Value {
    json!({
        "Value": value.into(),
        "CanBeChanged": can_be_changed,
        "ManagedPropertyLogicalName": logical_name,
    })
}

/// Reads a flag of a definition.
pub(crate) fn flag(leaves: &Leaves, path: &str, absent: bool) -> bool {
    match leaves.get(path).map(String::as_str) {
        Some(text) => matches!(text, "1" | "true" | "True"),
        None => absent,
    }
}

/// Reads a text of a definition; an empty one is none.
pub(crate) fn text(leaves: &Leaves, path: &str) -> Value {
    leaves.get(path).filter(|text| !text.is_empty()).map_or(Value::Null, |text| text.as_str().into())
}

/// Reads a number of a definition.
pub(crate) fn number(leaves: &Leaves, path: &str) -> Value {
    let Some(text) = leaves.get(path) else { return Value::Null };
    match text.trim().parse::<i64>() {
        Ok(whole) => whole.into(),
        Err(_) => text.trim().parse::<f64>().map_or(Value::Null, Value::from),
    }
}

/// Makes a document of pairs.
pub(crate) fn document<const N: usize>(pairs: [(&str, Value); N]) -> Document {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Leaves of labels those in some languages; all where none are named.
pub(crate) fn in_languages(value: &mut Value, languages: Option<&[i64]>) {
    let Some(languages) = languages else { return };
    let is_wanted = |label: &Value| label["LanguageCode"].as_i64().is_some_and(|code| languages.contains(&code));
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| in_languages(item, Some(languages))),
        Value::Object(object) => {
            if let Some(Value::Array(labels)) = object.get_mut("LocalizedLabels") {
                labels.retain(is_wanted);
            }
            if let Some(shown) = object.get_mut("UserLocalizedLabel").filter(|shown| !is_wanted(shown)) {
                *shown = Value::Null;
            }
            object.values_mut().for_each(|item| in_languages(item, Some(languages)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
