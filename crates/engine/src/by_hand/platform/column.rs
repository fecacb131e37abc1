//! The columns of every table.

use strata_model::component::{ComponentKey, ComponentType};
use strata_xml::{Element, Node};

use super::{NewTable, Part};
use crate::by_hand::build::{element, in_language, labels, text};
use crate::by_hand::column::{Column, Use, own_choice};

const SHOWN: &str = "ValidForAdvancedFind|ValidForForm|ValidForGrid";

/// A column, what it is called, and what it holds.
type Row = (Column<'static>, &'static str, &'static str);

const fn row(
    schema_name: &'static str,
    kind: &'static str,
    required: &'static str,
    mask: &'static str,
    uses: &'static [Use],
    called: &'static str,
    holds: &'static str,
) -> Row {
    (Column { schema_name, kind, required, mask, uses }, called, holds)
}

const EVERY: &[Row] = &[
    row("CreatedBy", "lookup", "none", SHOWN, &[], "Created By", "User who created the row"),
    row("CreatedOn", "datetime", "none", SHOWN, WHEN, "Created On", "When the row was created"),
    row("CreatedOnBehalfBy", "lookup", "none", SHOWN, &[], "Created By (Delegate)", "User who created it for another"),
    row(
        "ImportSequenceNumber",
        "int",
        "none",
        "ValidForAdvancedFind",
        &[Use::Create, Use::Audit],
        "Import Sequence Number",
        "Number of the data import that created the row",
    ),
    row("ModifiedBy", "lookup", "none", SHOWN, &[], "Modified By", "User who changed the row last"),
    row("ModifiedOn", "datetime", "none", SHOWN, WHEN, "Modified On", "When the row was changed last"),
    row(
        "ModifiedOnBehalfBy",
        "lookup",
        "none",
        SHOWN,
        &[],
        "Modified By (Delegate)",
        "User who changed it for another",
    ),
    row(
        "OverriddenCreatedOn",
        "datetime",
        "none",
        "ValidForAdvancedFind|ValidForGrid",
        &[Use::Create, Use::Audit],
        "Record Created On",
        "When the row was migrated",
    ),
    row("statecode", "state", "systemrequired", SHOWN, &[Use::Update, Use::Audit, Use::Filter], "Status", "Its status"),
    row(
        "statuscode",
        "status",
        "none",
        SHOWN,
        &[Use::Create, Use::Update, Use::Audit],
        "Status Reason",
        "The reason for its status",
    ),
    row("TimeZoneRuleVersionNumber", "int", "none", "", ZONE, "Time Zone Rule Version Number", "Used by the platform"),
    row("UTCConversionTimeZoneCode", "int", "none", "", ZONE, "UTC Conversion Time Zone Code", "Time zone at creation"),
];

const WHEN: &[Use] = &[Use::Filter, Use::Retrieve];
const ZONE: &[Use] = &[Use::Create, Use::Update];

const OWNED: &[Row] = &[
    row(
        "OwnerId",
        "owner",
        "systemrequired",
        "ValidForAdvancedFind|ValidForForm|ValidForGrid|RequiredForForm",
        &[Use::Create, Use::Update, Use::Audit, Use::Filter],
        "Owner",
        "Who owns the row",
    ),
    row(
        "OwningBusinessUnit",
        "lookup",
        "systemrequired",
        SHOWN,
        &[Use::Audit, Use::Filter],
        "Owning Business Unit",
        "Business unit of the owner",
    ),
    row("OwningTeam", "lookup", "none", "", &[Use::Logical], "Owning Team", "The owner, where a team owns the row"),
    row("OwningUser", "lookup", "none", "", &[Use::Logical], "Owning User", "The owner, where a user owns the row"),
];

const ORGANIZATION: &[Row] = &[row(
    "OrganizationId",
    "lookup",
    "none",
    "",
    &[Use::Audit],
    "Organization Id",
    "The organization, which owns the row",
)];

/// Makes the columns.
pub(super) fn all(table: &NewTable) -> Vec<Part> {
    let owners = if table.is_owned() { OWNED } else { ORGANIZATION };
    let part = |(column, called, holds): &Row| {
        let name = format!("{}.{}", table.name, column.schema_name);
        Part {
            key: ComponentKey::new(ComponentType::named("attribute"), &name),
            name: format!("{}.{}", table.schema_name, column.schema_name),
            id: None,
            tree: definition(table, column, called, holds),
            home: None,
        }
    };
    EVERY.iter().chain(owners).map(part).collect()
}

fn definition(table: &NewTable, column: &Column<'_>, called: &str, holds: &str) -> Element {
    let mut root = column.start();
    let mut add = |child: Element| root.children.push(Node::Element(child));
    match column.kind {
        "datetime" => {
            let format = if column.schema_name == "OverriddenCreatedOn" { "date" } else { "datetime" };
            [("Format", format), ("CanChangeDateTimeBehavior", "0"), ("Behavior", "1")]
                .into_iter()
                .for_each(|(name, value)| add(text(name, value)));
        }
        "int" => {
            let least = if column.schema_name == "ImportSequenceNumber" { "-2147483648" } else { "-1" };
            [("Format", ""), ("MinValue", least), ("MaxValue", "2147483647")]
                .into_iter()
                .for_each(|(name, value)| add(text(name, value)));
        }
        "state" | "status" => add(statuses(table, column, called)),
        "lookup" | "owner" => {
            if column.schema_name != "OrganizationId" {
                add(text("LookupStyle", "single"));
            }
            // The type codes of users and teams; of others their relationships say where they lead.
            let codes: &[&str] = if column.kind == "owner" { &["8", "9"] } else { &[] };
            add(element("LookupTypes", &[], codes.iter().map(|code| target(code)).collect()));
        }
        _ => {}
    }
    add(labels("displaynames", "displayname", &in_language(table.language, called)));
    add(labels("Descriptions", "Description", &in_language(table.language, holds)));
    root
}

fn target(code: &str) -> Element {
    let mut kind = text("LookupType", code);
    kind.set_attribute("id", "00000000-0000-0000-0000-000000000000");
    kind
}

/// Active and inactive, each with one reason of the same name.
fn statuses(table: &NewTable, column: &Column<'_>, called: &str) -> Element {
    let is_state = column.kind == "state";
    let (container, name) = if is_state { ("states", "state") } else { ("statuses", "status") };
    let option = |number: u8, word: &str| {
        let (state, reason) = (number.to_string(), (number + 1).to_string());
        let own: &[(&str, &str)] = match is_state {
            true => &[("value", &state), ("defaultstatus", &reason), ("invariantname", word)],
            false => &[("value", &reason), ("state", &state)],
        };
        element(name, own, vec![labels("labels", "label", &in_language(table.language, word))])
    };
    let children = vec![
        text("OptionSetType", column.kind),
        text("IntroducedVersion", "1.0"),
        text("IsCustomizable", "1"),
        labels("displaynames", "displayname", &in_language(table.language, called)),
        element(container, &[], vec![option(0, "Active"), option(1, "Inactive")]),
    ];
    element("optionset", &[("Name", &own_choice(&table.name, column.schema_name))], children)
}
