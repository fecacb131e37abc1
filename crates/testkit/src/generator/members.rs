//! The files beside the XML: flow definitions and scripts.

use std::fmt::Write as _;

use super::{Kind, Recipe, definitions};

/// Returns where a flow's JSON lies in the package.
pub(crate) fn flow_path(recipe: &Recipe, index: usize) -> String {
    format!("Workflows/{}-{}.json", definitions::flow_name(index), recipe.id(Kind::Flow, index).to_uppercase())
}

/// Returns where a web resource's payload lies: no separators, no extension.
pub(crate) fn web_resource_path(recipe: &Recipe, index: usize) -> String {
    let name: String = definitions::web_resource_name(index)
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || *char == '_')
        .collect();
    format!("WebResources/{name}{}", recipe.id(Kind::WebResource, index).to_uppercase())
}

/// Writes a flow: a trigger and a chain of actions, 9 to 40 KB.
pub(crate) fn flow(recipe: &Recipe, index: usize) -> String {
    let mut dice = recipe.dice(Kind::Flow, index);
    let actions = dice.between(12, 60);
    let tables = recipe.counts().tables;
    let mut text = String::with_capacity(actions * 600 + 1_500);
    let mut line = |indent: usize, content: &str| {
        writeln!(text, "{:indent$}{content}\r", "").expect("strings take any text");
    };
    line(0, "{");
    line(2, "\"properties\": {");
    line(4, "\"connectionReferences\": {},");
    line(4, "\"definition\": {");
    let schema =
        "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
    line(6, &format!("\"$schema\": \"{schema}\","));
    line(6, "\"contentVersion\": \"1.0.0.0\",");
    line(6, "\"parameters\": {");
    line(8, "\"$connections\": { \"defaultValue\": {}, \"type\": \"Object\" },");
    line(8, "\"$authentication\": { \"defaultValue\": {}, \"type\": \"SecureObject\" }");
    line(6, "},");
    line(6, "\"triggers\": {");
    if index.is_multiple_of(2) {
        line(8, "\"Recurrence\": {");
        let hours = dice.between(1, 24);
        line(10, &format!("\"recurrence\": {{ \"frequency\": \"Hour\", \"interval\": {hours} }},"));
        line(10, "\"type\": \"Recurrence\"");
        line(8, "}");
    } else {
        let table = definitions::table_name(dice.below(tables));
        line(8, "\"When_a_row_changes\": {");
        line(10, "\"type\": \"OpenApiConnectionWebhook\",");
        line(10, "\"inputs\": {");
        line(12, &host("SubscribeWebhookTrigger"));
        line(12, "\"parameters\": {");
        line(14, "\"subscriptionRequest/message\": 3,");
        line(14, &format!("\"subscriptionRequest/entityname\": \"{table}\","));
        line(14, "\"subscriptionRequest/filteringattributes\": \"gen_name,gen_choice\",");
        line(14, "\"subscriptionRequest/scope\": 4");
        line(12, "}");
        line(10, "}");
        line(8, "}");
    }
    line(6, "},");
    line(6, "\"actions\": {");
    for action in 0..actions {
        let table = definitions::table_name(dice.below(tables));
        line(8, &format!("\"Action_{action}\": {{"));
        match action {
            0 => line(10, "\"runAfter\": {},"),
            _ => line(10, &format!("\"runAfter\": {{ \"Action_{}\": [ \"Succeeded\" ] }},", action - 1)),
        }
        let description = dice.words(8);
        let revision = if action == 0 { recipe.revision(Kind::Flow, index) } else { "" };
        line(10, &format!("\"description\": \"{description}{revision}\","));
        line(10, &format!("\"metadata\": {{ \"operationMetadataId\": \"{}\" }},", dice.guid()));
        line(10, "\"type\": \"OpenApiConnection\",");
        line(10, "\"inputs\": {");
        line(12, &host("UpdateRecord"));
        line(12, "\"parameters\": {");
        line(14, &format!("\"entityName\": \"{table}s\","));
        for field in 0..3 {
            let (key, value) = (dice.word(), dice.words(2));
            line(14, &format!("\"item/{key}_{field}\": \"@concat('{value} ', utcNow())\","));
        }
        line(14, &format!("\"recordId\": \"{}\"", dice.guid()));
        line(12, "}");
        line(10, "}");
        line(8, if action + 1 == actions { "}" } else { "}," });
    }
    line(6, "}");
    line(4, "},");
    line(4, "\"templateName\": \"\"");
    line(2, "},");
    line(2, "\"schemaVersion\": \"1.0.0.0\"");
    text.push('}');
    text
}

/// Says which operation of which connector a step calls.
fn host(operation: &str) -> String {
    format!(
        "\"host\": {{ \"connectionName\": \"shared_commondataserviceforapps\", \"operationId\": \"{operation}\" }},"
    )
}

/// Writes a script of 2 to 6 KB.
pub(crate) fn web_resource(recipe: &Recipe, index: usize) -> String {
    let mut dice = recipe.dice(Kind::WebResource, index);
    let mut text = format!("// {}{}\n\"use strict\";\n", dice.words(6), recipe.revision(Kind::WebResource, index));
    for function in 0..dice.between(15, 45) {
        let (column, comment) = (dice.below(COLUMNS_USED), dice.words(5));
        write!(
            text,
            "\n// {comment}.\nfunction check{function}(form) {{\n  return form.getAttribute(\"gen_column{column:03}\");\n}}\n"
        )
        .expect("strings take any text");
    }
    text
}

/// Scripts name columns that every table has when the package is large enough.
const COLUMNS_USED: usize = 10;
