//! What people call the elements on the way to a difference: tabs, sections and columns of forms, conditions of
//! queries, areas and links of site maps.

use strata_model::component::ComponentType;
use strata_xml::Element;

/// Returns the words for an element, `None` where it only leads to others.
pub(super) fn of(element: &Element) -> Option<String> {
    let attribute = |name: &str| element.attribute(name).filter(|value| !value.trim().is_empty());
    let first = |names: &[&str]| names.iter().find_map(|name| attribute(name));
    let named = |word: &str, name: Option<&str>| Some(name.map_or(word.to_owned(), |name| format!("{word} {name}")));
    let titled = |word: &str| {
        let title = label(element).or_else(|| first(&["Title", "name", "Id", "id"]).map(str::to_owned));
        Some(title.map_or(word.to_owned(), |title| format!("{word} “{title}”")))
    };
    match element.name.as_str() {
        "tab" => titled("tab"),
        "section" => titled("section"),
        "cell" => cell(element),
        "header" | "footer" => Some(element.name.clone()),
        "Library" => named("library", attribute("name")),
        "Handler" => named("handler", attribute("functionName")),
        "event" => named("event", attribute("name")),
        "controlDescription" => named("control description", attribute("forControl")),
        "Area" => titled("area"),
        "Group" => titled("group"),
        "SubArea" => titled("link"),
        "AppModuleComponent" => part(element),
        "link-entity" => named("link to", attribute("name")),
        "condition" => condition(element),
        "order" => named("order by", attribute("attribute")),
        "attribute" if element.children.is_empty() => named("column", attribute("name")),
        "option" => named("option", attribute("value")),
        "RolePrivilege" => named("privilege", attribute("name")),
        "CustomAction" | "HideCustomAction" => named("action", first(&["Id", "HideActionId"])),
        "CommandDefinition" => named("command", attribute("Id")),
        "EnableRule" | "DisplayRule" if !element.children.is_empty() => named("rule", attribute("Id")),
        _ => None,
    }
}

/// A cell of a form is known by the column it shows, one of a view's layout by its own name.
fn cell(cell: &Element) -> Option<String> {
    if let Some(name) = cell.attribute("name") {
        return Some(format!("column {name}"));
    }
    let control = cell.child("control");
    let bound = control.and_then(|control| control.attribute("datafieldname")).filter(|name| !name.is_empty());
    if let Some(column) = bound {
        return Some(format!("column {column}"));
    }
    let named = label(cell).or_else(|| control?.attribute("id").map(str::to_owned));
    Some(named.map_or("empty cell".to_owned(), |name| format!("cell “{name}”")))
}

fn part(part: &Element) -> Option<String> {
    let name = part.attribute("schemaName").or_else(|| part.attribute("id")).unwrap_or_default();
    let label = ComponentType::written(part.attribute("type").unwrap_or_default()).label().to_owned();
    Some(format!("{label} {name}").trim().to_owned())
}

fn condition(condition: &Element) -> Option<String> {
    let words = ["attribute", "operator", "value"].iter().filter_map(|name| condition.attribute(name));
    let said = words.collect::<Vec<_>>().join(" ");
    Some(format!("condition {said}").trim().to_owned())
}

/// The first label that says something.
fn label(element: &Element) -> Option<String> {
    let of = |list: &str, attribute: &str| {
        let texts = element.child(list)?.elements().filter_map(|label| label.attribute(attribute));
        texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
    };
    of("labels", "description").or_else(|| of("Titles", "Title"))
}

/// Says in words where a value of a flow's JSON stands.
pub(super) fn of_pointer(pointer: &str) -> String {
    let mut steps = pointer.trim_start_matches('/').split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
    let (mut words, mut rest): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut is_flow = false;
    while let Some(step) = steps.next() {
        let noun = match step.as_str() {
            "properties" if words.is_empty() && rest.is_empty() && !is_flow => {
                is_flow = true;
                continue;
            }
            "definition" if is_flow && words.is_empty() && rest.is_empty() => continue,
            "actions" => "action",
            "triggers" => "trigger",
            _ => {
                rest.push(step);
                continue;
            }
        };
        let Some(name) = steps.next() else {
            rest.push(step);
            continue;
        };
        if !rest.is_empty() {
            words.push(std::mem::take(&mut rest).join("/"));
        }
        words.push(format!("{noun} {name}"));
    }
    if !rest.is_empty() {
        words.push(rest.join("/"));
    }
    words.join(" › ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_flows_are_named_by_their_actions() {
        let said =
            of_pointer("/properties/definition/actions/Scope/actions/Send_mail/inputs/parameters/emailMessage~1To");
        assert_eq!(said, "action Scope › action Send_mail › inputs/parameters/emailMessage/To");
        assert_eq!(of_pointer("/schemaVersion"), "schemaVersion");
        assert_eq!(of_pointer("/properties/definition/triggers/manual/type"), "trigger manual › type");
    }

    #[test]
    fn elements_are_called_what_people_call_them() {
        let said = |xml: &str| of(&strata_xml::parse(xml.as_bytes()).expect("well formed"));
        let tab = "<tab id='{a}'><labels><label description='General' languagecode='1033' /></labels></tab>";
        assert_eq!(said(tab).as_deref(), Some("tab “General”"));
        assert_eq!(said("<cell id='{a}'><control datafieldname='name' /></cell>").as_deref(), Some("column name"));
        assert_eq!(said("<condition attribute='a' operator='eq' value='1' />").as_deref(), Some("condition a eq 1"));
        assert_eq!(said("<AppModuleComponent type='60' id='{a}' />").as_deref(), Some("form {a}"));
        assert_eq!(said("<tabs />"), None);
    }
}
