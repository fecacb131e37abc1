//! Which column of its table holds what a component's definition says.
//!
//! Most of a definition bears the names of columns: an attribute or an element without content of its own is the
//! column of its folded name. What is called otherwise stands in [`NAMES`].

use std::collections::BTreeMap;

use strata_engine::resolved::Resolved;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::{Digest, Guid};
use strata_xml::Element;

use super::content::Content;

/// What a definition says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    /// Kept in a member file.
    File(Content),
    /// Another component.
    Component(ComponentKey),
}

/// What definitions call otherwise than tables: type, name in the definition, column.
const NAMES: &[(&str, &str, &str)] = &[
    ("workflow", "jsonfilename", "clientdata"),
    ("workflow", "xamlfilename", "xaml"),
    ("workflow", "localizednames", "name"),
    ("webresource", "filename", "content"),
    ("pluginassembly", "filename", "content"),
    ("systemform", "form", "formxml"),
    ("systemform", "localizednames", "name"),
    ("savedquery", "localizednames", "name"),
    ("savedqueryvisualization", "localizednames", "name"),
    ("appmodule", "localizednames", "name"),
    ("sitemap", "localizednames", "sitemapname"),
    ("sitemap", "sitemapuniquename", "sitemapnameunique"),
    ("sitemap", "sitemap", "sitemapxml"),
    ("plugintype", "assemblyqualifiedname", "name"),
    ("sdkmessageprocessingstep", "plugintypename", "eventhandlername"),
];

/// Elements whose column holds them themselves, not what is in them.
const WHOLE: &[(&str, &str)] = &[("systemform", "form"), ("sitemap", "sitemap")];

/// Files that no element of a definition names: type, column.
const FILES: &[(&str, &str)] = &[("bot", "configuration"), ("botcomponent", "data")];

/// Parts of a definition that are components or rows of their own.
const OTHERS: [&str; 6] = [
    "roleprivileges",
    "appmodulecomponents",
    "fieldpermissions",
    "connectionroleobjecttypecodes",
    "plugintypes",
    "sdkmessageprocessingstepimages",
];

/// Returns what a definition says, by column.
pub(super) fn said(component_type: &ComponentType, resolved: &Resolved, language: u32) -> BTreeMap<String, Said> {
    let mut said = BTreeMap::new();
    let reader = Reader { component_type, files: &resolved.files, language };
    for (name, value) in &resolved.tree.attributes {
        let folded = name.to_lowercase();
        if !folded.starts_with("xmlns") && !folded.contains(':') {
            said.insert(reader.column(&folded), Said::Text(value.clone()));
        }
    }
    for element in resolved.tree.elements() {
        let folded = element.name.to_lowercase();
        if OTHERS.contains(&folded.as_str()) {
            continue;
        }
        let column = reader.column(&folded);
        // A name in a language stands over one that is not in any.
        if let Some(value) = reader.value(&folded, element) {
            said.insert(column, value);
        }
    }
    let file = FILES.iter().find(|(own, _)| component_type.is(own)).zip(resolved.files.first());
    if let Some(((_, column), (_, digest))) = file {
        said.insert((*column).to_owned(), Said::File(Content::Text(*digest)));
    }
    if component_type.is("pluginassembly") {
        name_parts(&mut said);
    }
    said
}

/// Returns the column that a definition's name stands for; a name of a column is its own.
pub(super) fn column(component_type: &ComponentType, name: &str) -> String {
    let known = NAMES.iter().find(|(own, from, _)| component_type.is(own) && *from == name);
    known.map_or(name, |(.., column)| column).to_owned()
}

/// Returns the name that definitions have for a column.
pub(super) fn name_of_column(component_type: &ComponentType, column: &str) -> String {
    let known = NAMES.iter().find(|(own, _, to)| component_type.is(own) && *to == column);
    known.map_or(column, |(_, name, _)| name).to_owned()
}

