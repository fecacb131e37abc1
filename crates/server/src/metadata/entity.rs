//! A table as `EntityMetadata`.

use serde_json::{Value, json};
use strata_ops::schema::{Leaves, Table, TableEntry, table_labels};

use super::shape::{Document, document, flag, label, managed, text};

/// Properties that need more of a table than its own definition.
pub(crate) const OF_PARTS: [&str; 4] =
    ["PrimaryIdAttribute", "PrimaryNameAttribute", "PrimaryImageAttribute", "IsStateModelAware"];

/// Flags by the name that packages have for them.
const FLAGS: &[(&str, &str, bool)] = &[
    ("AutoCreateAccessTeams", "AutoCreateAccessTeams", false),
    ("AutoRouteToOwnerQueue", "AutoRouteToOwnerQueue", false),
    ("ChangeTrackingEnabled", "ChangeTrackingEnabled", false),
    ("EnforceStateTransitions", "EnforceStateTransitions", false),
    ("EntityHelpUrlEnabled", "EntityHelpUrlEnabled", false),
    ("HasActivities", "HasRelatedActivities", false),
    ("HasEmailAddresses", "HasEmailAddresses", false),
    ("HasFeedback", "HasFeedback", false),
    ("HasNotes", "HasRelatedNotes", false),
    ("IsActivity", "IsActivity", false),
    ("IsActivityParty", "IsActivityParty", false),
    ("IsArchivalEnabled", "IsArchivalEnabled", false),
    ("IsAvailableOffline", "IsAvailableOffline", true),
    ("IsBPFEntity", "IsBPFEntity", false),
    ("IsBusinessProcessEnabled", "IsBusinessProcessEnabled", false),
    ("IsChildEntity", "IsChildEntity", false),
    ("IsDocumentManagementEnabled", "IsDocumentManagementEnabled", false),
    ("IsDocumentRecommendationsEnabled", "IsDocumentRecommendationsEnabled", false),
    ("IsEnabledForCharts", "IsEnabledForCharts", true),
    ("IsEnabledForExternalChannels", "IsEnabledForExternalChannels", false),
    ("IsEnabledForTrace", "IsEnabledForTrace", false),
    ("IsImportable", "IsImportable", true),
    ("IsInteractionCentricEnabled", "IsInteractionCentricEnabled", false),
    ("IsKnowledgeManagementEnabled", "IsKnowledgeManagementEnabled", false),
    ("IsLogicalEntity", "IsLogicalEntity", false),
    ("IsMSTeamsIntegrationEnabled", "IsMSTeamsIntegrationEnabled", false),
    ("IsOneNoteIntegrationEnabled", "IsOneNoteIntegrationEnabled", false),
    ("IsOptimisticConcurrencyEnabled", "IsOptimisticConcurrencyEnabled", true),
    ("IsPrivate", "IsPrivate", false),
    ("IsQuickCreateEnabled", "IsQuickCreateEnabled", false),
    ("IsReadingPaneEnabled", "IsReadingPaneEnabled", true),
    ("IsRetentionEnabled", "IsRetentionEnabled", false),
    ("IsRetrieveAuditEnabled", "IsRetrieveAuditEnabled", false),
    ("IsRetrieveMultipleAuditEnabled", "IsRetrieveMultipleAuditEnabled", false),
    ("IsSLAEnabled", "IsSLAEnabled", false),
    ("IsSolutionAware", "IsSolutionAware", false),
    ("IsValidForAdvancedFind", "IsValidForAdvancedFind", true),
    ("SyncToExternalSearchIndex", "SyncToExternalSearchIndex", false),
    ("UsesBusinessDataLabelTable", "UsesBusinessDataLabelTable", false),
];

/// Managed properties: ours, the package's name, the logical name.
const MANAGED: &[(&str, &str, &str, bool)] = &[
    ("CanBeInCustomEntityAssociation", "CanBeInCustomEntityAssociation", "canbeincustomentityassociation", true),
    ("CanBeInManyToMany", "CanBeInManyToMany", "canbeinmanytomany", true),
    ("CanBePrimaryEntityInRelationship", "CanBePrimaryEntityInRelationship", "canbeprimaryentityinrelationship", true),
    ("CanBeRelatedEntityInRelationship", "CanBeRelatedEntityInRelationship", "canberelatedentityinrelationship", true),
    (
        "CanChangeHierarchicalRelationship",
        "CanChangeHierarchicalRelationship",
        "canchangehierarchicalrelationship",
        true,
    ),
    ("CanChangeTrackingBeEnabled", "CanChangeTrackingBeEnabled", "canchangetrackingbeenabled", true),
    ("CanCreateAttributes", "CanCreateAttributes", "cancreateattributes", true),
    ("CanCreateCharts", "CanCreateCharts", "cancreatecharts", true),
    ("CanCreateForms", "CanCreateForms", "cancreateforms", true),
    ("CanCreateViews", "CanCreateViews", "cancreateviews", true),
    (
        "CanEnableSyncToExternalSearchIndex",
        "CanEnableSyncToExternalSearchIndex",
        "canenablesynctoexternalsearchindex",
        true,
    ),
    ("CanModifyAdditionalSettings", "CanModifyAdditionalSettings", "canmodifyadditionalsettings", true),
    ("IsAuditEnabled", "IsAuditEnabled", "canmodifyauditsettings", false),
    ("IsConnectionsEnabled", "IsConnectionsEnabled", "canmodifyconnectionsettings", false),
    ("IsCustomizable", "IsCustomizable", "iscustomizable", true),
    ("IsDuplicateDetectionEnabled", "IsDuplicateCheckSupported", "canmodifyduplicatedetectionsettings", false),
    ("IsMailMergeEnabled", "IsMailMergeEnabled", "canmodifymailmergesettings", true),
    ("IsMappable", "IsMappable", "ismappable", true),
    ("IsOfflineInMobileClient", "IsOfflineInMobileClient", "canmodifymobileclientoffline", false),
    ("IsReadOnlyInMobileClient", "IsReadOnlyInMobileClient", "canmodifymobileclientreadonly", false),
    ("IsRenameable", "IsRenameable", "isrenameable", true),
    ("IsValidForQueue", "IsValidForQueue", "canmodifyqueuesettings", false),
    ("IsVisibleInMobile", "IsVisibleInMobile", "canmodifymobilevisibility", false),
    ("IsVisibleInMobileClient", "IsVisibleInMobileClient", "canmodifymobileclientvisibility", false),
];

