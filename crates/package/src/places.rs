//! Which elements of `customizations.xml` are components, by where they stand (package-format §3).
//!
//! Sections that nobody knows hold generic components, whose type is their element's name.
//!
//! Not here: the scan that walks these places (see [`crate::customizations_xml`]).

/// Where an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Root,
    /// A section of the root; items are its children.
    Section(&'static str),
    /// A container whose children are components of the named type (empty: of their own name).
    Items(&'static str),
    ConnectionRoles,
    Templates,
    Languages,
    Entity,
    EntityInfo,
    EntityOwn,
    Assembly,
    /// Inside a component, or in something that is none: nothing in here is a component.
    Inside,
}

/// Sections whose items have the type of the table; other sections give items of their element's name.
const SECTIONS: &[(&str, &str)] = &[
    ("Roles", "role"),
    ("Workflows", "workflow"),
    ("FieldSecurityProfiles", "fieldsecurityprofile"),
    ("EntityImageConfigs", "entityimageconfig"),
    ("AttributeImageConfigs", "attributeimageconfig"),
    ("SiteMap", "sitemap"),
    ("EntityMaps", "entitymap"),
    ("EntityRelationships", "entityrelationship"),
    ("optionsets", "optionset"),
    ("Reports", "report"),
    ("Dashboards", "systemform"),
    ("InteractionCentricDashboards", "systemform"),
    ("WebResources", "webresource"),
    ("CustomControls", "customcontrol"),
    ("SolutionPluginAssemblies", "pluginassembly"),
    ("SdkMessageProcessingSteps", "sdkmessageprocessingstep"),
    ("AppModuleSiteMaps", "sitemap"),
    ("AppModules", "appmodule"),
    ("EntityDataProviders", "entitydataprovider"),
    ("EntityDataSources", "entitydatasource"),
    ("CanvasApps", "canvasapp"),
    ("Connectors", "connector"),
    ("AIModels", "aimodel"),
    ("connectionreferences", "connectionreference"),
    ("workqueues", "workqueue"),
];

/// Returns the section that holds the components of a type, when it is always the same.
pub(crate) fn section_of(type_name: &str) -> Option<&'static str> {
    SECTIONS.iter().find(|(_, held)| *held == type_name).map(|(section, _)| *section)
}

/// The sections of a document in the order that exports have (package-format §3).
pub(crate) const SECTION_ORDER: &[&str] = &[
    "Entities",
    "Roles",
    "Workflows",
    "FieldSecurityProfiles",
    "Templates",
    "RibbonDiffXml",
    "ConnectionRoles",
    "EntityImageConfigs",
    "AttributeImageConfigs",
    "SiteMap",
    "EntityMaps",
    "EntityRelationships",
    "OrganizationSettings",
    "optionsets",
    "Reports",
    "Dashboards",
    "InteractionCentricDashboards",
    "WebResources",
    "CustomControls",
    "SolutionPluginAssemblies",
    "SdkMessageProcessingSteps",
    "ServiceEndpoints",
    "RoutingRules",
    "SLAs",
    "ConvertRules",
    "MobileOfflineProfiles",
    "AppModuleSiteMaps",
    "AppModules",
    "EntityDataProviders",
    "EntityDataSources",
    "CanvasApps",
    "Connectors",
    "AIModels",
    "connectionreferences",
    "workqueues",
    UNKNOWN_SECTION,
    "Languages",
];

/// Where a section that nobody knows goes.
pub(crate) const UNKNOWN_SECTION: &str = "*";

/// The children of a table in their order (package-format §3.1).
pub(crate) const TABLE_ORDER: &[&str] = &[
    "Name",
    "ObjectTypeCode",
    "EntityInfo",
    "FormXml",
    "SavedQueries",
    "Visualizations",
    "RibbonDiffXml",
    "CustomControlDefaultConfigs",
];

/// Texts of children that identify, name or locate a component of the types that come by the thousand.
pub(crate) fn texts_of(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "attribute" => &["Name", "LogicalName", "FormulaDefinitionFileName"],
        "systemform" => &["formid", "FormId"],
        "savedquery" => &["savedqueryid"],
        "entity" => &["Name"],
        "optionset" | "entityrelationship" | "role" | "ribboncustomization" => &[],
        "workflow" => &["XamlFileName", "JsonFileName", "Category"],
        _ => TEXTS,
    }
}

