//! Query expressions of the platform's SDK, as JSON: read as documents of FetchXML.

use serde_json::{Map, Value};
use strata_xml::{Element, Node};

use super::fetch::Document;
use super::{QueryError, wrong};

/// Filters and links are not nested deeper.
const DEPTH_MAX: usize = 50;

/// Operators that FetchXML calls otherwise; of the rest, it has the same words.
const OPERATORS: [(&str, &str); 14] = [
    ("Equal", "eq"),
    ("NotEqual", "ne"),
    ("GreaterThan", "gt"),
    ("GreaterEqual", "ge"),
    ("LessThan", "lt"),
    ("LessEqual", "le"),
    ("Like", "like"),
    ("NotLike", "not-like"),
    ("Null", "null"),
    ("NotNull", "not-null"),
    ("BeginsWith", "begins-with"),
    ("DoesNotBeginWith", "not-begin-with"),
    ("EndsWith", "ends-with"),
    ("DoesNotEndWith", "not-end-with"),
];

const JOINS: [(&str, &str); 8] = [
    ("Inner", "inner"),
    ("LeftOuter", "outer"),
    ("Natural", "inner"),
    ("Any", "any"),
    ("NotAny", "not any"),
    ("All", "all"),
    ("NotAll", "not all"),
    ("Exists", "exists"),
];

/// Reads a query expression, or a fetch expression, which holds a document already. Which columns it shows is not looked
/// at.
pub fn document(query: &Value) -> Result<Document, QueryError> {
    let query = object(query, "a query")?;
    if let Some(text) = query.get("Query").and_then(Value::as_str) {
        return Document::parse(text);
    }
    let mut entity = Element::new("entity");
    entity.set_attribute("name", &text(query, "EntityName")?.to_lowercase());
    if let Some(criteria) = given(query, "Criteria") {
        push(&mut entity, filter(criteria, 0)?);
    }
    for link in list(query, "LinkEntities")? {
        push(&mut entity, self::link(link, 0)?);
    }
    for order in list(query, "Orders")? {
        push(&mut entity, self::order(order)?);
    }
    let mut fetch = Element::new("fetch");
    if let Some(top) = given(query, "TopCount") {
        let top = top.as_u64().ok_or_else(|| wrong("TopCount is no number of rows"))?;
        fetch.set_attribute("top", &top.to_string());
    }
    push(&mut fetch, entity);
    Ok(Document::written(fetch))
}

/// An order decides which rows are the first of those that `TopCount` lets through.
fn order(order: &Value) -> Result<Element, QueryError> {
    let order = object(order, "an order")?;
    if let Some(other) = ["EntityName", "Alias"].iter().find(|name| given(order, name).is_some_and(|of| of != "")) {
        return Err(wrong(format!("Orders are of the table itself, and take no {other}")));
    }
    let is_descending = match given(order, "OrderType") {
        None => false,
        Some(Value::String(text)) if text == "Ascending" => false,
        Some(Value::String(text)) if text == "Descending" => true,
        Some(Value::Number(number)) if number.as_u64() == Some(0) => false,
        Some(Value::Number(number)) if number.as_u64() == Some(1) => true,
        Some(other) => return Err(wrong(format!("OrderType is Ascending or Descending, not {other}"))),
    };
    let mut element = Element::new("order");
    element.set_attribute("attribute", &text(order, "AttributeName")?.to_lowercase());
    element.set_attribute("descending", if is_descending { "true" } else { "false" });
    Ok(element)
}

fn filter(filter: &Value, depth: usize) -> Result<Element, QueryError> {
    if depth > DEPTH_MAX {
        return Err(wrong(format!("filters are nested deeper than {DEPTH_MAX}")));
    }
    let filter = object(filter, "a filter")?;
    let mut element = Element::new("filter");
    let is_or = match given(filter, "FilterOperator") {
        None => false,
        Some(Value::String(text)) if text == "And" => false,
        Some(Value::String(text)) if text == "Or" => true,
        Some(Value::Number(number)) if number.as_u64() == Some(0) => false,
        Some(Value::Number(number)) if number.as_u64() == Some(1) => true,
        Some(other) => return Err(wrong(format!("FilterOperator is And or Or, not {other}"))),
    };
    element.set_attribute("type", if is_or { "or" } else { "and" });
    for condition in list(filter, "Conditions")? {
        push(&mut element, self::condition(condition)?);
    }
    for inner in list(filter, "Filters")? {
        push(&mut element, self::filter(inner, depth + 1)?);
    }
    Ok(element)
}

fn condition(condition: &Value) -> Result<Element, QueryError> {
    let condition = object(condition, "a condition")?;
    let operator = text(condition, "Operator")?;
    let known = OPERATORS.iter().find(|(name, _)| *name == operator).map(|(_, own)| (*own).to_owned());
    let mut element = Element::new("condition");
    element.set_attribute("attribute", &text(condition, "AttributeName")?.to_lowercase());
    element.set_attribute("operator", &known.unwrap_or_else(|| operator.to_lowercase()));
    if let Some(Value::String(of)) = given(condition, "EntityName").filter(|of| *of != "") {
        element.set_attribute("entityname", of);
    }
    for value in list(condition, "Values")? {
        let mut child = Element::new("value");
        child.set_text(&written(value)?);
        push(&mut element, child);
    }
    Ok(element)
}

