//! Bodies of requests that author definitions, read with the names of what does not fit.

use serde_json::{Map, Value};
use strata_ops::authoring::{ChoiceOf, ChoiceWish, ColumnWish, OptionKind, OptionWish, Ownership, TableWish};
use strata_ops::schema::Labels;

use super::attribute::TYPES;
use crate::fault::Fault;

/// An object of a body, with where it stands.
pub(crate) struct Payload<'a> {
    pub(crate) object: &'a Map<String, Value>,
    /// For refusals: `Attributes[2].`, say.
    pub(crate) place: String,
}

impl<'a> Payload<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, place: String::new() }
    }

    pub(crate) fn wrong(&self, name: &str, expected: &str) -> Fault {
        Fault::payload(format!("property '{}{name}' does not fit: {expected} is expected", self.place))
    }

    /// Returns a property; null is none.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(name, "a text")),
        }
    }

    pub(crate) fn needed(&self, name: &str) -> Result<String, Fault> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Fault::payload(format!("property '{}{name}' is missing", self.place)))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            // A managed property says it in `Value`.
            Some(Value::Object(managed)) => match managed.get("Value") {
                Some(Value::Bool(flag)) => Ok(Some(*flag)),
                _ => Err(self.wrong(name, "true or false")),
            },
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| self.wrong(name, "a whole number")),
        }
    }

    /// A limit as packages write numbers.
    fn number(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                Ok(Some(match number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15) {
                    Some(whole) => format!("{whole:.0}"),
                    None => number.to_string(),
                }))
            }
            Some(_) => Err(self.wrong(name, "a number")),
        }
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Payload<'a>>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Payload { object, place: format!("{}{name}.", self.place) })),
            Some(_) => Err(self.wrong(name, "an object")),
        }
    }

    pub(crate) fn list(&self, name: &str) -> Result<Vec<Payload<'a>>, Fault> {
        let items = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.wrong(name, "a list")),
        };
        let item = |(index, value): (usize, &'a Value)| match value {
            Value::Object(object) => Ok(Payload { object, place: format!("{}{name}[{index}].", self.place) }),
            _ => Err(self.wrong(name, "a list of objects")),
        };
        items.iter().enumerate().map(item).collect()
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Fault> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "a list of texts")))
                .collect(),
            Some(_) => Err(self.wrong(name, "a list of texts")),
        }
    }

    pub(crate) fn integers(&self, name: &str) -> Result<Vec<i64>, Fault> {
        let Some(given) = self.get(name) else { return Ok(Vec::new()) };
        let numbers = given.as_array().and_then(|items| items.iter().map(Value::as_i64).collect::<Option<Vec<_>>>());
        numbers.ok_or_else(|| self.wrong(name, "a list of whole numbers"))
    }

    /// Reads a label; its texts by language.
    pub(crate) fn label(&self, name: &str) -> Result<Labels, Fault> {
        let Some(label) = self.object(name)? else { return Ok(Labels::new()) };
        let mut labels = Labels::new();
        let mut listed = label.list("LocalizedLabels")?;
        if listed.is_empty() {
            listed.extend(label.object("UserLocalizedLabel")?);
        }
        for own in listed {
            let language = own.integer("LanguageCode")?.unwrap_or(1033);
            let language = u32::try_from(language).map_err(|_| own.wrong("LanguageCode", "the code of a language"))?;
            if let Some(text) = own.text("Label")? {
                labels.insert(language, text);
            }
        }
        Ok(labels)
    }

    /// Returns what a value wrapped in `Value` says: `FormatName`, `RequiredLevel`.
    fn wrapped(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            Some(Value::Object(object)) => match object.get("Value") {
                Some(Value::String(text)) => Ok(Some(text.clone())),
                Some(Value::Null) | None => Ok(None),
                Some(_) => Err(self.wrong(name, "a text in Value")),
            },
            Some(Value::String(text)) => Ok(Some(text.clone())),
            None => Ok(None),
            Some(_) => Err(self.wrong(name, "an object with a Value")),
        }
    }

    /// Returns the type that the object says it is of, without namespace, and without `Complex` in front.
    pub(crate) fn type_name(&self) -> Option<String> {
        let name = self.get("@odata.type")?.as_str()?;
        let name = name.trim_start_matches('#');
        let name = name.strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or(name);
        Some(name.strip_prefix("Complex").unwrap_or(name).to_owned())
    }
}

