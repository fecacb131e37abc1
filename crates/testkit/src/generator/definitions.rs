//! The elements of `customizations.xml`, one function per kind of component.

use super::pen::{Dice, Pen};
use super::screens::{forms, view};
use super::{COLUMNS_MIN, Counts, Kind, RELATIONSHIPS_PER_TABLE, Recipe, VIEWS_PER_TABLE, members};

/// Fixed, so that the recipe's version reaches nothing but the manifest.
pub(super) const INTRODUCED_VERSION: &str = "1.0.0.0";

/// First value of a choice of this publisher.
const OPTION_VALUE_BASE: usize = 300_000_000;

pub(crate) fn table_name(table: usize) -> String {
    format!("gen_table{table:05}")
}

pub(crate) fn choice_name(index: usize) -> String {
    format!("gen_choice{index:05}")
}

pub(crate) fn flow_name(index: usize) -> String {
    format!("Generatedflow{index:05}")
}

pub(crate) fn web_resource_name(index: usize) -> String {
    format!("gen_/scripts/library{index:05}.js")
}

/// What a column is for; decides its type and its standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Key,
    Name,
    Created,
    Modified,
    Owner,
    State,
    Status,
    /// Takes its options from the global choice of the table's number.
    Choice,
    /// Looks up to the table of that relationship.
    Parent(usize),
    Plain(usize),
}

impl Use {
    pub(super) fn physical_name(self, table: usize) -> String {
        match self {
            Self::Key => format!("{}Id", table_name(table)),
            Self::Name => "gen_name".to_owned(),
            Self::Created => "CreatedOn".to_owned(),
            Self::Modified => "ModifiedOn".to_owned(),
            Self::Owner => "OwnerId".to_owned(),
            Self::State => "statecode".to_owned(),
            Self::Status => "statuscode".to_owned(),
            Self::Choice => "gen_choice".to_owned(),
            Self::Parent(number) => format!("gen_parent{number}"),
            Self::Plain(number) => format!("gen_column{number:03}"),
        }
    }

    fn is_custom(self) -> bool {
        matches!(self, Self::Name | Self::Choice | Self::Parent(_) | Self::Plain(_))
    }
}

/// Returns a table's columns in the order of exports, by name.
fn columns(count: usize) -> Vec<Use> {
    let mut uses = vec![Use::Created, Use::Choice];
    uses.extend((0..count.saturating_sub(COLUMNS_MIN)).map(Use::Plain));
    uses.push(Use::Name);
    uses.extend((0..RELATIONSHIPS_PER_TABLE).map(Use::Parent));
    uses.extend([Use::Key, Use::Modified, Use::Owner, Use::State, Use::Status]);
    uses
}

/// Writes a table with its columns, forms and views.
pub(crate) fn table(pen: &mut Pen, recipe: &Recipe, counts: &Counts, table: usize) {
    let name = table_name(table);
    let title = recipe.dice(Kind::Table, table).words(2);
    let uses = columns(counts.columns_of(table));
    pen.open("Entity", "");
    pen.leaf_with("Name", &format!("LocalizedName=\"{title}\" OriginalName=\"{title}\""), &name);
    pen.open("EntityInfo", "");
    pen.open("entity", &format!("Name=\"{name}\""));
    pen.label("LocalizedNames", "LocalizedName", &title);
    pen.label("LocalizedCollectionNames", "LocalizedCollectionName", &format!("{title} rows"));
    let revision = recipe.revision(Kind::Table, table);
    pen.label("Descriptions", "Description", &format!("Rows about {title}{revision}"));
    pen.open("attributes", "");
    for (offset, usage) in uses.iter().enumerate() {
        column(pen, recipe, table, counts.first_column_of(table) + offset, *usage);
    }
    pen.close("attributes");
    pen.leaf("EntitySetName", &format!("{name}s"));
    pen.leaves(TABLE_FLAGS);
    pen.close("entity");
    pen.close("EntityInfo");
    forms(pen, recipe, table, &uses);
    pen.open("SavedQueries", "");
    pen.open("savedqueries", "");
    for number in 0..VIEWS_PER_TABLE {
        view(pen, recipe, table, table * VIEWS_PER_TABLE + number, &uses);
    }
    pen.close("savedqueries");
    pen.close("SavedQueries");
    empty_ribbon(pen);
    pen.close("Entity");
}

