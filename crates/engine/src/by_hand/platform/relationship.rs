//! The relationships behind the lookups of every table.

use strata_model::component::{ComponentKey, ComponentType};
use strata_xml::Element;

use super::{NewTable, Part};
use crate::by_hand::build::{element, in_language, labels, text};

/// What stands before and behind the table's name, the table of the one, the lookup, what happens when the one goes.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const EVERY: &[Row] = &[
    ("lk_", "_createdby", "SystemUser", "CreatedBy", "NoCascade"),
    ("lk_", "_modifiedby", "SystemUser", "ModifiedBy", "NoCascade"),
];

const OWNED: &[Row] = &[
    ("business_unit_", "", "BusinessUnit", "OwningBusinessUnit", "Restrict"),
    ("owner_", "", "Owner", "OwnerId", "NoCascade"),
    ("team_", "", "Team", "OwningTeam", "NoCascade"),
    ("user_", "", "SystemUser", "OwningUser", "NoCascade"),
];

const ORGANIZATION: &[Row] = &[("organization_", "", "Organization", "OrganizationId", "NoCascade")];

/// Makes the relationships.
pub(super) fn all(table: &NewTable) -> Vec<Part> {
    let owners = if table.is_owned() { OWNED } else { ORGANIZATION };
    let part = |row: &Row| {
        let name = format!("{}{}{}", row.0, table.name, row.1);
        Part {
            key: ComponentKey::new(ComponentType::named("entityrelationship"), &name),
            id: None,
            tree: definition(table, &name, row),
            home: None,
            name,
        }
    };
    EVERY.iter().chain(owners).map(part).collect()
}

fn definition(table: &NewTable, name: &str, (_, _, one, lookup, deletion): &Row) -> Element {
    let described = labels("Descriptions", "Description", &in_language(table.language, ""));
    let mut children: Vec<_> = [
        ("EntityRelationshipType", "OneToMany"),
        ("IsCustomizable", "1"),
        ("IntroducedVersion", "1.0"),
        ("IsHierarchical", "0"),
        ("ReferencingEntityName", table.schema_name.as_str()),
        ("ReferencedEntityName", one),
        ("CascadeAssign", "NoCascade"),
        ("CascadeDelete", deletion),
        ("CascadeArchive", deletion),
        ("CascadeReparent", "NoCascade"),
        ("CascadeShare", "NoCascade"),
        ("CascadeUnshare", "NoCascade"),
        ("ReferencingAttributeName", lookup),
    ]
    .into_iter()
    .map(|(name, value)| text(name, value))
    .collect();
    children.push(element("RelationshipDescription", &[], vec![described]));
    element("EntityRelationship", &[("Name", name)], children)
}
