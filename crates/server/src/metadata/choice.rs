//! Choices as `OptionSetMetadata`.

use serde_json::{Value, json};
use strata_model::id::Guid;
use strata_ops::schema::{self, Column, Leaves, Standing, Table};

use super::shape::{Document, document, flag, label, managed, text};

/// Makes the choice that only one column has.
pub(crate) fn local(table: &Table, column: &Column, leaves: &Leaves, language: u32) -> Document {
    let name = leaves.get("optionset@Name").cloned().unwrap_or_else(|| format!("{}_{}", table.entry.name, column.name));
    let is_managed = table.standing(&column.name).is_none_or(|standing| standing.is_managed);
    let own: Leaves = leaves
        .iter()
        .filter_map(|(path, value)| Some((path.strip_prefix("optionset/")?.to_owned(), value.clone())))
        .collect();
    let mut made = made(&name, &own, table.choice_id(&name), is_managed, false, language);
    if column.type_word == "bit" {
        made.insert("OptionSetType".to_owned(), "Boolean".into());
        two_options(&mut made);
    }
    made
}

/// Makes a choice that columns share.
pub(crate) fn shared(name: &str, leaves: &Leaves, id: Guid, standing: Option<Standing>, language: u32) -> Document {
    let is_managed = standing.is_some_and(|standing| standing.is_managed);
    let name = leaves.get("@Name").map_or(name, String::as_str);
    let mut made = made(name, leaves, id, is_managed, true, language);
    if leaves.get("OptionSetType").is_some_and(|kind| kind == "bit") {
        two_options(&mut made);
    }
    made
}

fn made(name: &str, leaves: &Leaves, id: Guid, is_managed: bool, is_global: bool, language: u32) -> Document {
    let kind = match leaves.get("OptionSetType").map(String::as_str) {
        Some("bit") => "Boolean",
        Some("state") => "State",
        Some("status") => "Status",
        Some(_) | None if leaves.keys().any(|path| path.starts_with("states/")) => "State",
        Some(_) | None if leaves.keys().any(|path| path.starts_with("statuses/")) => "Status",
        Some(_) | None => "Picklist",
    };
    let derived = if kind == "Boolean" { "BooleanOptionSetMetadata" } else { "OptionSetMetadata" };
    document([
        ("@odata.type", format!("#Microsoft.Dynamics.CRM.{derived}").into()),
        ("MetadataId", id.to_string().into()),
        ("HasChanged", Value::Null),
        ("Name", name.into()),
        ("DisplayName", label(&schema::labels(leaves, "displaynames/displayname["), language)),
        ("Description", label(&schema::labels(leaves, "Descriptions/Description["), language)),
        ("ExternalTypeName", text(leaves, "ExternalTypeName")),
        ("IntroducedVersion", text(leaves, "IntroducedVersion")),
        ("IsCustomizable", managed(flag(leaves, "IsCustomizable", true), true, "iscustomizable")),
        ("IsCustomOptionSet", name.contains('_').into()),
        ("IsGlobal", is_global.into()),
        ("IsManaged", is_managed.into()),
        ("OptionSetType", kind.into()),
        ("ParentOptionSetName", Value::Null),
        ("Options", options(leaves, is_managed, language)),
    ])
}

/// Lists options in their order.
fn options(leaves: &Leaves, is_managed: bool, language: u32) -> Value {
    let listed = [
        ("options/option[", "options@order"),
        ("states/state[", "states@order"),
        ("statuses/status[", "statuses@order"),
    ];
    let mut found: Vec<(usize, i64, Value)> = Vec::new();
    for (start, order) in listed {
        let order: Vec<i64> = leaves
            .get(order)
            .map_or_else(Vec::new, |said| said.split(',').filter_map(|number| number.parse().ok()).collect());
        let below = leaves.range(start.to_owned()..).take_while(|(path, _)| path.starts_with(start));
        for (path, value) in below {
            let Some(element) = path.strip_suffix("@value") else { continue };
            let Ok(number) = value.parse::<i64>() else { continue };
            let place = order.iter().position(|own| *own == number).unwrap_or(order.len());
            found.push((place, number, option(leaves, element, number, is_managed, language)));
        }
    }
    found.sort_by_key(|(place, number, _)| (*place, *number));
    found.into_iter().map(|(_, _, option)| option).collect::<Vec<_>>().into()
}

fn option(leaves: &Leaves, element: &str, number: i64, is_managed: bool, language: u32) -> Value {
    let said = |name: &str| leaves.get(&format!("{element}@{name}"));
    let mut option = json!({
        "Value": number,
        "Label": label(&schema::labels(leaves, &format!("{element}/labels/label[")), language),
        "Description": label(&schema::labels(leaves, &format!("{element}/Descriptions/Description[")), language),
        "Color": said("Color").filter(|color| !color.is_empty()),
        "IsManaged": is_managed,
        "IsHidden": said("IsHidden").is_some_and(|flag| flag == "1"),
        "ExternalValue": said("ExternalValue").map_or("", String::as_str),
        "ParentValues": [],
        "Tag": null,
        "MetadataId": null,
        "HasChanged": null,
    });
    if let Some(state) = said("state").and_then(|state| state.parse::<i64>().ok()) {
        option["@odata.type"] = "#Microsoft.Dynamics.CRM.StatusOptionMetadata".into();
        option["State"] = state.into();
        option["TransitionData"] = Value::Null;
    }
    if element.starts_with("states/") {
        option["@odata.type"] = "#Microsoft.Dynamics.CRM.StateOptionMetadata".into();
        option["DefaultStatus"] = said("defaultstatus").and_then(|status| status.parse::<i64>().ok()).into();
        option["InvariantName"] = said("invariantname").map(String::as_str).into();
    }
    option
}

/// Yes and no stand by themselves.
fn two_options(made: &mut Document) {
    let options = made.remove("Options").unwrap_or_default();
    let of =
        |number: i64| options.as_array().and_then(|all| all.iter().find(|option| option["Value"] == number)).cloned();
    made.insert("TrueOption".to_owned(), of(1).unwrap_or_default());
    made.insert("FalseOption".to_owned(), of(0).unwrap_or_default());
}
