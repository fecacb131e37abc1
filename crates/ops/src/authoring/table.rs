//! Tables; what the platform gives each of them, [`strata_engine::by_hand`] adds.

use strata_engine::active::PropertyEdit;
use strata_engine::by_hand::create::NewComponent;
use strata_engine::table::default_set;
use strata_xml::Element;

use super::column::{self, ColumnWish};
use super::tree::{label_edits, labels, text_edits, texts};
use super::{component, shown};
use crate::schema::Labels;

/// A table that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableWish {
    pub schema_name: String,
    pub label: Labels,
    pub collection: Labels,
    pub description: Labels,
    pub ownership: Ownership,
    pub has_notes: bool,
    pub has_activities: bool,
    pub is_activity: bool,
    /// Settings that are not as usual, by the names of packages.
    pub settings: Vec<(String, String)>,
    /// The primary name among them.
    pub columns: Vec<ColumnWish>,
}

/// Who owns the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    User,
    Organization,
}

/// Settings that every new table has, in the order of packages.
const SETTINGS: &[(&str, &str)] = &[
    ("IsDuplicateCheckSupported", "0"),
    ("IsBusinessProcessEnabled", "0"),
    ("IsRequiredOffline", "0"),
    ("IsInteractionCentricEnabled", "0"),
    ("IsCollaboration", "0"),
    ("AutoRouteToOwnerQueue", "0"),
    ("IsConnectionsEnabled", "0"),
    ("IsDocumentManagementEnabled", "0"),
    ("AutoCreateAccessTeams", "0"),
    ("IsOneNoteIntegrationEnabled", "0"),
    ("IsKnowledgeManagementEnabled", "0"),
    ("IsSLAEnabled", "0"),
    ("IsDocumentRecommendationsEnabled", "0"),
    ("IsBPFEntity", "0"),
    ("OwnershipTypeMask", "UserOwned"),
    ("IsAuditEnabled", "0"),
    ("IsRetrieveAuditEnabled", "0"),
    ("IsRetrieveMultipleAuditEnabled", "0"),
    ("IsActivity", "0"),
    ("IsActivityParty", "0"),
    ("IsReplicated", "0"),
    ("IsReplicationUserFiltered", "0"),
    ("IsMailMergeEnabled", "0"),
    ("IsVisibleInMobile", "0"),
    ("IsVisibleInMobileClient", "0"),
    ("IsReadOnlyInMobileClient", "0"),
    ("IsOfflineInMobileClient", "0"),
    ("DaysSinceRecordLastModified", "0"),
    ("IsMapiGridEnabled", "1"),
    ("IsReadingPaneEnabled", "1"),
    ("IsQuickCreateEnabled", "0"),
    ("SyncToExternalSearchIndex", "0"),
    ("IntroducedVersion", "1.0"),
    ("IsCustomizable", "1"),
    ("IsRenameable", "1"),
    ("IsMappable", "1"),
    ("CanModifyAuditSettings", "1"),
    ("CanModifyMobileVisibility", "1"),
    ("CanModifyMobileClientVisibility", "1"),
    ("CanModifyMobileClientReadOnly", "1"),
    ("CanModifyMobileClientOffline", "1"),
    ("CanModifyConnectionSettings", "1"),
    ("CanModifyDuplicateDetectionSettings", "1"),
    ("CanModifyMailMergeSettings", "1"),
    ("CanModifyQueueSettings", "1"),
    ("CanCreateAttributes", "1"),
    ("CanCreateForms", "1"),
    ("CanCreateCharts", "1"),
    ("CanCreateViews", "1"),
    ("CanModifyAdditionalSettings", "1"),
    ("CanEnableSyncToExternalSearchIndex", "1"),
    ("EnforceStateTransitions", "0"),
    ("CanChangeHierarchicalRelationship", "1"),
    ("EntityHelpUrlEnabled", "0"),
    ("ChangeTrackingEnabled", "0"),
    ("CanChangeTrackingBeEnabled", "1"),
    ("IsEnabledForExternalChannels", "0"),
];

/// Makes the components of a new table: itself, its key, its own columns; the platform's come by themselves.
pub fn table(wish: &TableWish, language: u32, solution: Option<&str>) -> Vec<NewComponent> {
    let name = wish.schema_name.to_lowercase();
    let mut all = vec![component("entity", &wish.schema_name, None, tree(wish, &name), solution)];
    let key = ColumnWish {
        schema_name: format!("{}Id", wish.schema_name),
        kind: "primarykey".to_owned(),
        label: wish.label.clone(),
        description: [(language, "Unique identifier for entity instances".to_owned())].into(),
        required: Some("systemrequired".to_owned()),
        ..ColumnWish::default()
    };
    let mut add = |schema_name: &str, tree: Element| {
        all.push(component("attribute", &format!("{name}.{schema_name}"), None, tree, solution));
    };
    add(&key.schema_name, column::tree(&name, &key));
    for wanted in &wish.columns {
        add(&wanted.schema_name, column::tree(&name, wanted));
    }
    all
}

fn tree(wish: &TableWish, name: &str) -> Element {
    let mut root = Element::new("Entity");
    let label = shown(&wish.label).unwrap_or_else(|| wish.schema_name.clone());
    let named = root.child_or_new("Name");
    named.set_attribute("LocalizedName", &label);
    named.set_attribute("OriginalName", &label);
    named.set_text(&wish.schema_name);
    let own = root.child_or_new("EntityInfo").child_or_new("entity");
    own.set_attribute("Name", &wish.schema_name);
    labels(own, "LocalizedNames", "LocalizedName", &wish.label);
    labels(own, "LocalizedCollectionNames", "LocalizedCollectionName", &wish.collection);
    labels(own, "Descriptions", "Description", &wish.description);
    texts(own, &[("EntitySetName", &default_set(name))]);
    for (setting, usual) in SETTINGS {
        let value = match *setting {
            "OwnershipTypeMask" if wish.ownership == Ownership::Organization => "OrgOwned",
            "IsActivity" if wish.is_activity => "1",
            _ => usual,
        };
        own.child_or_new(setting).set_text(value);
    }
    for (setting, value) in &wish.settings {
        own.child_or_new(setting).set_text(value);
    }
    if wish.has_notes {
        texts(&mut root, &[("HasRelatedNotes", "True")]);
    }
    if wish.has_activities {
        texts(&mut root, &[("HasRelatedActivities", "True")]);
    }
    root
}

/// Makes the edits that turn a table into what is wanted; what a wish leaves open stays.
pub fn table_edits(
    label: &Labels,
    collection: &Labels,
    description: &Labels,
    settings: &[(String, String)],
) -> Vec<PropertyEdit> {
    let mut edits = label_edits("LocalizedNames/LocalizedName", label);
    edits.extend(label_edits("LocalizedCollectionNames/LocalizedCollectionName", collection));
    edits.extend(label_edits("Descriptions/Description", description));
    edits.extend(text_edits(settings));
    edits
}
