//! What every definition of a column begins with.

use strata_xml::Element;

use super::build::text;

/// A column, as far as its type says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    pub schema_name: &'a str,
    /// The type as packages write it.
    pub kind: &'a str,
    /// As packages write it: `none`, `recommended`, `required`, `systemrequired`.
    pub required: &'a str,
    /// What it can be shown in; empty where it is shown nowhere.
    pub mask: &'a str,
    pub uses: &'a [Use],
}

/// What a column is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Somebody's own; else the platform's.
    Custom,
    Create,
    Update,
    Audit,
    /// Its values come from another column.
    Logical,
    Search,
    Filter,
    Retrieve,
}

impl Column<'_> {
    /// Starts its definition.
    pub fn start(&self) -> Element {
        let logical_name = self.schema_name.to_lowercase();
        let mut root = Element::new("attribute");
        root.set_attribute("PhysicalName", self.schema_name);
        let flag = |own: Use| if self.uses.contains(&own) { "1" } else { "0" };
        let mut say = |name: &str, value: &str| root.children.push(strata_xml::Node::Element(text(name, value)));
        say("Type", self.kind);
        say("Name", &logical_name);
        say("LogicalName", &logical_name);
        say("RequiredLevel", self.required);
        if !self.mask.is_empty() {
            say("DisplayMask", self.mask);
        }
        say("ImeMode", ime_mode(self.kind, &logical_name));
        say("ValidForUpdateApi", flag(Use::Update));
        say("ValidForReadApi", "1");
        say("ValidForCreateApi", flag(Use::Create));
        say("IsCustomField", flag(Use::Custom));
        say("IsAuditEnabled", flag(Use::Audit));
        if self.uses.contains(&Use::Logical) {
            say("IsLogical", "1");
        }
        let is_key = self.kind == "primarykey";
        for (name, value) in [
            ("IsSecured", "0"),
            ("IntroducedVersion", "1.0"),
            ("IsCustomizable", "1"),
            ("IsRenameable", "1"),
            ("CanModifySearchSettings", "1"),
            ("CanModifyRequirementLevelSettings", if is_key { "0" } else { "1" }),
            ("CanModifyAdditionalSettings", "1"),
            ("SourceType", "0"),
            ("IsGlobalFilterEnabled", "0"),
            ("IsSortableEnabled", "0"),
            ("CanModifyGlobalFilterSettings", "1"),
            ("CanModifyIsSortableSettings", "1"),
            ("IsDataSourceSecret", "0"),
            ("AutoNumberFormat", ""),
            ("IsSearchable", flag(Use::Search)),
            ("IsFilterable", flag(Use::Filter)),
            ("IsRetrievable", flag(Use::Retrieve)),
            ("IsLocalizable", "0"),
        ] {
            say(name, value);
        }
        root
    }
}

/// How texts are typed into it.
fn ime_mode(kind: &str, logical_name: &str) -> &'static str {
    match kind {
        "datetime" => "inactive",
        "int" if matches!(logical_name, "timezoneruleversionnumber" | "utcconversiontimezonecode") => "auto",
        "int" | "bigint" | "decimal" | "float" | "money" => "disabled",
        _ => "auto",
    }
}

/// The name of a choice that only one column has.
pub fn own_choice(table: &str, column: &str) -> String {
    format!("{}_{}", table.to_lowercase(), column.to_lowercase())
}
