//! A column as `AttributeMetadata` and what derives from it.

use serde_json::{Value, json};
use strata_ops::schema::{Column, Kind, Leaves, Table};

use super::choice;
use super::shape::{Document, document, flag, label, managed, number, text};

/// A type of columns: the word of packages, `AttributeType`, `AttributeTypeName`, what derives from `AttributeMetadata`.
pub(crate) struct Type {
    pub(crate) word: &'static str,
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// Without `AttributeMetadata`; empty for that itself.
    pub(crate) derived: &'static str,
}

const fn row(word: &'static str, code: &'static str, name: &'static str, derived: &'static str) -> Type {
    Type { word, code, name, derived }
}

/// Column types as packages and as the Web API name them.
pub(crate) const TYPES: &[Type] = &[
    row("nvarchar", "String", "StringType", "String"),
    row("ntext", "Memo", "MemoType", "Memo"),
    row("int", "Integer", "IntegerType", "Integer"),
    row("bigint", "BigInt", "BigIntType", "BigInt"),
    row("decimal", "Decimal", "DecimalType", "Decimal"),
    row("float", "Double", "DoubleType", "Double"),
    row("money", "Money", "MoneyType", "Money"),
    row("bit", "Boolean", "BooleanType", "Boolean"),
    row("datetime", "DateTime", "DateTimeType", "DateTime"),
    row("picklist", "Picklist", "PicklistType", "Picklist"),
    row("multiselectpicklist", "Virtual", "MultiSelectPicklistType", "MultiSelectPicklist"),
    row("state", "State", "StateType", "State"),
    row("status", "Status", "StatusType", "Status"),
    row("lookup", "Lookup", "LookupType", "Lookup"),
    row("customer", "Customer", "CustomerType", "Lookup"),
    row("owner", "Owner", "OwnerType", "Lookup"),
    row("partylist", "PartyList", "PartyListType", "Lookup"),
    row("uniqueidentifier", "Uniqueidentifier", "UniqueidentifierType", "UniqueIdentifier"),
    row("primarykey", "Uniqueidentifier", "UniqueidentifierType", "UniqueIdentifier"),
    row("image", "Virtual", "ImageType", "Image"),
    row("file", "Virtual", "FileType", "File"),
    row("entityname", "EntityName", "EntityNameType", "EntityName"),
    row("managedproperty", "ManagedProperty", "ManagedPropertyType", "ManagedProperty"),
    row("virtual", "Virtual", "VirtualType", ""),
];

/// Returns the type of a column; one that nothing says is a text, as its values are.
pub(crate) fn type_of(column: &Column) -> &'static Type {
    let word = column.type_word.to_lowercase();
    TYPES.iter().find(|known| known.word == word).unwrap_or(&TYPES[0])
}

/// Returns the name of the type that definitions of a column are of.
pub(crate) fn odata_type(column: &Column) -> String {
    format!("Microsoft.Dynamics.CRM.{}AttributeMetadata", type_of(column).derived)
}

