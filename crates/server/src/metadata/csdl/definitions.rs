//! The types of definitions and their sets: open types, since what derives from them has properties of its own.

use super::xml::Writer;

/// A type: its name, what it derives from, properties with their types, collections of others.
type Type =
    (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)]);

const TYPES: &[Type] = &[
    (
        "EntityMetadata",
        "MetadataBase",
        &[
            ("LogicalName", "Edm.String"),
            ("SchemaName", "Edm.String"),
            ("EntitySetName", "Edm.String"),
            ("LogicalCollectionName", "Edm.String"),
            ("CollectionSchemaName", "Edm.String"),
            ("ObjectTypeCode", "Edm.Int32"),
            ("PrimaryIdAttribute", "Edm.String"),
            ("PrimaryNameAttribute", "Edm.String"),
            ("PrimaryImageAttribute", "Edm.String"),
            ("OwnershipType", "Edm.String"),
            ("DisplayName", "mscrm.Label"),
            ("DisplayCollectionName", "mscrm.Label"),
            ("Description", "mscrm.Label"),
            ("HasNotes", "Edm.Boolean"),
            ("HasActivities", "Edm.Boolean"),
            ("IsActivity", "Edm.Boolean"),
            ("IsCustomEntity", "Edm.Boolean"),
            ("IsManaged", "Edm.Boolean"),
            ("IsPrivate", "Edm.Boolean"),
            ("IsCustomizable", "mscrm.BooleanManagedProperty"),
        ],
        &[
            ("Attributes", "AttributeMetadata"),
            ("Keys", "EntityKeyMetadata"),
            ("OneToManyRelationships", "OneToManyRelationshipMetadata"),
            ("ManyToOneRelationships", "OneToManyRelationshipMetadata"),
            ("ManyToManyRelationships", "ManyToManyRelationshipMetadata"),
        ],
    ),
    (
        "AttributeMetadata",
        "MetadataBase",
        &[
            ("LogicalName", "Edm.String"),
            ("SchemaName", "Edm.String"),
            ("EntityLogicalName", "Edm.String"),
            ("AttributeType", "Edm.String"),
            ("ColumnNumber", "Edm.Int32"),
            ("DisplayName", "mscrm.Label"),
            ("Description", "mscrm.Label"),
            ("IsCustomAttribute", "Edm.Boolean"),
            ("IsManaged", "Edm.Boolean"),
            ("IsPrimaryId", "Edm.Boolean"),
            ("IsPrimaryName", "Edm.Boolean"),
            ("IsValidForCreate", "Edm.Boolean"),
            ("IsValidForRead", "Edm.Boolean"),
            ("IsValidForUpdate", "Edm.Boolean"),
            ("IsCustomizable", "mscrm.BooleanManagedProperty"),
        ],
        &[],
    ),
    (
        "EntityKeyMetadata",
        "MetadataBase",
        &[
            ("LogicalName", "Edm.String"),
            ("SchemaName", "Edm.String"),
            ("EntityLogicalName", "Edm.String"),
            ("KeyAttributes", "Collection(Edm.String)"),
            ("DisplayName", "mscrm.Label"),
            ("EntityKeyIndexStatus", "Edm.String"),
        ],
        &[],
    ),
    (
        "RelationshipMetadataBase",
        "MetadataBase",
        &[
            ("SchemaName", "Edm.String"),
            ("RelationshipType", "Edm.String"),
            ("IsCustomRelationship", "Edm.Boolean"),
            ("IsManaged", "Edm.Boolean"),
            ("IsCustomizable", "mscrm.BooleanManagedProperty"),
        ],
        &[],
    ),
    (
        "OneToManyRelationshipMetadata",
        "RelationshipMetadataBase",
        &[
            ("ReferencedEntity", "Edm.String"),
            ("ReferencedAttribute", "Edm.String"),
            ("ReferencedEntityNavigationPropertyName", "Edm.String"),
            ("ReferencingEntity", "Edm.String"),
            ("ReferencingAttribute", "Edm.String"),
            ("ReferencingEntityNavigationPropertyName", "Edm.String"),
        ],
        &[],
    ),
    (
        "ManyToManyRelationshipMetadata",
        "RelationshipMetadataBase",
        &[
            ("Entity1LogicalName", "Edm.String"),
            ("Entity1IntersectAttribute", "Edm.String"),
            ("Entity1NavigationPropertyName", "Edm.String"),
            ("Entity2LogicalName", "Edm.String"),
            ("Entity2IntersectAttribute", "Edm.String"),
            ("Entity2NavigationPropertyName", "Edm.String"),
            ("IntersectEntityName", "Edm.String"),
        ],
        &[],
    ),
    (
        "OptionSetMetadataBase",
        "MetadataBase",
        &[
            ("Name", "Edm.String"),
            ("OptionSetType", "Edm.String"),
            ("IsGlobal", "Edm.Boolean"),
            ("IsManaged", "Edm.Boolean"),
            ("DisplayName", "mscrm.Label"),
            ("Description", "mscrm.Label"),
        ],
        &[],
    ),
    ("OptionSetMetadata", "OptionSetMetadataBase", &[("Options", "Collection(mscrm.OptionMetadata)")], &[]),
    (
        "BooleanOptionSetMetadata",
        "OptionSetMetadataBase",
        &[("TrueOption", "mscrm.OptionMetadata"), ("FalseOption", "mscrm.OptionMetadata")],
        &[],
    ),
    (
        "ManagedPropertyMetadata",
        "MetadataBase",
        &[("LogicalName", "Edm.String"), ("EnablesAttributeName", "Edm.String")],
        &[],
    ),
];