/// Returns the properties that hold a column, of those that a definition has: under its name or under that which
/// definitions have for it, as an attribute, with a default, or in a language.
pub(super) fn paths(properties: &BTreeMap<String, String>, column: &str, name: &str, language: u32) -> Vec<String> {
    let holds = |path: &&String| {
        let names = [column, name];
        let is_named = |text: &str| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        let in_language = path
            .split_once('/')
            .filter(|(_, label)| label.ends_with(&format!("[{language}]@description")) && !label.contains('/'));
        is_named(path)
            || path.strip_prefix('@').is_some_and(is_named)
            || path.strip_suffix("@default").is_some_and(is_named)
            || in_language.is_some_and(|(container, _)| is_named(container))
    };
    properties.keys().filter(holds).cloned().collect()
}

struct Reader<'a> {
    component_type: &'a ComponentType,
    files: &'a [(String, Digest)],
    language: u32,
}

impl Reader<'_> {
    fn column(&self, name: &str) -> String {
        column(self.component_type, name)
    }

    fn value(&self, folded: &str, element: &Element) -> Option<Said> {
        if let Some(text) = self.label(element) {
            return Some(Said::Text(text));
        }
        if WHOLE.iter().any(|(own, name)| self.component_type.is(own) && *name == folded) {
            return Some(Said::Text(text_of(&strata_xml::write(element))));
        }
        let parts: Vec<_> = element.elements().collect();
        match parts.as_slice() {
            [] => self.text(folded, &element.text()),
            [only] if only.elements().next().is_none() && only.attributes.is_empty() => {
                referred(folded, &only.name, &only.text()).map(Said::Component)
            }
            parts => {
                let inner: Vec<u8> = parts.iter().flat_map(|part| strata_xml::write(part)).collect();
                Some(Said::Text(text_of(&inner)))
            }
        }
    }

    /// A text, or the file whose path it is.
    fn text(&self, folded: &str, text: &str) -> Option<Said> {
        let path = text.trim().trim_start_matches('/');
        let is_own = |(own, _): &&(String, Digest)| !path.is_empty() && own.eq_ignore_ascii_case(path);
        let is_only = folded.ends_with("filename") && self.files.len() == 1;
        let file = self.files.iter().find(is_own).or_else(|| self.files.first().filter(|_| is_only));
        Some(match file {
            Some((_, digest)) if folded == "filename" => Said::File(Content::Bytes(*digest)),
            Some((path, digest)) if is_text(path) => Said::File(Content::Text(*digest)),
            Some((_, digest)) => Said::File(Content::Bytes(*digest)),
            None if text.is_empty() => return None,
            None => Said::Text(text.to_owned()),
        })
    }

    /// The text of an element that has one in several languages: that of the environment's, else the first.
    fn label(&self, element: &Element) -> Option<String> {
        let language = self.language.to_string();
        let labels: Vec<_> = element.elements().filter(|label| label.attribute("languagecode").is_some()).collect();
        let own = labels.iter().find(|label| label.attribute("languagecode") == Some(&language));
        let own = own.or(labels.first()).and_then(|label| label.attribute("description"));
        own.or_else(|| element.attribute("default")).map(str::to_owned)
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_text(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
    matches!(extension.as_str(), "json" | "xaml" | "xml" | "yaml" | "yml" | "txt" | "js" | "css" | "html")
}

/// The component that an element names by one column of its row: `<process><workflowid>…`, `<parentbotid><schemaname>…`.
fn referred(element: &str, column: &str, text: &str) -> Option<ComponentKey> {
    let column = column.to_lowercase();
    let bare = element.strip_suffix("id").unwrap_or(element);
    let table = match column.strip_suffix("id") {
        Some(table) if Guid::parse(text).is_some() => table,
        _ if column == "schemaname" && bare.ends_with("bot") => "bot",
        _ if column == "schemaname" && bare.contains("botcomponent") => "botcomponent",
        _ if column == "uniquename" => bare,
        _ => return None,
    };
    Some(ComponentKey::new(ComponentType::named(table), text))
}

/// The parts of an assembly's full name are columns of their own.
fn name_parts(said: &mut BTreeMap<String, Said>) {
    let Some(Said::Text(full)) = said.get("fullname").cloned() else { return };
    let mut parts = full.split(',').map(str::trim);
    if let Some(name) = parts.next() {
        said.insert("name".to_owned(), Said::Text(name.to_owned()));
    }
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        said.insert(name.to_lowercase(), Said::Text(value.to_owned()));
    }
}
