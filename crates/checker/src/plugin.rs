//! Code on the server as a package registers it: assemblies, their types, steps, and who else runs a type.
//!
//! Who runs a type names it by id, by an export key that is the id, or by its assembly-qualified name, depending on the
//! age of the export.

use std::collections::BTreeSet;

use strata_model::id::Guid;

use crate::context::{Component, Context};
use crate::tree::Element;

/// Messages whose id is the same in every environment: what older exports write instead of the name.
const MESSAGES: [(&str, &str); 14] = [
    ("8cbdbb1b-ea3e-db11-86a7-000a3a5473e8", "Assign"),
    ("9ebdbb1b-ea3e-db11-86a7-000a3a5473e8", "Create"),
    ("a1bdbb1b-ea3e-db11-86a7-000a3a5473e8", "Delete"),
    ("c5bdbb1b-ea3e-db11-86a7-000a3a5473e8", "GrantAccess"),
    ("dbbdbb1b-ea3e-db11-86a7-000a3a5473e8", "Merge"),
    ("dcbdbb1b-ea3e-db11-86a7-000a3a5473e8", "ModifyAccess"),
    ("f2bdbb1b-ea3e-db11-86a7-000a3a5473e8", "Retrieve"),
    ("03bebb1b-ea3e-db11-86a7-000a3a5473e8", "RetrieveMultiple"),
    ("04bebb1b-ea3e-db11-86a7-000a3a5473e8", "RetrievePrincipalAccess"),
    ("10bebb1b-ea3e-db11-86a7-000a3a5473e8", "RetrieveSharedPrincipalsAndAccess"),
    ("11bebb1b-ea3e-db11-86a7-000a3a5473e8", "RevokeAccess"),
    ("1cbebb1b-ea3e-db11-86a7-000a3a5473e8", "SetState"),
    ("1dbebb1b-ea3e-db11-86a7-000a3a5473e8", "SetStateDynamicEntity"),
    ("20bebb1b-ea3e-db11-86a7-000a3a5473e8", "Update"),
];

/// `EventHandlerTypeCode` of a step that runs a plug-in type; others post to an endpoint.
const RUNS_A_TYPE: &str = "4602";

/// A plug-in step of the package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PluginStep<'c> {
    pub(crate) component: Component<'c>,
    pub(crate) element: Element<'c>,
}

/// The type that something runs, as it is named there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TypeName {
    pub(crate) id: Option<Guid>,
    /// Of the class, in lower case, without its assembly.
    pub(crate) class: Option<String>,
}

/// Returns the steps of a package.
pub(crate) fn steps<'c>(context: &'c Context<'_>) -> impl Iterator<Item = PluginStep<'c>> {
    let steps = context.of_type("sdkmessageprocessingstep");
    steps.filter_map(|component| Some(PluginStep { component, element: component.tree()? }))
}

impl PluginStep<'_> {
    /// Returns the name of the message, in the platform's case where it is one of the common ones.
    pub(crate) fn message(self) -> Option<String> {
        let named = |name: &str| self.element.child_text(name).filter(|text| !text.is_empty());
        let by_id = named("SdkMessageId").and_then(|text| {
            let id = Guid::parse(&text)?.to_string();
            let known = MESSAGES.iter().find(|(known, _)| *known == id);
            known.map(|(_, name)| (*name).to_owned())
        });
        named("SdkMessageName").or(by_id).or_else(|| message_in(&self.component.display_name.clone()?))
    }

    /// Returns the table in lower case; empty where the step is for any table.
    pub(crate) fn table(self) -> String {
        let table = self.element.child_text("PrimaryEntity").unwrap_or_default().to_lowercase();
        if table == "none" { String::new() } else { table }
    }

    /// Returns the number of a setting: `Stage`, `Mode`.
    pub(crate) fn number(self, name: &str) -> Option<i32> {
        self.element.child_text(name)?.parse().ok()
    }

    /// Returns the columns that an update must touch, in lower case; none for any.
    pub(crate) fn filter(self) -> Vec<String> {
        let text = self.element.child_text("FilteringAttributes").unwrap_or_default();
        text.split(',').map(|column| column.trim().to_lowercase()).filter(|column| !column.is_empty()).collect()
    }

    /// Returns the type that the step runs; `None` where it runs none.
    pub(crate) fn runs(self) -> Option<TypeName> {
        let handler = self.element.child_text("EventHandlerTypeCode");
        let is_other = handler.is_some_and(|code| code != RUNS_A_TYPE);
        let name = TypeName::in_element(self.element);
        name.filter(|_| !is_other)
    }

    /// Tells whether the step is shipped turned off.
    pub(crate) fn is_off(self) -> bool {
        ["StateCode", "statecode"].iter().any(|name| self.element.child_text(name).as_deref() == Some("1"))
    }
}

impl TypeName {
    /// Reads what a step or an API names.
    pub(crate) fn in_element(element: Element<'_>) -> Option<Self> {
        let text = |name: &str| element.child_text(name).filter(|text| !text.is_empty());
        let id = ["PluginTypeId", "PluginTypeExportKey", "plugintypeexportkey", "plugintypeid"]
            .iter()
            .find_map(|name| Guid::parse(&text(name)?));
        let class = text("PluginTypeName").map(|name| class_of(&name));
        (id.is_some() || class.is_some()).then_some(Self { id, class })
    }

    /// Reads an assembly-qualified name.
    pub(crate) fn of_class(name: &str) -> Self {
        Self { id: None, class: Some(class_of(name)) }
    }

    /// Names the type for people.
    pub(crate) fn label(&self) -> String {
        match (&self.class, &self.id) {
            (Some(class), _) => class.clone(),
            (None, Some(id)) => id.to_string(),
            (None, None) => String::new(),
        }
    }
}

/// The plug-in types that a package, or one assembly of it, brings.
#[derive(Debug, Default)]
pub(crate) struct Types {
    ids: BTreeSet<Guid>,
    classes: BTreeSet<String>,
}

impl Types {
    pub(crate) fn of<'c>(types: impl Iterator<Item = Component<'c>>) -> Self {
        let mut all = Self::default();
        for plugin_type in types {
            all.ids.extend(plugin_type.id);
            all.classes.insert(class_of(&plugin_type.name));
            all.classes.extend(plugin_type.display_name.as_deref().map(class_of));
        }
        all
    }

    /// Tells whether one of them has that name.
    pub(crate) fn has(&self, name: &TypeName) -> bool {
        let by_id = name.id.is_some_and(|id| self.ids.contains(&id));
        by_id || name.class.as_ref().is_some_and(|class| self.classes.contains(class))
    }
}

/// Returns the class of an assembly-qualified name in lower case.
pub(crate) fn class_of(name: &str) -> String {
    name.split(',').next().unwrap_or_default().trim().to_lowercase()
}

/// Reads the message from the name that the registration tool gives a step: `Type: Message of table`.
fn message_in(name: &str) -> Option<String> {
    let (_, rest) = name.rsplit_once(": ")?;
    let (message, table) = rest.split_once(" of ")?;
    let is_word = message.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_word && !message.is_empty() && !table.is_empty()).then(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_without_a_message_is_read_by_its_name() {
        assert_eq!(message_in("A.B: Update of account").as_deref(), Some("Update"));
        assert_eq!(message_in("My step"), None);
        assert_eq!(message_in("A: update the name of account"), None);
    }

    #[test]
    fn classes_are_compared_without_their_assembly() {
        assert_eq!(class_of("Contoso.Plugins.Check, Contoso.Plugins, Version=1.0.0.0"), "contoso.plugins.check");
    }
}