/// Makes the definition of a column.
pub(crate) fn of(table: &Table, column: &Column, language: u32) -> Document {
    let nothing = Leaves::new();
    let leaves = table.column_definition(&column.name).unwrap_or(&nothing);
    let kind = type_of(column);
    let standing = table.standing(&column.name);
    let is_managed = standing.is_none_or(|standing| standing.is_managed);
    let is_primary_id = column.name == table.primary_id;
    let is_primary_name = table.primary_name.as_deref() == Some(&column.name);
    let mask = leaves.get("DisplayMask").map_or("", String::as_str);
    let shown = |word: &str| mask.is_empty() || mask.split('|').any(|own| own == word);
    let can_be_changed = !standing.is_some_and(|standing| standing.is_managed) || flag(leaves, "IsCustomizable", true);
    let is_custom = flag(leaves, "IsCustomField", column.name.contains('_') && standing.is_some());
    let valid = |path: &str, absent: bool| flag(leaves, path, absent && leaves.get("ValidForReadApi").is_none());
    let mut made = document([
        ("@odata.type", format!("#{}", odata_type(column)).into()),
        ("MetadataId", table.column_id(&column.name).to_string().into()),
        ("HasChanged", Value::Null),
        ("AttributeOf", Value::Null),
        ("AttributeType", kind.code.into()),
        ("AttributeTypeName", json!({ "Value": kind.name })),
        ("AutoNumberFormat", text(leaves, "AutoNumberFormat")),
        ("CanBeSecuredForCreate", is_custom.into()),
        ("CanBeSecuredForRead", is_custom.into()),
        ("CanBeSecuredForUpdate", is_custom.into()),
        (
            "CanModifyAdditionalSettings",
            managed(flag(leaves, "CanModifyAdditionalSettings", true), can_be_changed, "canmodifyadditionalsettings"),
        ),
        ("ColumnNumber", column_number(table, column).into()),
        ("CreatedOn", "1900-01-01T00:00:00Z".into()),
        ("DeprecatedVersion", Value::Null),
        ("Description", label(&column.description, language)),
        ("DisplayName", label(&column.label, language)),
        ("EntityLogicalName", table.entry.name.as_str().into()),
        ("ExternalName", text(leaves, "ExternalName")),
        ("InheritsFrom", Value::Null),
        ("IntroducedVersion", text(leaves, "IntroducedVersion")),
        ("IsAuditEnabled", managed(flag(leaves, "IsAuditEnabled", false), can_be_changed, "canmodifyauditsettings")),
        ("IsCustomAttribute", is_custom.into()),
        ("IsCustomizable", managed(flag(leaves, "IsCustomizable", true), can_be_changed, "iscustomizable")),
        ("IsDataSourceSecret", flag(leaves, "IsDataSourceSecret", false).into()),
        ("IsFilterable", flag(leaves, "IsFilterable", false).into()),
        (
            "IsGlobalFilterEnabled",
            managed(flag(leaves, "IsGlobalFilterEnabled", false), can_be_changed, "canmodifyglobalfiltersettings"),
        ),
        ("IsLogical", flag(leaves, "IsLogical", false).into()),
        ("IsManaged", is_managed.into()),
        ("IsPrimaryId", is_primary_id.into()),
        ("IsPrimaryName", is_primary_name.into()),
        ("IsRenameable", managed(flag(leaves, "IsRenameable", true), can_be_changed, "isrenameable")),
        ("IsRequiredForForm", mask.contains("RequiredForForm").into()),
        ("IsRetrievable", true.into()),
        ("IsSearchable", flag(leaves, "IsSearchable", false).into()),
        ("IsSecured", flag(leaves, "IsSecured", false).into()),
        (
            "IsSortableEnabled",
            managed(flag(leaves, "IsSortableEnabled", false), can_be_changed, "canmodifyissortablesettings"),
        ),
        ("IsValidForAdvancedFind", managed(shown("ValidForAdvancedFind"), can_be_changed, "canmodifysearchsettings")),
        ("IsValidForCreate", (valid("ValidForCreateApi", true) && !column.is_read_only).into()),
        ("IsValidForForm", shown("ValidForForm").into()),
        ("IsValidForGrid", shown("ValidForGrid").into()),
        ("IsValidForRead", true.into()),
        ("IsValidForUpdate", (valid("ValidForUpdateApi", true) && !column.is_read_only && !is_primary_id).into()),
        ("IsValidODataAttribute", true.into()),
        ("LinkedAttributeId", Value::Null),
        ("LogicalName", column.name.as_str().into()),
        ("ModifiedOn", "1900-01-01T00:00:00Z".into()),
        ("RequiredLevel", managed(required(&column.required), can_be_changed, "canmodifyrequirementlevelsettings")),
        ("SchemaName", column.schema_name.as_str().into()),
        ("SourceType", number(leaves, "SourceType")),
        ("Settings", json!([])),
    ]);
    add_details(&mut made, column, leaves, kind);
    made
}

