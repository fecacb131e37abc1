//! What a component's bytes say of its identity, without a tree of them.

use std::borrow::Cow;

use strata_model::id::Digest;
use strata_xml::attributes;
use strata_xml::tokens::{Token, Tokens};

use crate::inventory;
use crate::item::Item;
use crate::node::element_start;
use crate::places::texts_of;

/// Who a component is: its name, as the reader calls it.
pub(crate) fn identity(type_name: &str, element: &[u8]) -> String {
    let mut item = Item {
        type_name: Cow::Owned(type_name.to_owned()),
        attributes: attributes_of(element),
        ordinal: 1,
        ..Item::default()
    };
    item.texts = match type_name {
        "systemform" => texts(element, &["formid", "FormId"], 1),
        "savedquery" => texts(element, &["savedqueryid"], 1),
        "savedqueryvisualization" => texts(element, &["savedqueryvisualizationid"], 1),
        "entity" => texts(element, &["Name"], 1),
        "attribute" => Vec::new(),
        _ => texts(element, texts_of(type_name), usize::MAX),
    };
    if type_name == "attribute" {
        return item.attribute("PhysicalName").unwrap_or_default().to_owned();
    }
    let name = inventory::identify(&item, None).0;
    // Without a name it is its content.
    if name == format!("{type_name}#1") { format!("{type_name}~{}", Digest::of(element)) } else { name }
}

/// Returns the text of a child element.
pub(crate) fn child_text(element: &[u8], name: &'static str) -> Option<String> {
    let text = texts(element, &[name], 1).pop()?.1;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns the value of an attribute of the element itself.
pub(crate) fn attribute(element: &[u8], name: &str) -> Option<String> {
    attributes_of(element).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn attributes_of(element: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let element = &element[element_start(element, 0)..];
    if let Ok(Some(Token::Start { attributes, .. })) = Tokens::new(element, usize::MAX).token() {
        let mut rest = attributes.trim_ascii_start();
        while let Some((name, value, after)) = attributes::next(rest) {
            let value = strata_xml::unescape(value).unwrap_or_else(|_| value.to_owned());
            found.push((name.to_owned(), value));
            rest = after.trim_ascii_start();
        }
    }
    found
}

/// Returns the texts of children by name, up to so many that are not blank.
fn texts(element: &[u8], names: &[&'static str], most: usize) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let mut tokens = Tokens::new(element, usize::MAX);
    let mut current: Option<(&'static str, String)> = None;
    while found.len() < most && !names.is_empty() {
        let Ok(Some(token)) = tokens.token() else { break };
        match token {
            Token::Start { name, is_empty: false, .. } if tokens.depth() == 2 => {
                let known = names.iter().find(|known| known.as_bytes() == name);
                current = known.map(|known| (*known, String::new()));
            }
            Token::Text { raw, is_cdata } if tokens.depth() == 2 => {
                if let Some((_, text)) = &mut current {
                    let raw = String::from_utf8_lossy(raw);
                    match strata_xml::unescape(&raw) {
                        Ok(unescaped) if !is_cdata => text.push_str(&unescaped),
                        Ok(_) | Err(_) => text.push_str(&raw),
                    }
                }
            }
            Token::End if tokens.depth() == 1 => {
                found.extend(current.take().filter(|(_, text)| !text.trim().is_empty()));
            }
            Token::Start { .. } | Token::Text { .. } | Token::End => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_those_of_the_reader() {
        for (type_name, element, wanted) in [
            ("systemform", "<systemform><formid>{1}</formid><formid>{2}</formid></systemform>", "{1}"),
            ("systemform", "<Dashboard><FormId>{1}</FormId></Dashboard>", "{1}"),
            ("role", "<!-- c -->\n<Role name='n' id='{3}'><x id='4' /></Role>", "{3}"),
            ("webresource", "<WebResource><a><Name>no</Name></a><Name>n&amp;m</Name></WebResource>", "n&m"),
            ("attribute", "<attribute PhysicalName='P'><Name>p</Name></attribute>", "P"),
            ("entitymap", "<EntityMap><EntitySource>a</EntitySource><EntityTarget>b</EntityTarget></EntityMap>", "a.b"),
        ] {
            assert_eq!(identity(type_name, element.as_bytes()), wanted, "{element}");
        }
    }
}
