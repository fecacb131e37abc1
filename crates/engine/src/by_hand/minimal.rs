//! The smallest definition that a component of a common type can have, in the shape that packages give it.

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;
use strata_xml::{Element, Node};

use crate::table::default_set;

/// What a minimal definition is made of.
pub(super) struct Recipe<'a> {
    pub(super) key: &'a ComponentKey,
    /// Schema name, or the column's part of it, in its own case.
    pub(super) schema_name: &'a str,
    pub(super) display_name: &'a str,
    pub(super) id: Guid,
    /// The table this is a part of (folded).
    pub(super) table: Option<&'a str>,
    /// The language of its labels: the environment's base language.
    pub(super) language: u32,
    /// `Type` of a column, `Category` of a process.
    pub(super) kind: Option<&'a str>,
}

/// Returns the definition, for types that have a minimal one.
pub(super) fn definition(recipe: &Recipe<'_>) -> Option<Element> {
    Some(match recipe.key.component_type.name() {
        "entity" => recipe.table(),
        "attribute" => recipe.column(),
        "systemform" => recipe.form(),
        "savedquery" => recipe.view(),
        "savedqueryvisualization" => recipe.chart(),
        "optionset" => recipe.choice(),
        "webresource" => recipe.web_resource(),
        "role" => recipe.role(),
        "workflow" => recipe.process(),
        "environmentvariabledefinition" => recipe.variable(),
        "environmentvariablevalue" => recipe.value(),
        "connectionreference" => recipe.connection_reference(),
        "appmodule" => recipe.app(),
        "sitemap" => recipe.site_map(),
        "fieldsecurityprofile" => recipe.profile(),
        _ => return None,
    })
}

/// Returns where such a component stands when its type does not say.
pub(super) fn home(component_type: &ComponentType, table: Option<&str>) -> Option<String> {
    match (component_type.name(), table) {
        ("systemform", Some(_)) => Some("forms/main".to_owned()),
        ("systemform", None) => Some("Dashboards".to_owned()),
        _ => None,
    }
}

/// Returns the key column and the name column that every table has.
pub(super) fn own_columns(table: &str, prefix: &str, language: u32) -> [(String, Element); 2] {
    let key_name = format!("{table}id");
    let name = format!("{prefix}_name");
    let mut key = column(&key_name, "primarykey", "ValidForAdvancedFind|RequiredForGrid", "systemrequired");
    add_labels(&mut key, "displaynames", "displayname", "Key", language);
    let mask = "PrimaryName|ValidForAdvancedFind|ValidForForm|ValidForGrid|RequiredForForm";
    let mut named = column(&name, "nvarchar", mask, "required");
    add_texts(&mut named, type_details("nvarchar"));
    add_labels(&mut named, "displaynames", "displayname", "Name", language);
    [(key_name, key), (name, named)]
}