/// A value, alone or in an object that says its type.
fn written(value: &Value) -> Result<String, QueryError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Object(object) if object.contains_key("Value") => written(&object["Value"]),
        Value::Object(_) | Value::Array(_) | Value::Null => {
            Err(wrong("a value of a condition is a text, a number, or an object with `Value`"))
        }
    }
}

fn link(link: &Value, depth: usize) -> Result<Element, QueryError> {
    if depth > DEPTH_MAX {
        return Err(wrong(format!("links are nested deeper than {DEPTH_MAX}")));
    }
    let link = object(link, "a link")?;
    let mut element = Element::new("link-entity");
    element.set_attribute("name", &text(link, "LinkToEntityName")?.to_lowercase());
    element.set_attribute("from", &text(link, "LinkToAttributeName")?.to_lowercase());
    element.set_attribute("to", &text(link, "LinkFromAttributeName")?.to_lowercase());
    let join = given(link, "JoinOperator").map_or(Ok("Inner"), |join| {
        join.as_str().ok_or_else(|| wrong("JoinOperator is the name of one, such as Inner"))
    })?;
    let kind = JOINS.iter().find(|(name, _)| *name == join).map(|(_, own)| *own);
    element.set_attribute("link-type", kind.ok_or_else(|| wrong(format!("{join} is no JoinOperator")))?);
    if let Some(Value::String(alias)) = given(link, "EntityAlias") {
        element.set_attribute("alias", alias);
    }
    if let Some(criteria) = given(link, "LinkCriteria") {
        push(&mut element, filter(criteria, 0)?);
    }
    for inner in list(link, "LinkEntities")? {
        push(&mut element, self::link(inner, depth + 1)?);
    }
    Ok(element)
}

fn push(element: &mut Element, child: Element) {
    element.children.push(Node::Element(child));
}

fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>, QueryError> {
    value.as_object().ok_or_else(|| wrong(format!("{what} is an object")))
}

fn given<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}

fn text<'v>(object: &'v Map<String, Value>, name: &str) -> Result<&'v str, QueryError> {
    let text = given(object, name).and_then(Value::as_str);
    text.ok_or_else(|| wrong(format!("a query wants `{name}`, a text")))
}

fn list<'v>(object: &'v Map<String, Value>, name: &str) -> Result<&'v [Value], QueryError> {
    match given(object, name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(wrong(format!("`{name}` is a list"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn w8_a_query_expression_is_a_document() {
        let query = json!({
            "@odata.type": "Microsoft.Dynamics.CRM.QueryExpression", "EntityName": "Account", "TopCount": 3,
            "ColumnSet": { "AllColumns": false, "Columns": [] },
            "Criteria": {
                "FilterOperator": "Or",
                "Conditions": [
                    { "AttributeName": "accountid", "Operator": "In", "Values": [{ "Value": "x", "Type": "System.Guid" }] },
                    { "AttributeName": "name", "Operator": "BeginsWith", "Values": ["A & B"] },
                ],
                "Filters": [{ "Conditions": [{ "AttributeName": "createdon", "Operator": "LastXDays", "Values": [2] }] }],
            },
            "LinkEntities": [{
                "LinkFromAttributeName": "accountid", "LinkToEntityName": "contact",
                "LinkToAttributeName": "parentcustomerid", "JoinOperator": "LeftOuter", "EntityAlias": "c",
                "LinkCriteria": { "Conditions": [{ "AttributeName": "lastname", "Operator": "NotNull" }] },
            }],
        });
        let expected = "<fetch top=\"3\"><entity name=\"account\"><filter type=\"or\">\
             <condition attribute=\"accountid\" operator=\"in\"><value>x</value></condition>\
             <condition attribute=\"name\" operator=\"begins-with\"><value>A &amp; B</value></condition>\
             <filter type=\"and\"><condition attribute=\"createdon\" operator=\"lastxdays\"><value>2</value></condition>\
             </filter></filter>\
             <link-entity name=\"contact\" from=\"parentcustomerid\" to=\"accountid\" link-type=\"outer\" alias=\"c\">\
             <filter type=\"and\"><condition attribute=\"lastname\" operator=\"not-null\" /></filter></link-entity>\
             </entity></fetch>";
        let expected = Document::parse(expected).expect("a document");
        assert_eq!(document(&query).expect("a query"), expected);
    }

    #[test]
    fn w8_what_is_no_query_says_why() {
        let nested = (0..100).fold(json!({}), |inner, _| json!({ "Filters": [inner] }));
        for (query, word) in [
            (json!([]), "an object"),
            (json!({ "Criteria": {} }), "EntityName"),
            (json!({ "EntityName": "account", "Criteria": { "FilterOperator": "Xor" } }), "And or Or"),
            (json!({ "EntityName": "account", "Criteria": { "Conditions": [{ "Operator": "In" }] } }), "AttributeName"),
            (json!({ "EntityName": "account", "Criteria": { "Conditions": {} } }), "a list"),
            (json!({ "EntityName": "account", "Criteria": nested }), "nested deeper"),
            (json!({ "EntityName": "account", "TopCount": "x" }), "TopCount"),
            (json!({ "Query": "<x/>" }), "fetch is expected"),
        ] {
            let error = document(&query).expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
