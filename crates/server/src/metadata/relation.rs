//! Relationships and keys as definitions.

use serde_json::{Value, json};
use strata_model::id::Guid;
use strata_ops::schema::relation::{ManyToMany, OneToMany};
use strata_ops::schema::{Leaves, Standing, Table};

use super::shape::{Document, document, flag, label, managed, text};

/// Makes the definition of a relationship between one and many.
pub(crate) fn one_to_many(relation: &OneToMany, id: Guid, referenced_id: &str, set: &str, language: u32) -> Document {
    let leaves = &relation.definition;
    let mut made = common(&relation.schema_name, id, leaves, relation.standing, "OneToManyRelationship");
    let cascade = |path: &str, absent: &str| leaves.get(path).map_or(absent, String::as_str).to_owned();
    made.extend(document([
        ("@odata.type", "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata".into()),
        ("ReferencedEntity", relation.referenced.as_str().into()),
        ("ReferencedAttribute", referenced_id.into()),
        ("ReferencedEntityNavigationPropertyName", relation.collection_navigation.as_str().into()),
        ("ReferencingEntity", relation.referencing.as_str().into()),
        ("ReferencingAttribute", relation.column.as_str().into()),
        ("ReferencingEntityNavigationPropertyName", relation.lookup_navigation.as_str().into()),
        ("RelationshipBehavior", 0.into()),
        ("IsHierarchical", flag(leaves, "IsHierarchical", false).into()),
        ("IsRelationshipAttributeDenormalized", false.into()),
        ("IsDenormalizedLookup", false.into()),
        ("DenormalizedAttributeName", Value::Null),
        ("EntityKey", Value::Null),
        ("RelationshipAttributes", json!([])),
        ("ReferencedEntitySetName", set.into()),
        ("AssociatedMenuConfiguration", menu(leaves, ("RelationshipRoleType", "1"), language)),
        (
            "CascadeConfiguration",
            json!({
                "Assign": cascade("CascadeAssign", "NoCascade"),
                "Delete": cascade("CascadeDelete", "RemoveLink"),
                "Archive": cascade("CascadeArchive", "RemoveLink"),
                "Merge": cascade("CascadeMerge", "NoCascade"),
                "Reparent": cascade("CascadeReparent", "NoCascade"),
                "Share": cascade("CascadeShare", "NoCascade"),
                "Unshare": cascade("CascadeUnshare", "NoCascade"),
                "RollupView": cascade("CascadeRollupView", "NoCascade"),
            }),
        ),
    ]));
    made
}

/// Makes the definition of a relationship between many and many.
pub(crate) fn many_to_many(relation: &ManyToMany, id: Guid, language: u32) -> Document {
    let mut made = common(&relation.schema_name, id, &relation.definition, relation.standing, "ManyToManyRelationship");
    made.extend(document([
        ("@odata.type", "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata".into()),
        ("Entity1LogicalName", relation.first.table.as_str().into()),
        ("Entity1IntersectAttribute", relation.first.column.as_str().into()),
        ("Entity1NavigationPropertyName", relation.first.navigation.as_str().into()),
        ("Entity1AssociatedMenuConfiguration", menu(&relation.definition, ("AssociationRoleOrdinal", "1"), language)),
        ("Entity2LogicalName", relation.second.table.as_str().into()),
        ("Entity2IntersectAttribute", relation.second.column.as_str().into()),
        ("Entity2NavigationPropertyName", relation.second.navigation.as_str().into()),
        ("Entity2AssociatedMenuConfiguration", menu(&relation.definition, ("AssociationRoleOrdinal", "2"), language)),
        ("IntersectEntityName", relation.intersect.as_str().into()),
        ("IntersectAttribute", Value::Null),
    ]));
    made
}

fn common(schema_name: &str, id: Guid, leaves: &Leaves, standing: Option<Standing>, kind: &str) -> Document {
    document([
        ("MetadataId", id.to_string().into()),
        ("HasChanged", Value::Null),
        ("SchemaName", schema_name.into()),
        ("RelationshipType", kind.into()),
        ("IntroducedVersion", text(leaves, "IntroducedVersion")),
        ("IsCustomRelationship", (standing.is_some() && schema_name.contains('_')).into()),
        ("IsCustomizable", managed(flag(leaves, "IsCustomizable", true), true, "iscustomizable")),
        ("IsManaged", standing.is_none_or(|standing| standing.is_managed).into()),
        ("IsValidForAdvancedFind", flag(leaves, "IsValidForAdvancedFind", true).into()),
        ("SecurityTypes", "None".into()),
    ])
}

/// How related rows are reached from a form; `end` tells the role of an end from the other.
fn menu(leaves: &Leaves, end: (&str, &str), language: u32) -> Value {
    let role = strata_ops::authoring::role_place(leaves, end);
    let said = |name: &str| leaves.get(&format!("{role}/{name}")).map(String::as_str);
    let labels = strata_ops::schema::labels(leaves, &format!("{role}/CustomLabels/CustomLabel["));
    json!({
        "Behavior": said("NavPaneDisplayOption").unwrap_or("UseCollectionName"),
        "Group": said("NavPaneArea").unwrap_or("Details"),
        "Order": said("NavPaneOrder").and_then(|order| order.parse::<i64>().ok()).unwrap_or(10_000),
        "Label": label(&labels, language),
        "Icon": null,
        "IsCustomizable": true,
        "MenuId": null,
        "QueryApi": null,
        "ViewId": "00000000-0000-0000-0000-000000000000",
        "AvailableOffline": true,
    })
}

/// Makes the definition of an alternate key.
pub(crate) fn key(table: &Table, name: &str, columns: &[String], language: u32) -> Document {
    let nothing = Leaves::new();
    let leaves = table.key_definition(name).unwrap_or(&nothing);
    let schema_name = leaves.get("@SchemaName").or_else(|| leaves.get("Name")).map_or(name, String::as_str);
    let labels = strata_ops::schema::labels(leaves, "displaynames/displayname[");
    document([
        ("MetadataId", table.key_id(name).to_string().into()),
        ("HasChanged", Value::Null),
        ("LogicalName", name.into()),
        ("SchemaName", schema_name.into()),
        ("EntityLogicalName", table.entry.name.as_str().into()),
        ("DisplayName", label(&labels, language)),
        ("KeyAttributes", columns.to_vec().into()),
        ("EntityKeyIndexStatus", "Active".into()),
        ("AsyncJob", Value::Null),
        ("IntroducedVersion", text(leaves, "IntroducedVersion")),
        ("IsCustomizable", managed(flag(leaves, "IsCustomizable", true), true, "iscustomizable")),
        ("IsExportKey", false.into()),
        ("IsManaged", false.into()),
        ("IsSecondaryKey", false.into()),
        ("IsSynchronous", false.into()),
    ])
}