/// Reads a table that somebody wants.
pub(crate) fn table(payload: &Payload<'_>) -> Result<TableWish, Fault> {
    let schema_name = payload.needed("SchemaName")?;
    let mut columns = Vec::new();
    for own in payload.list("Attributes")? {
        columns.push(column(&own)?);
    }
    let primary = payload.text("PrimaryNameAttribute")?.map(|name| name.to_lowercase());
    for own in &mut columns {
        own.is_primary_name |= primary.as_deref() == Some(&own.schema_name.to_lowercase());
    }
    if columns.iter().filter(|own| own.is_primary_name).count() != 1 {
        let message = format!("property '{}Attributes' needs one text with IsPrimaryName true", payload.place);
        return Err(Fault::payload(message));
    }
    let label = payload.label("DisplayName")?;
    if label.is_empty() {
        return Err(Fault::payload(format!("property '{}DisplayName' is missing", payload.place)));
    }
    let ownership = match payload.text("OwnershipType")?.as_deref() {
        None | Some("UserOwned" | "TeamOwned") => Ownership::User,
        Some("OrganizationOwned") => Ownership::Organization,
        Some(_) => return Err(payload.wrong("OwnershipType", "UserOwned or OrganizationOwned")),
    };
    let collection = payload.label("DisplayCollectionName")?;
    Ok(TableWish {
        schema_name,
        collection: if collection.is_empty() { label.clone() } else { collection },
        label,
        description: payload.label("Description")?,
        ownership,
        has_notes: payload.flag("HasNotes")?.unwrap_or(false),
        has_activities: payload.flag("HasActivities")?.unwrap_or(false),
        is_activity: payload.flag("IsActivity")?.unwrap_or(false),
        settings: table_settings(payload)?,
        columns,
    })
}

/// Settings of a table that may be asked for, by both names.
const TABLE_SETTINGS: &[(&str, &str)] = &[
    ("AutoCreateAccessTeams", "AutoCreateAccessTeams"),
    ("ChangeTrackingEnabled", "ChangeTrackingEnabled"),
    ("EntityHelpUrlEnabled", "EntityHelpUrlEnabled"),
    ("IsAuditEnabled", "IsAuditEnabled"),
    ("IsBusinessProcessEnabled", "IsBusinessProcessEnabled"),
    ("IsConnectionsEnabled", "IsConnectionsEnabled"),
    ("IsDocumentManagementEnabled", "IsDocumentManagementEnabled"),
    ("IsDuplicateDetectionEnabled", "IsDuplicateCheckSupported"),
    ("IsKnowledgeManagementEnabled", "IsKnowledgeManagementEnabled"),
    ("IsMailMergeEnabled", "IsMailMergeEnabled"),
    ("IsOneNoteIntegrationEnabled", "IsOneNoteIntegrationEnabled"),
    ("IsQuickCreateEnabled", "IsQuickCreateEnabled"),
    ("IsReadingPaneEnabled", "IsReadingPaneEnabled"),
    ("IsSLAEnabled", "IsSLAEnabled"),
    ("IsVisibleInMobile", "IsVisibleInMobile"),
    ("SyncToExternalSearchIndex", "SyncToExternalSearchIndex"),
    ("IsCustomizable", "IsCustomizable"),
    ("IsRenameable", "IsRenameable"),
    ("CanCreateAttributes", "CanCreateAttributes"),
    ("CanCreateForms", "CanCreateForms"),
    ("CanCreateViews", "CanCreateViews"),
    ("CanCreateCharts", "CanCreateCharts"),
    ("CanModifyAdditionalSettings", "CanModifyAdditionalSettings"),
];

/// Reads the settings that a body says.
pub(crate) fn table_settings(payload: &Payload<'_>) -> Result<Vec<(String, String)>, Fault> {
    flags(payload, TABLE_SETTINGS)
}

const COLUMN_SETTINGS: &[(&str, &str)] = &[
    ("IsAuditEnabled", "IsAuditEnabled"),
    ("IsSecured", "IsSecured"),
    ("IsCustomizable", "IsCustomizable"),
    ("IsRenameable", "IsRenameable"),
    ("IsGlobalFilterEnabled", "IsGlobalFilterEnabled"),
    ("IsSortableEnabled", "IsSortableEnabled"),
    ("CanModifyAdditionalSettings", "CanModifyAdditionalSettings"),
];

fn flags(payload: &Payload<'_>, known: &[(&str, &str)]) -> Result<Vec<(String, String)>, Fault> {
    let mut settings = Vec::new();
    for (name, packaged) in known {
        if let Some(flag) = payload.flag(name)? {
            settings.push(((*packaged).to_owned(), if flag { "1" } else { "0" }.to_owned()));
        }
    }
    Ok(settings)
}