/// Texts of children that identify, name or locate a component of any other type.
const TEXTS: &[&str] = &[
    "Name",
    "LogicalName",
    "formid",
    "FormId",
    "savedqueryid",
    "savedqueryvisualizationid",
    "WebResourceId",
    "FileName",
    "DisplayName",
    "displayname",
    "XamlFileName",
    "JsonFileName",
    "Category",
    "UniqueName",
    "SiteMapUniqueName",
    "connectionroleid",
    "reportid",
    "ExportedFileName",
    "connectorid",
    "name",
    "templateid",
    "msdyn_aimodelid",
    "msdyn_name",
    "parententitylogicalname",
    "attributelogicalname",
    "EntitySource",
    "EntityTarget",
    "DocumentUri",
    "BackgroundImageUri",
    "FormulaDefinitionFileName",
    "connectionreferencedisplayname",
    "PrimaryEntityTypeCode",
    "openapidefinition",
    "connectionparameters",
    "policytemplateinstances",
    "customcodeblobcontent",
    "iconblob",
    "schemaname",
    "uniquename",
    "id",
    "title",
    "associatedconnectionroleid",
];

impl Place {
    /// Returns what a child element is, where the name of its parent counts too: `FormXml/forms/systemform` and
    /// `SavedQueries/savedqueries/savedquery` have one wrapper between.
    pub(crate) fn child_of(self, parent: &str, name: &str) -> (Self, Option<&'static str>) {
        match self {
            Self::Section("forms") if parent == "FormXml" => (Self::Items("systemform"), None),
            Self::Section("views") if parent == "SavedQueries" => (Self::Items("savedquery"), None),
            other => other.child(name),
        }
    }

    /// Returns what a child element is: its place, and the type when it is a component.
    pub(crate) fn child(self, name: &str) -> (Self, Option<&'static str>) {
        match (self, name) {
            (Self::Root, "Entities") => (Self::Items("entity"), None),
            (Self::Root, "RibbonDiffXml") => (Self::Inside, Some("ribboncustomization")),
            (Self::Root, "ConnectionRoles") => (Self::ConnectionRoles, None),
            (Self::Root, "Templates") => (Self::Templates, None),
            (Self::Root, "Languages") => (Self::Languages, None),
            (Self::Root, section) => {
                let known = SECTIONS.iter().find(|(known, _)| *known == section);
                (Self::Section(known.map_or("", |(_, type_name)| type_name)), None)
            }
            (Self::Items("entity"), _) => (Self::Entity, Some("entity")),
            (Self::Section("pluginassembly"), _) => (Self::Assembly, Some("pluginassembly")),
            (Self::Section("report"), "ReportSignatureIdMappings") => (Self::Items(""), None),
            (Self::Section(type_name) | Self::Items(type_name), _) => (Self::Inside, Some(type_name)),
            (Self::ConnectionRoles, "ConnectionRoles") => (Self::Items("connectionrole"), None),
            (Self::ConnectionRoles, _) => (Self::Items(""), None),
            (Self::Templates, "EmailTemplates") => (Self::Items("template"), None),
            (Self::Templates, "ContractTemplates") => (Self::Items("contracttemplate"), None),
            (Self::Templates, "KBArticleTemplates" | "ArticleTemplates") => (Self::Items("kbarticletemplate"), None),
            (Self::Templates, "MailMergeTemplates") => (Self::Items("mailmergetemplate"), None),
            (Self::Templates, _) => (Self::Items(""), None),
            (Self::Entity, "EntityInfo") => (Self::EntityInfo, None),
            (Self::Entity, "FormXml") => (Self::Section("forms"), None),
            (Self::Entity, "SavedQueries") => (Self::Section("views"), None),
            (Self::Entity, "Visualizations") => (Self::Items("savedqueryvisualization"), None),
            (Self::Entity, "RibbonDiffXml") => (Self::Inside, Some("ribboncustomization")),
            (Self::Entity, "CustomControlDefaultConfigs") => (Self::Items("customcontroldefaultconfig"), None),
            (Self::EntityInfo, "entity") => (Self::EntityOwn, None),
            (Self::EntityOwn, "attributes") => (Self::Items("attribute"), None),
            (Self::EntityOwn, "EntityKeys") => (Self::Items("entitykey"), None),
            (Self::Assembly, "PluginTypes") => (Self::Items("plugintype"), None),
            (
                Self::Languages | Self::Entity | Self::EntityInfo | Self::EntityOwn | Self::Assembly | Self::Inside,
                _,
            ) => (Self::Inside, None),
        }
    }
}
