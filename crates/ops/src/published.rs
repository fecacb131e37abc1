//! Which components a request to publish names: the XML of PublishXml (web-api §8).

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_xml::Element;

use crate::{OpsError, Workspace, components};

/// Sections, their entries, and the type of component that those name.
const SECTIONS: [(&str, &str, &str); 10] = [
    ("entities", "entity", "entity"),
    ("ribbons", "ribbon", "ribboncustomization"),
    ("dashboards", "dashboard", "systemform"),
    ("optionsets", "optionset", "optionset"),
    ("sitemaps", "sitemap", "sitemap"),
    ("webresources", "webresource", "webresource"),
    ("appmodules", "appmodule", "appmodule"),
    ("views", "view", "savedquery"),
    ("forms", "form", "systemform"),
    ("relationships", "relationship", "entityrelationship"),
];

/// What the same request may list, and what is in force at once (R1): there is nothing to publish.
const IN_FORCE: [&str; 4] = ["nodes", "securityroles", "settings", "workflows"];

/// The classic site map, whose entry is empty.
const SITE_MAP: &str = "sitemap";

/// Returns the components that are named, each once, in their order.
pub fn components(workspace: &Workspace, environment: &Environment, xml: &str) -> Result<Vec<ComponentKey>, OpsError> {
    let root = strata_xml::parse(xml.as_bytes()).map_err(|error| {
        let (line, column) = strata_xml::line_column(xml.as_bytes(), error.offset);
        unfit(format!("line {line}, column {column}: {}", error.message))
    })?;
    if root.name != "importexportxml" {
        return Err(unfit(format!("<importexportxml> is expected, not <{}>", root.name)));
    }
    let mut named = Vec::new();
    for section in root.elements().filter(|section| !IN_FORCE.contains(&section.name.as_str())) {
        let Some((_, entry, component_type)) = SECTIONS.iter().find(|(name, ..)| *name == section.name) else {
            return Err(unfit(format!("<{}> is no section of what can be published", section.name)));
        };
        for element in section.elements() {
            if element.name != *entry {
                return Err(unfit(format!("<{entry}> is expected in <{}>, not <{}>", section.name, element.name)));
            }
            let key = component(workspace, environment, &ComponentType::named(component_type), element)?;
            if !named.contains(&key) {
                named.push(key);
            }
        }
    }
    Ok(named)
}

/// Finds what an entry names: by its id, or by its name.
fn component(
    workspace: &Workspace,
    environment: &Environment,
    component_type: &ComponentType,
    element: &Element,
) -> Result<ComponentKey, OpsError> {
    let text = element.text();
    let name = match text.trim() {
        "" if component_type.is("sitemap") => SITE_MAP,
        "" => return Err(unfit(format!("<{}> names nothing", element.name))),
        name => name,
    };
    match Guid::parse(name) {
        Some(id) => components::find_identified(workspace, environment, component_type, id),
        None => components::find(workspace, environment, None, &format!("{component_type}:{name}")),
    }
}

fn unfit(message: String) -> OpsError {
    OpsError::request(ErrorCode::IMPORT_INVALID_XML, format!("parameter 'ParameterXml': {message}"))
}
