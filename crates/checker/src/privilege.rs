//! Privileges of a role: `prvWriteContoso_Order` at a depth, and the table that it means.

use crate::context::Component;
use crate::tree::Element;

/// What a privilege on a table allows, longest names first where one begins with another.
const ACCESS: [&str; 8] = ["AppendTo", "Append", "Assign", "Create", "Delete", "Read", "Share", "Write"];

/// One privilege of a role.
#[derive(Debug, Clone)]
pub(crate) struct Privilege<'c> {
    pub(crate) element: Element<'c>,
    pub(crate) name: String,
    /// Basic, Local, Deep or Global.
    pub(crate) depth: String,
}

/// Returns the privileges of a role.
pub(crate) fn all<'c>(role: Component<'c>) -> impl Iterator<Item = Privilege<'c>> {
    let lists = role.tree().and_then(|root| root.child("RolePrivileges"));
    lists.into_iter().flat_map(|list| list.children("RolePrivilege")).filter_map(|element| {
        let name = element.attribute("name")?.into_owned();
        let depth = element.attribute("level").unwrap_or_default().into_owned();
        Some(Privilege { element, name, depth })
    })
}

impl Privilege<'_> {
    /// Returns what is allowed and the table in lower case; `None` for privileges on no table.
    pub(crate) fn on_table(&self) -> Option<(&'static str, String)> {
        let rest = self.name.get(..3).filter(|start| start.eq_ignore_ascii_case("prv")).and(self.name.get(3..))?;
        let access = ACCESS.into_iter().find(|access| rest.starts_with(access))?;
        let table = rest[access.len()..].to_lowercase();
        (!table.is_empty()).then_some((access, table))
    }

    pub(crate) fn is_organization_wide(&self) -> bool {
        self.depth.eq_ignore_ascii_case("Global")
    }
}