impl Recipe<'_> {
    fn braced(&self) -> String {
        format!("{{{}}}", self.id)
    }

    fn label(&self, element: &mut Element, container: &str, label: &str) {
        add_labels(element, container, label, self.display_name, self.language);
    }

    fn table(&self) -> Element {
        let mut root = Element::new("Entity");
        let name = root.child_or_new("Name");
        name.set_attribute("LocalizedName", self.display_name);
        name.set_attribute("OriginalName", self.display_name);
        name.set_text(self.schema_name);
        let own = root.child_or_new("EntityInfo").child_or_new("entity");
        own.set_attribute("Name", self.schema_name);
        self.label(own, "LocalizedNames", "LocalizedName");
        self.label(own, "LocalizedCollectionNames", "LocalizedCollectionName");
        add_texts(own, &[("EntitySetName", &default_set(self.key.as_str()))]);
        add_texts(own, TABLE_SETTINGS);
        root
    }

    fn column(&self) -> Element {
        let kind = self.kind.unwrap_or("nvarchar");
        let mut root = column(self.schema_name, kind, "ValidForAdvancedFind|ValidForForm|ValidForGrid", "none");
        add_texts(&mut root, type_details(kind));
        if matches!(kind, "picklist" | "multiselectpicklist" | "bit") {
            let choice = root.child_or_new("optionset");
            let table = self.key.table().unwrap_or_default();
            choice.set_attribute("Name", &format!("{table}_{}", self.schema_name.to_lowercase()));
            let choice_type = if kind == "bit" { "bit" } else { "picklist" };
            add_texts(choice, &[("OptionSetType", choice_type), ("IsGlobal", "0"), ("IsCustomizable", "1")]);
            choice.child_or_new("options");
            if kind == "bit" {
                add_option(choice, "1", "Yes", self.language);
                add_option(choice, "0", "No", self.language);
            }
        }
        self.label(&mut root, "displaynames", "displayname");
        root
    }

    fn form(&self) -> Element {
        let mut root = Element::new("systemform");
        let id = self.braced();
        let id_name = if self.table.is_some() { "formid" } else { "FormId" };
        add_texts(&mut root, &[(id_name, &id), ("FormPresentation", "1"), ("FormActivationState", "1")]);
        let form = root.child_or_new("form");
        let tab = form.child_or_new("tabs").child_or_new("tab");
        tab.set_attribute("name", "general");
        tab.set_attribute("id", &part_id(self.id, "tab"));
        add_labels(tab, "labels", "label", self.display_name, self.language);
        let column = tab.child_or_new("columns").child_or_new("column");
        column.set_attribute("width", "100%");
        let section = column.child_or_new("sections").child_or_new("section");
        section.set_attribute("name", "main");
        section.set_attribute("id", &part_id(self.id, "section"));
        add_labels(section, "labels", "label", self.display_name, self.language);
        section.child_or_new("rows");
        add_texts(&mut root, FREE);
        self.label(&mut root, "LocalizedNames", "LocalizedName");
        root
    }

    fn view(&self) -> Element {
        let mut root = Element::new("savedquery");
        let id = self.braced();
        let table = self.table.unwrap_or_default();
        add_texts(&mut root, FREE);
        add_texts(
            &mut root,
            &[("isquickfindquery", "0"), ("isprivate", "0"), ("isdefault", "0"), ("savedqueryid", &id)],
        );
        let key_column = format!("{table}id");
        let grid = root.child_or_new("layoutxml").child_or_new("grid");
        grid.set_attribute("name", "resultset");
        grid.set_attribute("select", "1");
        let row = grid.child_or_new("row");
        row.set_attribute("name", "result");
        row.set_attribute("id", &key_column);
        add_texts(&mut root, &[("querytype", "0")]);
        let fetch = root.child_or_new("fetchxml").child_or_new("fetch");
        fetch.set_attribute("version", "1.0");
        fetch.set_attribute("mapping", "logical");
        let entity = fetch.child_or_new("entity");
        entity.set_attribute("name", table);
        entity.child_or_new("attribute").set_attribute("name", &key_column);
        self.label(&mut root, "LocalizedNames", "LocalizedName");
        root
    }

    fn chart(&self) -> Element {
        let mut root = Element::new("visualization");
        let id = self.braced();
        let table = self.table.unwrap_or_default();
        add_texts(
            &mut root,
            &[("savedqueryvisualizationid", &id), ("primaryentitytypecode", table), ("isdefault", "false")],
        );
        let fetch = root.child_or_new("datadescription").child_or_new("datadefinition");
        let entity = fetch.child_or_new("fetchcollection").child_or_new("fetch").child_or_new("entity");
        entity.set_attribute("name", table);
        root.child_or_new("presentationdescription").child_or_new("Chart");
        add_texts(&mut root, FREE);
        self.label(&mut root, "LocalizedNames", "LocalizedName");
        root
    }

    fn choice(&self) -> Element {
        let mut root = Element::new("optionset");
        root.set_attribute("Name", self.schema_name);
        root.set_attribute("localizedName", self.display_name);
        add_texts(&mut root, &[("OptionSetType", "picklist"), ("IsGlobal", "1"), ("IsCustomizable", "1")]);
        self.label(&mut root, "displaynames", "displayname");
        root.child_or_new("options");
        root
    }

    fn web_resource(&self) -> Element {
        let mut root = Element::new("WebResource");
        let extension = self.schema_name.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
        let kind = WEB_RESOURCE_TYPES.iter().find(|(name, _)| *name == extension).map_or("4", |(_, kind)| *kind);
        let id = self.braced();
        add_texts(
            &mut root,
            &[
                ("WebResourceId", &id),
                ("Name", self.schema_name),
                ("DisplayName", self.display_name),
                ("WebResourceType", kind),
                ("IsEnabledForMobileClient", "0"),
                ("IsAvailableForMobileOffline", "0"),
            ],
        );
        add_texts(&mut root, FREE);
        add_texts(&mut root, &[("IsHidden", "0")]);
        root
    }

    fn role(&self) -> Element {
        let mut root = Element::new("Role");
        root.set_attribute("id", &self.braced());
        root.set_attribute("name", self.display_name);
        add_texts(&mut root, &[("IsCustomizable", "1")]);
        root.child_or_new("RolePrivileges");
        root
    }

    fn process(&self) -> Element {
        let mut root = Element::new("Workflow");
        root.set_attribute("WorkflowId", &self.braced());
        root.set_attribute("Name", self.display_name);
        let category = self.kind.unwrap_or("5");
        let table = self.table.unwrap_or("none");
        add_texts(
            &mut root,
            &[
                ("Type", "1"),
                ("Subprocess", "0"),
                ("Category", category),
                ("Mode", "0"),
                ("Scope", "4"),
                ("StateCode", "0"),
                ("StatusCode", "1"),
                ("IsCustomizable", "1"),
                ("PrimaryEntity", table),
            ],
        );
        self.label(&mut root, "LocalizedNames", "LocalizedName");
        root
    }

    fn variable(&self) -> Element {
        let mut root = Element::new("environmentvariabledefinition");
        root.set_attribute("schemaname", self.schema_name);
        let name = root.child_or_new("displayname");
        name.set_attribute("default", self.display_name);
        name.children.push(Node::Element(label("label", self.display_name, self.language)));
        add_texts(
            &mut root,
            &[("iscustomizable", "1"), ("isrequired", "0"), ("secretstore", "0"), ("type", "100000000")],
        );
        root
    }

    fn value(&self) -> Element {
        let mut root = Element::new("environmentvariablevalue");
        root.set_attribute("environmentvariablevalueid", &self.id.to_string());
        root
    }

    fn connection_reference(&self) -> Element {
        let mut root = Element::new("connectionreference");
        root.set_attribute("connectionreferencelogicalname", self.schema_name);
        let texts = [
            ("connectionreferencedisplayname", self.display_name),
            ("iscustomizable", "1"),
            ("statecode", "0"),
            ("statuscode", "1"),
        ];
        add_texts(&mut root, &texts);
        root
    }

    fn app(&self) -> Element {
        let mut root = Element::new("AppModule");
        add_texts(
            &mut root,
            &[
                ("UniqueName", self.schema_name),
                ("statecode", "0"),
                ("statuscode", "1"),
                ("FormFactor", "1"),
                ("ClientType", "4"),
            ],
        );
        root.child_or_new("AppModuleComponents");
        self.label(&mut root, "LocalizedNames", "LocalizedName");
        root
    }

    fn site_map(&self) -> Element {
        let mut root = Element::new("AppModuleSiteMap");
        add_texts(&mut root, &[("SiteMapUniqueName", self.schema_name)]);
        root.child_or_new("SiteMap");
        self.label(&mut root, "LocalizedNames", "LocalizedName");
        root
    }

    fn profile(&self) -> Element {
        let mut root = Element::new("FieldSecurityProfile");
        root.set_attribute("fieldsecurityprofileid", &self.braced());
        root.set_attribute("name", self.display_name);
        root.child_or_new("FieldPermissions");
        root
    }
}