fn column(pen: &mut Pen, recipe: &Recipe, table: usize, index: usize, usage: Use) {
    let mut dice = recipe.dice(Kind::Column, index);
    let physical = usage.physical_name(table);
    let logical = physical.to_lowercase();
    let title = dice.words(2);
    let required = if matches!(usage, Use::Key | Use::Owner | Use::State) { "systemrequired" } else { "none" };
    let custom = if usage.is_custom() { "1" } else { "0" };
    pen.open("attribute", &format!("PhysicalName=\"{physical}\""));
    pen.leaves(&[
        ("Type", column_type(usage)),
        ("Name", &logical),
        ("LogicalName", &logical),
        ("RequiredLevel", required),
        ("DisplayMask", "ValidForAdvancedFind|ValidForForm|ValidForGrid"),
        ("ImeMode", "auto"),
        ("ValidForUpdateApi", "1"),
        ("ValidForReadApi", "1"),
        ("ValidForCreateApi", "1"),
        ("IsCustomField", custom),
        ("IsAuditEnabled", if dice.below(2) == 0 { "0" } else { "1" }),
        ("IsSecured", "0"),
        ("IntroducedVersion", INTRODUCED_VERSION),
    ]);
    pen.leaves(COLUMN_FLAGS);
    type_details(pen, &mut dice, table, &logical, &title, usage);
    pen.label("displaynames", "displayname", &title);
    let description = dice.words(7);
    let revision = recipe.revision(Kind::Column, index);
    pen.label("Descriptions", "Description", &format!("{description}{revision}"));
    pen.close("attribute");
}

pub(super) fn column_type(usage: Use) -> &'static str {
    match usage {
        Use::Key => "primarykey",
        Use::Name => "nvarchar",
        Use::Created | Use::Modified => "datetime",
        Use::Owner => "owner",
        Use::State => "state",
        Use::Status => "status",
        Use::Choice => "picklist",
        Use::Parent(_) => "lookup",
        Use::Plain(number) => {
            ["nvarchar", "int", "decimal", "nvarchar", "datetime", "bit", "ntext", "picklist"][number % 8]
        }
    }
}

/// Writes what only columns of that type have.
fn type_details(pen: &mut Pen, dice: &mut Dice, table: usize, logical: &str, title: &str, usage: Use) {
    match (usage, column_type(usage)) {
        (Use::Choice, _) => {
            pen.leaves(&[("AppDefaultValue", "-1"), ("OptionSetName", &choice_name(table))]);
        }
        (_, "nvarchar") => {
            let length = dice.between(1, 40) * 50;
            pen.leaf("Format", "text");
            pen.leaf("MaxLength", &length.to_string());
            pen.leaf("Length", &(length * 2).to_string());
        }
        (_, "ntext") => pen.leaves(&[("Format", "textarea"), ("MaxLength", "2000")]),
        (_, "int") => pen.leaves(&[("Format", "none"), ("MinValue", "0"), ("MaxValue", "2147483647")]),
        (_, "decimal") => pen.leaves(&[("MinValue", "0"), ("MaxValue", "1000000000"), ("Accuracy", "2")]),
        (_, "datetime") => {
            pen.leaves(&[("Format", "datetime"), ("CanChangeDateTimeBehavior", "1"), ("Behavior", "1")]);
        }
        (_, "lookup") => {
            pen.leaf("LookupStyle", "single");
            pen.empty("LookupTypes", "");
        }
        (_, "owner") => {
            pen.leaf("LookupStyle", "single");
            pen.open("LookupTypes", "");
            pen.leaves(&[("LookupType", "8"), ("LookupType", "9")]);
            pen.close("LookupTypes");
        }
        (_, kind @ ("picklist" | "bit" | "state" | "status")) => {
            pen.leaf("AppDefaultValue", if kind == "bit" { "0" } else { "-1" });
            local_choice(pen, dice, &format!("{}_{logical}", table_name(table)), title, kind);
        }
        _ => {}
    }
}

fn local_choice(pen: &mut Pen, dice: &mut Dice, name: &str, title: &str, kind: &str) {
    pen.open("optionset", &format!("Name=\"{name}\""));
    pen.leaves(&[("OptionSetType", kind), ("IntroducedVersion", INTRODUCED_VERSION), ("IsCustomizable", "1")]);
    pen.label("displaynames", "displayname", title);
    pen.label("Descriptions", "Description", title);
    let (group, item, items): (_, _, Vec<(String, String)>) = match kind {
        "state" => {
            let state = |value: usize, name: &str| {
                (format!("value=\"{value}\" defaultstatus=\"{}\" invariantname=\"{name}\"", value + 1), name.to_owned())
            };
            ("states", "state", vec![state(0, "Active"), state(1, "Inactive")])
        }
        "status" => {
            let status =
                |value: usize, name: &str| (format!("value=\"{value}\" state=\"{}\"", value - 1), name.to_owned());
            ("statuses", "status", vec![status(1, "Active"), status(2, "Inactive")])
        }
        "bit" => {
            let option = |value: usize, name: &str| (format!("value=\"{value}\""), name.to_owned());
            ("options", "option", vec![option(1, "Yes"), option(0, "No")])
        }
        _ => {
            let options = (0..dice.between(2, 8)).map(|number| {
                let value = OPTION_VALUE_BASE + number;
                (format!("value=\"{value}\" ExternalValue=\"\" IsHidden=\"0\""), dice.words(2))
            });
            ("options", "option", options.collect())
        }
    };
    pen.open(group, "");
    for (attributes, label) in &items {
        pen.open(item, attributes);
        pen.label("labels", "label", label);
        pen.close(item);
    }
    pen.close(group);
    pen.close("optionset");
}