const SETS: [(&str, &str); 4] = [
    ("EntityDefinitions", "EntityMetadata"),
    ("GlobalOptionSetDefinitions", "OptionSetMetadataBase"),
    ("ManagedPropertyDefinitions", "ManagedPropertyMetadata"),
    ("RelationshipDefinitions", "RelationshipMetadataBase"),
];

/// Writes the types.
pub(super) fn types(writer: &mut Writer) {
    writer.open("ComplexType", &[("Name", "LocalizedLabel")]);
    writer.property("Label", "Edm.String", true);
    writer.property("LanguageCode", "Edm.Int32", false);
    writer.property("IsManaged", "Edm.Boolean", true);
    writer.close("ComplexType");
    writer.open("ComplexType", &[("Name", "Label")]);
    writer.property("LocalizedLabels", "Collection(mscrm.LocalizedLabel)", false);
    writer.property("UserLocalizedLabel", "mscrm.LocalizedLabel", true);
    writer.close("ComplexType");
    writer.open("ComplexType", &[("Name", "OptionMetadata"), ("OpenType", "true")]);
    writer.property("Value", "Edm.Int32", true);
    writer.property("Label", "mscrm.Label", true);
    writer.property("Color", "Edm.String", true);
    writer.close("ComplexType");
    writer.open("EntityType", &[("Name", "MetadataBase"), ("BaseType", "mscrm.crmbaseentity"), ("OpenType", "true")]);
    writer.open("Key", &[]);
    writer.empty("PropertyRef", &[("Name", "MetadataId")]);
    writer.close("Key");
    writer.property("MetadataId", "Edm.Guid", false);
    writer.property("HasChanged", "Edm.Boolean", true);
    writer.close("EntityType");
    for (name, base, properties, collections) in TYPES {
        let base = format!("mscrm.{base}");
        writer.open("EntityType", &[("Name", name), ("BaseType", &base), ("OpenType", "true")]);
        for (property, kind) in *properties {
            writer.property(property, kind, true);
        }
        for (collection, of) in *collections {
            let kind = format!("Collection(mscrm.{of})");
            let contained = [("Name", *collection), ("Type", &kind), ("ContainsTarget", "true")];
            writer.empty("NavigationProperty", &contained);
        }
        writer.close("EntityType");
    }
}

/// Writes the sets.
pub(super) fn sets(writer: &mut Writer) {
    for (set, kind) in SETS {
        let kind = format!("{}.{kind}", super::NAMESPACE);
        writer.empty("EntitySet", &[("Name", set), ("EntityType", &kind)]);
    }
}