/// Positions are all there is to number columns by; they do not change as long as no column comes or goes.
fn column_number(table: &Table, column: &Column) -> usize {
    table.columns.keys().position(|name| *name == column.name).map_or(0, |index| index + 1)
}

/// Returns the platform's word for a requirement level.
fn required(level: &str) -> &'static str {
    match level.to_lowercase().as_str() {
        "systemrequired" => "SystemRequired",
        "required" | "applicationrequired" => "ApplicationRequired",
        "recommended" => "Recommended",
        _ => "None",
    }
}

/// What each type adds.
fn add_details(made: &mut Document, column: &Column, leaves: &Leaves, kind: &Type) {
    let mut add = |name: &str, value: Value| drop(made.insert(name.to_owned(), value));
    match (&column.kind, kind.derived) {
        (Kind::Text { length_max }, derived) => {
            add(
                "MaxLength",
                length_max.map_or_else(|| json!(if derived == "Memo" { 1_048_576 } else { 4000 }), Value::from),
            );
            let format = text_format(leaves, derived);
            add("Format", format.into());
            add("FormatName", json!({ "Value": format }));
            add("ImeMode", ime_mode(leaves).into());
            add("IsLocalizable", flag(leaves, "IsLocalizable", false).into());
            if derived == "String" {
                add("YomiOf", Value::Null);
                add("DatabaseLength", number(leaves, "Length"));
                add("FormulaDefinition", text(leaves, "FormulaDefinition"));
                add("SourceTypeMask", 0.into());
            }
        }
        (Kind::Integer { .. }, "BigInt") => {
            add("MinValue", i64::MIN.into());
            add("MaxValue", i64::MAX.into());
        }
        (Kind::Integer { min, max }, _) => {
            add("MinValue", (*min).into());
            add("MaxValue", (*max).into());
            let written = leaves.get("Format").map_or("", String::as_str);
            let known = ["Duration", "TimeZone", "Language", "Locale"];
            let format = known.into_iter().find(|format| format.eq_ignore_ascii_case(written));
            add("Format", format.unwrap_or("None").into());
            add("FormulaDefinition", text(leaves, "FormulaDefinition"));
            add("SourceTypeMask", 0.into());
        }
        (Kind::Decimal { min, max, places }, derived) => {
            let limit = |text: &Option<String>| text.as_ref().and_then(|text| text.trim().parse::<f64>().ok());
            let absent = if derived == "Money" { 922_337_203_685_477.0 } else { 100_000_000_000.0 };
            add("MinValue", limit(min).unwrap_or(-absent).into());
            add("MaxValue", limit(max).unwrap_or(absent).into());
            add("Precision", places.unwrap_or(2).into());
            add("ImeMode", ime_mode(leaves).into());
            if derived != "Double" {
                add("FormulaDefinition", text(leaves, "FormulaDefinition"));
                add("SourceTypeMask", 0.into());
                add("IsBaseCurrency", leaves.contains_key("CalculationOf").into());
            }
            if derived == "Money" {
                add("PrecisionSource", number(leaves, "AccuracySource"));
                let of = leaves.get("CalculationOf").map(|of| of.to_lowercase());
                add("CalculationOf", of.into());
            }
        }
        (Kind::Boolean, _) => {
            add("DefaultValue", (number(leaves, "AppDefaultValue") == 1).into());
            add("FormulaDefinition", text(leaves, "FormulaDefinition"));
            add("SourceTypeMask", 0.into());
        }
        (Kind::DateTime { is_date_only }, _) => {
            // The format is what forms show; the behavior says whether values have times.
            let is_shown_as_date = *is_date_only || leaves.get("Format").is_some_and(|format| format == "date");
            add("Format", if is_shown_as_date { "DateOnly".into() } else { "DateAndTime".into() });
            add("ImeMode", ime_mode(leaves).into());
            add("DateTimeBehavior", json!({ "Value": behavior(leaves) }));
            add(
                "CanChangeDateTimeBehavior",
                managed(flag(leaves, "CanChangeDateTimeBehavior", true), true, "canchangedatetimebehavior"),
            );
            add("MinSupportedValue", "1753-01-01T00:00:00Z".into());
            add("MaxSupportedValue", "9999-12-30T23:59:59Z".into());
            add("FormulaDefinition", text(leaves, "FormulaDefinition"));
            add("SourceTypeMask", 0.into());
        }
        (Kind::Choice { .. } | Kind::Choices { .. }, _) => {
            add("DefaultFormValue", number(leaves, "AppDefaultValue"));
            add("ChildPicklistLogicalNames", json!([]));
            add("ParentPicklistLogicalName", Value::Null);
            add("FormulaDefinition", text(leaves, "FormulaDefinition"));
            add("SourceTypeMask", 0.into());
        }
        (Kind::Lookup { targets }, _) => {
            add("Targets", targets.clone().into());
            add("Format", "None".into());
        }
        (Kind::Unsupported(_), "File") => add("MaxSizeInKB", number(leaves, "MaxValue")),
        (Kind::Unsupported(_), "Image") => {
            // Packages write bytes.
            add("MaxSizeInKB", number(leaves, "MaxLength").as_i64().map(|bytes| bytes / 1024).into());
            add("MaxHeight", 144.into());
            add("MaxWidth", 144.into());
            add("IsPrimaryImage", leaves.get("DisplayMask").is_some_and(|mask| mask.contains("PrimaryImage")).into());
            add("CanStoreFullImage", flag(leaves, "CanStoreFullImage", false).into());
        }
        (Kind::Unsupported(_), "ManagedProperty") => {
            add("ManagedPropertyLogicalName", column.name.as_str().into());
            add("ParentAttributeName", Value::Null);
            add("ValueAttributeTypeCode", "Boolean".into());
        }
        (Kind::Id | Kind::Unsupported(_), _) => {}
    }
}

