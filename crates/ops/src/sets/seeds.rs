//! Rows that every environment has: its organization, the unit at its root, who asks, and the roles there are.
//!
//! They are rows like any other, put there when somebody asks for them first, so that others can be added beside them.

use serde_json::Value;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_store::{Record, RecordEdit, RecordError, RecordWrite};

use super::document::{Document, seconds};
use crate::organization::Organization;
use crate::workspace::now;
use crate::{OpsError, Workspace};

/// Tables whose first rows are given.
const PLANTED: [&str; 4] = ["organization", "businessunit", "systemuser", "team"];

/// Roles that no package brings.
const ROLES: [&str; 3] = ["System Administrator", "System Customizer", "Basic User"];

pub(super) fn has(table: &str) -> bool {
    PLANTED.contains(&table)
}

fn team_id(environment: &Environment) -> Guid {
    Guid::minted(environment.id, "team", "own")
}

/// Puts the given rows there where they are not yet.
pub(crate) fn plant(workspace: &Workspace, environment: &Environment) -> Result<(), OpsError> {
    let store = workspace.store();
    for (table, record) in records(environment) {
        if store.record_get(environment, None, table, &record.id)?.is_some() {
            continue;
        }
        let edits = vec![RecordEdit::Insert(record)];
        let write = RecordWrite { table: table.to_owned(), edits, ..RecordWrite::default() };
        let now = workspace.environment_named(&environment.name)?;
        match store.record_write(&now, &write) {
            Ok(()) => {}
            // Somebody else was faster: the next who asks will find them.
            Err(RecordError::Refused(_) | RecordError::Moved { .. }) => {}
            Err(RecordError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

fn records(environment: &Environment) -> Vec<(&'static str, Record)> {
    let Organization { id: organization, business_unit: unit, user } = Organization::of(environment);
    let settings = &environment.settings;
    let language = settings.languages.first().copied().unwrap_or(1033);
    let mut rows = Vec::new();
    let mut row = Document::default();
    row.set("name", environment.name.as_str()).set("friendlyname", settings.display_name.as_str());
    row.set("languagecode", language).set("version", settings.platform_version.to_string());
    rows.push(("organization", row.record(organization)));
    row.set("name", environment.name.as_str()).set("isdisabled", false);
    row.lookup("organizationid", "organization", Some(organization));
    rows.push(("businessunit", row.record(unit)));
    row.set("fullname", "Local Maker").set("firstname", "Local").set("lastname", "Maker");
    row.set("domainname", "maker@localhost").set("internalemailaddress", "maker@localhost");
    row.set("isdisabled", false).set("accessmode", 0).lookup("businessunitid", "businessunit", Some(unit));
    rows.push(("systemuser", row.record(user)));
    row.set("name", environment.name.as_str()).set("isdefault", true).set("teamtype", 0);
    row.lookup("businessunitid", "businessunit", Some(unit));
    row.lookup("administratorid", "systemuser", Some(user));
    rows.push(("team", row.record(team_id(environment))));
    let time: Value = seconds(now()).into();
    for (_, record) in &mut rows {
        for column in ["createdon", "modifiedon"] {
            record.values.insert(column.to_owned(), time.clone());
        }
    }
    rows
}

/// The roles that no package brings, as rows beside those that are components.
pub(super) fn roles(environment: &Environment) -> Vec<Record> {
    let role = |name: &&str| {
        let id = Guid::minted(environment.id, "role", &name.to_lowercase());
        let mut row = Document::default();
        row.set("name", *name).set("ismanaged", true).set("componentstate", 0).set("isinherited", 1);
        row.lookup("businessunitid", "businessunit", Some(Organization::of(environment).business_unit));
        row.lookup("parentrootroleid", "role", Some(id));
        row.record(id)
    };
    ROLES.iter().map(role).collect()
}