/// Returns the word that packages have for the type of a column.
fn kind(payload: &Payload<'_>) -> Result<&'static str, Fault> {
    let unknown =
        || payload.wrong("@odata.type", "a type of columns such as Microsoft.Dynamics.CRM.StringAttributeMetadata");
    let coded = payload.wrapped("AttributeTypeName")?;
    let by_name = coded.and_then(|name| TYPES.iter().find(|known| known.name == name)).map(|known| known.word);
    let Some(named) = payload.type_name() else {
        let code = payload.text("AttributeType")?;
        let by_code = code.and_then(|code| TYPES.iter().find(|known| known.code == code)).map(|known| known.word);
        return by_name.or(by_code).ok_or_else(unknown);
    };
    let derived = named.strip_suffix("AttributeMetadata").ok_or_else(unknown)?;
    let known = TYPES.iter().find(|known| known.derived == derived && !derived.is_empty()).ok_or_else(unknown)?;
    // Several types are written as lookups.
    Ok(by_name.filter(|_| derived == "Lookup").unwrap_or(known.word))
}

/// Reads a column that somebody wants.
pub(crate) fn column(payload: &Payload<'_>) -> Result<ColumnWish, Fault> {
    let kind = kind(payload)?;
    let is_made =
        matches!(kind, "primarykey" | "owner" | "state" | "status" | "entityname" | "managedproperty" | "virtual");
    if is_made || kind == "partylist" {
        return Err(payload.wrong("@odata.type", "a type of which columns can be made"));
    }
    if payload.integer("SourceType")?.is_some_and(|source| source != 0) {
        return Err(Fault::not_built("a calculated, rollup or formula column (property 'SourceType')"));
    }
    Ok(ColumnWish { schema_name: payload.needed("SchemaName")?, ..changes(payload, kind)? })
}

/// Reads what a body says of a column of a type.
pub(crate) fn changes(payload: &Payload<'_>, kind: &str) -> Result<ColumnWish, Fault> {
    Ok(ColumnWish {
        schema_name: String::new(),
        kind: kind.to_owned(),
        label: payload.label("DisplayName")?,
        description: payload.label("Description")?,
        required: required(payload)?,
        is_primary_name: payload.flag("IsPrimaryName")?.unwrap_or(false),
        is_primary_image: payload.flag("IsPrimaryImage")?.unwrap_or(false),
        details: details(payload, kind)?,
        settings: flags(payload, COLUMN_SETTINGS)?,
        choice: choice_of(payload, kind)?,
        targets: payload.texts("Targets")?,
    })
}

fn required(payload: &Payload<'_>) -> Result<Option<String>, Fault> {
    let level = match payload.wrapped("RequiredLevel")?.as_deref() {
        None => return Ok(None),
        Some("None") => "none",
        Some("Recommended") => "recommended",
        Some("ApplicationRequired") => "required",
        Some("SystemRequired") => "systemrequired",
        Some(_) => return Err(payload.wrong("RequiredLevel", "None, Recommended or ApplicationRequired")),
    };
    Ok(Some(level.to_owned()))
}

fn details(payload: &Payload<'_>, kind: &str) -> Result<Vec<(String, String)>, Fault> {
    let mut details = Vec::new();
    let mut add = |name: &str, value: Option<String>| details.extend(value.map(|value| (name.to_owned(), value)));
    match kind {
        "nvarchar" | "ntext" => {
            let most = if kind == "nvarchar" { 4000 } else { 1_048_576 };
            let length = payload.integer("MaxLength")?;
            if length.is_some_and(|length| !(1..=most).contains(&length)) {
                return Err(payload.wrong("MaxLength", &format!("a number from 1 to {most}")));
            }
            let format = payload.wrapped("FormatName")?.or(payload.text("Format")?);
            add("Format", format.map(|format| format.to_lowercase()));
            add("MaxLength", length.map(|length| length.to_string()));
            add("AutoNumberFormat", payload.text("AutoNumberFormat")?);
        }
        "int" => {
            let format = payload.text("Format")?.map(|format| format.to_lowercase());
            add("Format", format.map(|format| if format == "none" { String::new() } else { format }));
            add("MinValue", payload.number("MinValue")?);
            add("MaxValue", payload.number("MaxValue")?);
        }
        "decimal" | "float" | "money" => {
            add("MinValue", payload.number("MinValue")?);
            add("MaxValue", payload.number("MaxValue")?);
            add("Accuracy", payload.integer("Precision")?.map(|places| places.to_string()));
            add("AccuracySource", payload.integer("PrecisionSource")?.map(|source| source.to_string()));
        }
        "bit" => {
            add("AppDefaultValue", payload.flag("DefaultValue")?.map(|flag| if flag { "1" } else { "0" }.to_owned()));
        }
        "picklist" | "multiselectpicklist" => {
            add("AppDefaultValue", payload.integer("DefaultFormValue")?.map(|value| value.to_string()));
        }
        "datetime" => {
            let format = match payload.text("Format")?.as_deref() {
                None => None,
                Some("DateOnly") => Some("date".to_owned()),
                Some("DateAndTime") => Some("datetime".to_owned()),
                Some(_) => return Err(payload.wrong("Format", "DateOnly or DateAndTime")),
            };
            let behavior = match payload.wrapped("DateTimeBehavior")?.as_deref() {
                None => None,
                Some("UserLocal") => Some("1".to_owned()),
                Some("DateOnly") => Some("2".to_owned()),
                Some("TimeZoneIndependent") => Some("3".to_owned()),
                Some(_) => return Err(payload.wrong("DateTimeBehavior", "UserLocal, DateOnly or TimeZoneIndependent")),
            };
            add("Format", format);
            add("Behavior", behavior);
        }
        "file" => add("MaxValue", payload.integer("MaxSizeInKB")?.map(|size| size.to_string())),
        "image" => {
            let size = payload.integer("MaxSizeInKB")?;
            if size.is_some_and(|size| !(1..=30_720).contains(&size)) {
                return Err(payload.wrong("MaxSizeInKB", "a number from 1 to 30720"));
            }
            add("MaxLength", size.map(|size| (size * 1024).to_string()));
        }
        _ => {}
    }
    Ok(details)
}

fn choice_of(payload: &Payload<'_>, kind: &str) -> Result<Option<ChoiceOf>, Fault> {
    if !matches!(kind, "picklist" | "multiselectpicklist" | "bit" | "state" | "status") {
        return Ok(None);
    }
    if let Some(shared) = payload.get("GlobalOptionSet@odata.bind") {
        let url = shared.as_str().ok_or_else(|| payload.wrong("GlobalOptionSet@odata.bind", "a URL"))?;
        return Ok(Some(ChoiceOf::Shared(url.to_owned())));
    }
    if let Some(shared) = payload.object("GlobalOptionSet")? {
        return Ok(Some(ChoiceOf::Shared(shared.needed("Name")?)));
    }
    let Some(own) = payload.object("OptionSet")? else {
        let is_new = payload.get("MetadataId").is_none();
        let plain = ChoiceWish { options: yes_and_no(), is_boolean: true, ..ChoiceWish::default() };
        return Ok((kind == "bit" && is_new).then_some(ChoiceOf::Own(plain)));
    };
    if own.flag("IsGlobal")?.unwrap_or(false) {
        return Ok(Some(ChoiceOf::Shared(own.needed("Name")?)));
    }
    choice(&own, kind == "bit").map(ChoiceOf::Own).map(Some)
}

fn yes_and_no() -> Vec<OptionWish> {
    let option = |value: i64, text: &str| OptionWish {
        value: Some(value),
        label: [(1033, text.to_owned())].into(),
        ..OptionWish::default()
    };
    vec![option(1, "Yes"), option(0, "No")]
}

/// Reads a choice with its options.
pub(crate) fn choice(payload: &Payload<'_>, is_boolean: bool) -> Result<ChoiceWish, Fault> {
    let mut options = Vec::new();
    for (name, absent) in [("TrueOption", 1), ("FalseOption", 0)] {
        if let Some(own) = payload.object(name)?.filter(|_| is_boolean) {
            let wish = option(&own)?;
            options.push(OptionWish { value: Some(wish.value.unwrap_or(absent)), ..wish });
        }
    }
    for own in payload.list("Options")? {
        options.push(option(&own)?);
    }
    if is_boolean && options.is_empty() {
        options = yes_and_no();
    }
    let mut values: Vec<_> = options.iter().filter_map(|option| option.value).collect();
    values.sort_unstable();
    if values.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(payload.wrong("Options", "another value for each option"));
    }
    Ok(ChoiceWish {
        name: payload.text("Name")?.unwrap_or_default(),
        label: payload.label("DisplayName")?,
        description: payload.label("Description")?,
        options,
        is_boolean,
    })
}

/// Reads an option.
pub(crate) fn option(payload: &Payload<'_>) -> Result<OptionWish, Fault> {
    Ok(OptionWish {
        value: payload.integer("Value")?,
        label: payload.label("Label")?,
        description: payload.label("Description")?,
        color: payload.text("Color")?.filter(|color| !color.is_empty()),
        external_value: payload.text("ExternalValue")?.filter(|value| !value.is_empty()),
        state: payload.integer("State")?,
        kind: OptionKind::default(),
    })
}