/// The formats of texts, which packages write in small letters.
fn text_format(leaves: &Leaves, derived: &str) -> &'static str {
    const FORMATS: &[&str] = &[
        "Text",
        "TextArea",
        "Email",
        "Url",
        "TickerSymbol",
        "PhoneticGuide",
        "VersionNumber",
        "Phone",
        "Json",
        "RichText",
    ];
    let written = leaves.get("Format").map_or("", String::as_str);
    let known = FORMATS.iter().find(|format| format.eq_ignore_ascii_case(written));
    known.copied().unwrap_or(if derived == "Memo" { "TextArea" } else { "Text" })
}

fn ime_mode(leaves: &Leaves) -> String {
    capitalized(leaves.get("ImeMode").map_or("auto", String::as_str))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn behavior(leaves: &Leaves) -> &'static str {
    match leaves.get("Behavior").map(String::as_str) {
        Some("2") => "DateOnly",
        Some("3") => "TimeZoneIndependent",
        Some(_) | None => "UserLocal",
    }
}

/// Makes the choice of a column: `OptionSet`, or `GlobalOptionSet` of a shared one.
pub(crate) fn choice(table: &Table, column: &Column, navigation: &str, language: u32) -> Option<Value> {
    let leaves = table.column_definition(&column.name)?;
    let shared = leaves.get("OptionSetName").filter(|name| !name.is_empty());
    match (navigation, &column.kind) {
        (_, Kind::Boolean | Kind::Choice { .. } | Kind::Choices { .. }) => {}
        _ => return None,
    }
    match (navigation, shared) {
        ("GlobalOptionSet", None) => None,
        ("OptionSet" | "GlobalOptionSet", Some(name)) => {
            let definition = table.choice_definition(name)?;
            Some(Value::Object(choice::shared(
                name,
                definition,
                table.choice_id(name),
                table.choice_standing(name),
                language,
            )))
        }
        ("OptionSet", None) => Some(Value::Object(choice::local(table, column, leaves, language))),
        _ => None,
    }
}