/// Nothing is locked unless its author locks it (MP15).
const FREE: &[(&str, &str)] = &[("IsCustomizable", "1"), ("CanBeDeleted", "1")];

const TABLE_SETTINGS: &[(&str, &str)] = &[
    ("OwnershipTypeMask", "UserOwned"),
    ("IsAuditEnabled", "0"),
    ("IsActivity", "0"),
    ("ChangeTrackingEnabled", "0"),
    ("SyncToExternalSearchIndex", "0"),
    ("IsCustomizable", "1"),
    ("IsRenameable", "1"),
    ("CanModifyAdditionalSettings", "1"),
    ("CanCreateForms", "1"),
    ("CanCreateViews", "1"),
    ("CanCreateCharts", "1"),
    ("CanCreateAttributes", "1"),
    ("CanChangeHierarchicalRelationship", "1"),
    ("CanChangeTrackingBeEnabled", "1"),
    ("CanEnableSyncToExternalSearchIndex", "1"),
];

/// `WebResourceType` by extension (package-format §3.2).
const WEB_RESOURCE_TYPES: &[(&str, &str)] = &[
    ("html", "1"),
    ("htm", "1"),
    ("css", "2"),
    ("js", "3"),
    ("xml", "4"),
    ("png", "5"),
    ("jpg", "6"),
    ("gif", "7"),
    ("xap", "8"),
    ("xsl", "9"),
    ("ico", "10"),
    ("svg", "11"),
    ("resx", "12"),
];