fn empty_ribbon(pen: &mut Pen) {
    pen.open("RibbonDiffXml", "");
    pen.empty("CustomActions", "");
    pen.open("Templates", "");
    pen.open("RibbonTemplates", "Id=\"Mscrm.Templates\"");
    pen.close("RibbonTemplates");
    pen.close("Templates");
    pen.empty("CommandDefinitions", "");
    pen.open("RuleDefinitions", "");
    for rules in ["TabDisplayRules", "DisplayRules", "EnableRules"] {
        pen.empty(rules, "");
    }
    pen.close("RuleDefinitions");
    pen.empty("LocLabels", "");
    pen.close("RibbonDiffXml");
}

/// Writes a process stub; what the flow does is in its member file.
pub(crate) fn flow(pen: &mut Pen, recipe: &Recipe, index: usize) {
    let name = flow_name(index);
    pen.open("Workflow", &format!("WorkflowId=\"{{{}}}\" Name=\"{name}\"", recipe.id(Kind::Flow, index)));
    pen.leaf("JsonFileName", &format!("/{}", members::flow_path(recipe, index)));
    pen.leaves(FLOW_FLAGS);
    pen.open("LocalizedNames", "");
    pen.empty("LocalizedName", &format!("languagecode=\"1033\" description=\"{name}\""));
    pen.close("LocalizedNames");
    pen.close("Workflow");
}

/// Writes the relationship behind one of a table's lookups: to the table before it, and to `Contact`.
pub(crate) fn relationship(pen: &mut Pen, recipe: &Recipe, index: usize) {
    let (table, number) = (index / RELATIONSHIPS_PER_TABLE, index % RELATIONSHIPS_PER_TABLE);
    let referenced = match (table, number) {
        (0, 0) => "Account".to_owned(),
        (_, 0) => table_name(table - 1),
        _ => "Contact".to_owned(),
    };
    let name = relationship_name(index);
    let lookup = Use::Parent(number).physical_name(table);
    let title = recipe.dice(Kind::Relationship, index).words(6);
    pen.open("EntityRelationship", &format!("Name=\"{name}\""));
    pen.leaves(&[
        ("EntityRelationshipType", "OneToMany"),
        ("IsCustomizable", "1"),
        ("IntroducedVersion", INTRODUCED_VERSION),
        ("IsHierarchical", "0"),
        ("ReferencingEntityName", &table_name(table)),
        ("ReferencedEntityName", &referenced),
        ("CascadeAssign", "NoCascade"),
        ("CascadeDelete", if recipe.is_changed(Kind::Relationship, index) { "Restrict" } else { "RemoveLink" }),
        ("CascadeReparent", "NoCascade"),
        ("CascadeShare", "NoCascade"),
        ("CascadeUnshare", "NoCascade"),
        ("CascadeRollupView", "NoCascade"),
        ("IsValidForAdvancedFind", "1"),
        ("ReferencingAttributeName", &lookup),
    ]);
    pen.open("RelationshipDescription", "");
    pen.label("Descriptions", "Description", &title);
    pen.close("RelationshipDescription");
    pen.open("EntityRelationshipRoles", "");
    pen.open("EntityRelationshipRole", "");
    pen.leaves(&[
        ("NavPaneDisplayOption", "UseCollectionName"),
        ("NavPaneArea", "Details"),
        ("NavPaneOrder", "10000"),
        ("NavigationPropertyName", &lookup),
        ("RelationshipRoleType", "1"),
    ]);
    pen.close("EntityRelationshipRole");
    pen.open("EntityRelationshipRole", "");
    pen.leaves(&[("NavigationPropertyName", &name), ("RelationshipRoleType", "0")]);
    pen.close("EntityRelationshipRole");
    pen.close("EntityRelationshipRoles");
    pen.close("EntityRelationship");
}

pub(super) fn relationship_name(index: usize) -> String {
    let (table, number) = (index / RELATIONSHIPS_PER_TABLE, index % RELATIONSHIPS_PER_TABLE);
    format!("gen_relationship_{}_parent{number}", table_name(table))
}

