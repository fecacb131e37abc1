//! Columns.

use strata_engine::active::PropertyEdit;
use strata_engine::by_hand::column::{Column, Use, own_choice};
use strata_xml::Element;

use super::choice::{self, ChoiceWish};
use super::tree::{label_edits, labels, push, text_edits, texts};
use crate::schema::Labels;

/// A column that somebody wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnWish {
    pub schema_name: String,
    /// The type as packages write it.
    pub kind: String,
    pub label: Labels,
    pub description: Labels,
    /// As packages write it: `none`, `recommended`, `required`.
    pub required: Option<String>,
    pub is_primary_name: bool,
    /// The image that stands for a row.
    pub is_primary_image: bool,
    /// Length, limits, format and what else the type has, by the names of packages.
    pub details: Vec<(String, String)>,
    /// Switches that are not as usual, by the names of packages.
    pub settings: Vec<(String, String)>,
    pub choice: Option<ChoiceOf>,
    /// Tables that a lookup leads to.
    pub targets: Vec<String>,
}

/// Where the options of a column come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChoiceOf {
    /// A choice that columns share.
    Shared(String),
    Own(ChoiceWish),
}

/// What a column can be shown in, and whether forms need it.
const MASK: &str = "ValidForAdvancedFind|ValidForForm|ValidForGrid";

/// Makes the definition of a column.
pub(super) fn tree(table: &str, wish: &ColumnWish) -> Element {
    let mask = match (wish.is_primary_name, wish.kind.as_str()) {
        (true, _) => format!("PrimaryName|{MASK}|RequiredForForm"),
        (false, "primarykey") => "ValidForAdvancedFind|RequiredForGrid".to_owned(),
        (false, "image") if wish.is_primary_image => format!("DenormalizedChild|PrimaryImage|{MASK}"),
        (false, _) => MASK.to_owned(),
    };
    let uses: &[Use] = match (wish.is_primary_name, wish.kind.as_str()) {
        (true, _) => &[Use::Custom, Use::Create, Use::Update, Use::Audit, Use::Search, Use::Retrieve],
        (false, "primarykey") => &[Use::Create, Use::Filter, Use::Retrieve],
        // Its content is sent by itself.
        (false, "file") => &[Use::Custom, Use::Audit],
        (false, _) => &[Use::Custom, Use::Create, Use::Update, Use::Audit],
    };
    let required = wish.required.as_deref().unwrap_or("none");
    let column = Column { schema_name: &wish.schema_name, kind: &wish.kind, required, mask: &mask, uses };
    let mut root = column.start();
    for (name, value) in &wish.settings {
        root.child_or_new(name).set_text(value);
    }
    for (name, value) in with_defaults(&wish.kind, &wish.details) {
        root.child_or_new(&name).set_text(&value);
    }
    if wish.kind == "lookup" {
        texts(&mut root, &[("LookupStyle", "single")]);
        let types = root.child_or_new("LookupTypes");
        for target in &wish.targets {
            let mut kind = Element::new("LookupType");
            kind.set_attribute("id", "00000000-0000-0000-0000-000000000000");
            kind.set_text(target);
            push(types, kind);
        }
    }
    match &wish.choice {
        Some(ChoiceOf::Shared(name)) => texts(&mut root, &[("OptionSetName", name)]),
        Some(ChoiceOf::Own(own)) => {
            let name = if own.name.is_empty() { own_choice(table, &wish.schema_name) } else { own.name.clone() };
            let label = if own.label.is_empty() { wish.label.clone() } else { own.label.clone() };
            push(&mut root, choice::tree(&ChoiceWish { name, label, ..own.clone() }, false));
        }
        None => {}
    }
    labels(&mut root, "displaynames", "displayname", &wish.label);
    labels(&mut root, "Descriptions", "Description", &wish.description);
    root
}

/// What a type says of itself where nobody says otherwise, in the order of packages.
fn with_defaults(kind: &str, given: &[(String, String)]) -> Vec<(String, String)> {
    let defaults: &[(&str, &str)] = match kind {
        "nvarchar" => &[("Format", "text"), ("MaxLength", "100"), ("Length", "200")],
        "ntext" => &[("Format", "textarea"), ("MaxLength", "2000")],
        "int" => &[("Format", ""), ("MinValue", "-2147483648"), ("MaxValue", "2147483647")],
        "bigint" => &[],
        "decimal" => &[("MinValue", "-100000000000"), ("MaxValue", "100000000000"), ("Accuracy", "2")],
        "float" => &[("MinValue", "-100000000000"), ("MaxValue", "100000000000"), ("Accuracy", "5")],
        "money" => &[
            ("MinValue", "-922337203685477"),
            ("MaxValue", "922337203685477"),
            ("Accuracy", "2"),
            ("AccuracySource", "2"),
        ],
        "bit" => &[("AppDefaultValue", "0")],
        "picklist" | "multiselectpicklist" => &[("AppDefaultValue", "-1")],
        "datetime" => &[("Format", "datetime"), ("CanChangeDateTimeBehavior", "1"), ("Behavior", "1")],
        "file" => &[("MaxValue", "32768")],
        "image" => &[("Format", "jpeg"), ("MaxLength", "10485760")],
        _ => &[],
    };
    let value = |name: &str| given.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let mut all: Vec<_> = defaults
        .iter()
        .map(|(name, absent)| ((*name).to_owned(), value(name).unwrap_or_else(|| (*absent).to_owned())))
        .collect();
    let more = given.iter().filter(|(name, _)| !defaults.iter().any(|(own, _)| own == name));
    all.extend(more.cloned());
    if kind == "nvarchar"
        && let Some(length) = value("MaxLength").and_then(|length| length.parse::<u64>().ok())
    {
        // The bytes of the column: two for each character.
        all.iter_mut().filter(|(name, _)| name == "Length").for_each(|(_, value)| *value = (length * 2).to_string());
    }
    all
}

/// Makes the edits that turn a column into what is wanted; what a wish leaves open stays.
pub fn column_edits(wish: &ColumnWish) -> Vec<PropertyEdit> {
    let mut edits = label_edits("displaynames/displayname", &wish.label);
    edits.extend(label_edits("Descriptions/Description", &wish.description));
    let required = wish.required.iter().map(|level| ("RequiredLevel".to_owned(), level.clone()));
    edits.extend(text_edits(&required.collect::<Vec<_>>()));
    edits.extend(text_edits(&wish.details));
    edits.extend(text_edits(&wish.settings));
    if let Some(ChoiceOf::Own(own)) = &wish.choice {
        edits.extend(super::option::options_edits("optionset/", &own.options));
    }
    edits
}