/// The types that a column is written with in a package (corpus).
pub(super) const COLUMN_TYPES: &[&str] = &[
    "nvarchar",
    "ntext",
    "int",
    "bigint",
    "decimal",
    "float",
    "money",
    "bit",
    "datetime",
    "picklist",
    "multiselectpicklist",
    "state",
    "status",
    "lookup",
    "customer",
    "owner",
    "partylist",
    "uniqueidentifier",
    "primarykey",
    "image",
    "file",
    "EntityName",
    "managedproperty",
    "virtual",
];

fn type_details(kind: &str) -> &'static [(&'static str, &'static str)] {
    match kind {
        "nvarchar" => &[("Format", "text"), ("MaxLength", "100"), ("Length", "200")],
        "ntext" => &[("Format", "textarea"), ("MaxLength", "2000")],
        "int" => &[("Format", ""), ("MinValue", "-2147483648"), ("MaxValue", "2147483647")],
        "decimal" | "float" => &[("MinValue", "-100000000000"), ("MaxValue", "100000000000"), ("Accuracy", "2")],
        "money" => &[
            ("MinValue", "-922337203685477"),
            ("MaxValue", "922337203685477"),
            ("Accuracy", "2"),
            ("AccuracySource", "2"),
        ],
        "datetime" => &[("Format", "datetime"), ("Behavior", "1"), ("CanChangeDateTimeBehavior", "1")],
        _ => &[],
    }
}

fn column(schema_name: &str, kind: &str, mask: &str, required: &str) -> Element {
    let mut root = Element::new("attribute");
    root.set_attribute("PhysicalName", schema_name);
    let logical_name = schema_name.to_lowercase();
    let texts = [
        ("Type", kind),
        ("Name", &logical_name),
        ("LogicalName", &logical_name),
        ("RequiredLevel", required),
        ("DisplayMask", mask),
        ("ValidForUpdateApi", if kind == "primarykey" { "0" } else { "1" }),
        ("ValidForReadApi", "1"),
        ("ValidForCreateApi", "1"),
        ("IsCustomField", "1"),
        ("IsCustomizable", "1"),
        ("IsRenameable", "1"),
        ("CanModifyAdditionalSettings", "1"),
    ];
    add_texts(&mut root, &texts);
    root
}

fn add_texts(element: &mut Element, texts: &[(&str, &str)]) {
    for (name, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
        element.child_or_new(name).set_text(text);
    }
}

fn label(name: &str, text: &str, language: u32) -> Element {
    let mut label = Element::new(name);
    label.set_attribute("description", text);
    label.set_attribute("languagecode", &language.to_string());
    label
}

fn add_labels(element: &mut Element, container: &str, name: &str, text: &str, language: u32) {
    element.child_or_new(container).children.push(Node::Element(label(name, text, language)));
}

/// Adds an option to a choice.
pub(super) fn add_option(choice: &mut Element, value: &str, text: &str, language: u32) {
    let mut option = Element::new("option");
    option.set_attribute("value", value);
    add_labels(&mut option, "labels", "label", text, language);
    choice.child_or_new("options").children.push(Node::Element(option));
}

/// Mints the id of a part of a form from the form's.
fn part_id(form: Guid, part: &str) -> String {
    format!("{{{}}}", Guid::minted(form, "formpart", part))
}