/// Writes a global choice.
pub(crate) fn choice(pen: &mut Pen, recipe: &Recipe, index: usize) {
    let mut dice = recipe.dice(Kind::Choice, index);
    let title = dice.words(2);
    pen.open("optionset", &format!("Name=\"{}\" localizedName=\"{title}\"", choice_name(index)));
    pen.leaves(&[
        ("OptionSetType", "picklist"),
        ("IsGlobal", "1"),
        ("IntroducedVersion", INTRODUCED_VERSION),
        ("IsCustomizable", "1"),
        ("ExternalTypeName", ""),
    ]);
    pen.label("displaynames", "displayname", &title);
    let description = dice.words(5);
    pen.label("Descriptions", "Description", &description);
    pen.open("options", "");
    for number in 0..dice.between(2, 6) {
        let value = OPTION_VALUE_BASE + number;
        pen.open("option", &format!("value=\"{value}\" ExternalValue=\"\" IsHidden=\"0\""));
        let label = dice.words(2);
        let revision = if number == 0 { recipe.revision(Kind::Choice, index) } else { "" };
        pen.label("labels", "label", &format!("{label}{revision}"));
        pen.close("option");
    }
    pen.close("options");
    pen.close("optionset");
}

/// Writes a web resource's element; its payload is a member file.
pub(crate) fn web_resource(pen: &mut Pen, recipe: &Recipe, index: usize) {
    let name = web_resource_name(index);
    pen.open("WebResource", "");
    pen.leaves(&[
        ("WebResourceId", &format!("{{{}}}", recipe.id(Kind::WebResource, index))),
        ("Name", &name),
        ("DisplayName", &name),
        ("LanguageCode", "1033"),
        ("WebResourceType", "3"),
        ("IntroducedVersion", INTRODUCED_VERSION),
        ("IsEnabledForMobileClient", "0"),
        ("IsAvailableForMobileOffline", "0"),
        ("IsCustomizable", "1"),
        ("CanBeDeleted", "1"),
        ("IsHidden", "0"),
        ("FileName", &format!("/{}", members::web_resource_path(recipe, index))),
    ]);
    pen.close("WebResource");
}

const COLUMN_FLAGS: &[(&str, &str)] = &[
    ("IsCustomizable", "1"),
    ("IsRenameable", "1"),
    ("CanModifySearchSettings", "1"),
    ("CanModifyRequirementLevelSettings", "1"),
    ("CanModifyAdditionalSettings", "1"),
    ("SourceType", "0"),
    ("IsGlobalFilterEnabled", "0"),
    ("IsSortableEnabled", "0"),
    ("CanModifyGlobalFilterSettings", "1"),
    ("CanModifyIsSortableSettings", "1"),
    ("IsDataSourceSecret", "0"),
    ("AutoNumberFormat", ""),
    ("IsSearchable", "0"),
    ("IsFilterable", "0"),
    ("IsRetrievable", "0"),
    ("IsLocalizable", "0"),
];

const TABLE_FLAGS: &[(&str, &str)] = &[
    ("IsDuplicateCheckSupported", "1"),
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
    ("ActivityTypeMask", ""),
    ("IsActivityParty", "0"),
    ("IsReplicated", "0"),
    ("IsReplicationUserFiltered", "0"),
    ("IsMailMergeEnabled", "0"),
    ("IsVisibleInMobile", "0"),
    ("IsVisibleInMobileClient", "1"),
    ("IsReadOnlyInMobileClient", "0"),
    ("IsOfflineInMobileClient", "1"),
    ("DaysSinceRecordLastModified", "0"),
    ("MobileOfflineFilters", ""),
    ("IsMapiGridEnabled", "1"),
    ("IsReadingPaneEnabled", "1"),
    ("IsQuickCreateEnabled", "0"),
    ("SyncToExternalSearchIndex", "0"),
    ("IntroducedVersion", INTRODUCED_VERSION),
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
    ("ChangeTrackingEnabled", "1"),
    ("CanChangeTrackingBeEnabled", "1"),
    ("IsEnabledForExternalChannels", "0"),
    ("IsMSTeamsIntegrationEnabled", "0"),
    ("IsSolutionAware", "0"),
];

const FLOW_FLAGS: &[(&str, &str)] = &[
    ("Type", "1"),
    ("Subprocess", "0"),
    ("Category", "5"),
    ("Mode", "0"),
    ("Scope", "4"),
    ("OnDemand", "0"),
    ("TriggerOnCreate", "0"),
    ("TriggerOnDelete", "0"),
    ("AsyncAutodelete", "0"),
    ("SyncWorkflowLogOnFailure", "0"),
    ("StateCode", "1"),
    ("StatusCode", "2"),
    ("RunAs", "1"),
    ("IsTransacted", "1"),
    ("IntroducedVersion", INTRODUCED_VERSION),
    ("IsCustomizable", "1"),
    ("BusinessProcessType", "0"),
    ("IsCustomProcessingStepAllowedForOtherPublishers", "1"),
    ("ModernFlowType", "0"),
    ("PrimaryEntity", "none"),
];