const TEXTS: &[(&str, &str)] = &[
    ("DataProviderId", "DataProviderId"),
    ("DataSourceId", "DataSourceId"),
    ("EntityColor", "EntityColor"),
    ("EntityHelpUrl", "EntityHelpUrl"),
    ("ExternalCollectionName", "ExternalCollectionName"),
    ("ExternalName", "ExternalName"),
    ("IconLargeName", "IconLargeName"),
    ("IconMediumName", "IconMediumName"),
    ("IconSmallName", "IconSmallName"),
    ("IconVectorName", "IconVectorName"),
    ("IntroducedVersion", "IntroducedVersion"),
    ("MobileOfflineFilters", "MobileOfflineFilters"),
    ("RecurrenceBaseEntityLogicalName", "RecurrenceBaseEntityLogicalName"),
];

/// Makes the definition of a table, without what only its parts say.
pub(crate) fn of_entry(entry: &TableEntry, language: u32) -> Document {
    let own: &Leaves = &entry.definition;
    let labels = table_labels(own);
    let is_managed = entry.standing.is_some_and(|standing| standing.is_managed) || entry.standing.is_none();
    let mut made = document([
        ("MetadataId", entry.metadata_id.to_string().into()),
        ("HasChanged", Value::Null),
        ("LogicalName", entry.name.as_str().into()),
        ("SchemaName", entry.schema_name.as_str().into()),
        ("EntitySetName", entry.set.as_str().into()),
        ("LogicalCollectionName", entry.set.as_str().into()),
        ("CollectionSchemaName", strata_ops::schema::collection_schema_name(entry).into()),
        ("ObjectTypeCode", entry.type_code.into()),
        ("ActivityTypeMask", if flag(own, "IsActivity", false) { 1.into() } else { 0.into() }),
        ("DaysSinceRecordLastModified", 0.into()),
        ("DisplayName", label(&labels.name, language)),
        ("DisplayCollectionName", label(&labels.collection, language)),
        ("Description", label(&labels.description, language)),
        ("IsCustomEntity", (!entry.is_system).into()),
        ("IsIntersect", false.into()),
        ("IsManaged", is_managed.into()),
        ("OwnershipType", ownership(own).into()),
        ("TableType", "Standard".into()),
        ("ReportViewName", format!("Filtered{}", entry.name).into()),
        ("CreatedOn", "1900-01-01T00:00:00Z".into()),
        ("ModifiedOn", "1900-01-01T00:00:00Z".into()),
        ("OwnerId", Value::Null),
        ("OwnerIdType", Value::Null),
        ("OwningBusinessUnit", Value::Null),
        ("SettingOf", Value::Null),
        ("ClusterMode", "Partition".into()),
        ("Privileges", json!([])),
        ("Settings", json!([])),
    ]);
    for (name, path, absent) in FLAGS {
        made.insert((*name).to_owned(), flag(own, path, *absent).into());
    }
    let can_be_changed =
        !entry.standing.is_some_and(|standing| standing.is_managed) || flag(own, "IsCustomizable", true);
    for (name, path, logical_name, absent) in MANAGED {
        made.insert((*name).to_owned(), managed(flag(own, path, *absent), can_be_changed, logical_name));
    }
    for (name, path) in TEXTS {
        made.insert((*name).to_owned(), text(own, path));
    }
    let listed = |path: &str| text(own, path);
    made.insert("PrimaryIdAttribute".to_owned(), listed("PrimaryIdAttribute"));
    made.insert("PrimaryNameAttribute".to_owned(), listed("PrimaryNameAttribute"));
    made.insert("PrimaryImageAttribute".to_owned(), Value::Null);
    made.insert("IsStateModelAware".to_owned(), Value::Null);
    made
}

/// Adds what the parts of the table say.
pub(crate) fn add_parts(made: &mut Document, table: &Table) {
    made.insert("PrimaryIdAttribute".to_owned(), table.primary_id.as_str().into());
    made.insert("PrimaryNameAttribute".to_owned(), table.primary_name.as_deref().into());
    let is_image = |name: &&String| {
        let leaves = table.column_definition(name);
        leaves.and_then(|leaves| leaves.get("DisplayMask")).is_some_and(|mask| mask.contains("PrimaryImage"))
    };
    made.insert("PrimaryImageAttribute".to_owned(), table.columns.keys().find(is_image).map(String::as_str).into());
    made.insert("IsStateModelAware".to_owned(), table.columns.contains_key("statecode").into());
}

/// Returns the platform's word for who owns the rows of a table.
pub(crate) fn ownership(own: &Leaves) -> &'static str {
    match own.get("OwnershipTypeMask").map(String::as_str) {
        Some("OrgOwned" | "OrganizationOwned") => "OrganizationOwned",
        Some("BusinessOwned") => "BusinessOwned",
        Some("TeamOwned") => "TeamOwned",
        Some("None") => "None",
        Some(_) | None => "UserOwned",
    }
}
