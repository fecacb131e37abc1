//! Solutions and publishers as rows, with the platform's own.
//!
//! What a row says beside what the lifecycle knows (a description, an address) is kept as values of a row of its table.

use std::collections::BTreeMap;

use serde_json::Value;
use strata_model::environment::Snapshot;
use strata_model::history::{HistoryEntry, Outcome};
use strata_model::id::Guid;
use strata_model::publisher::Publisher;
use strata_model::solution::{RESERVED_NAMES, Solution, SolutionKind};
use strata_store::{Record, Values};

use super::document::{Document, Known};
use crate::OpsError;
use crate::solutions::{installation_times_of, own_friendly_name};

/// The publisher of the platform's own solutions.
pub(super) const PLATFORM: &str = "MicrosoftCorporation";

/// Columns that every write of a row sets.
const SIGNED: [&str; 4] = ["createdon", "createdby", "modifiedon", "modifiedby"];

/// When a solution came to be and last changed.
#[derive(Default)]
struct Times {
    installed: BTreeMap<String, i64>,
    changed: BTreeMap<String, i64>,
}

impl Times {
    fn of(history: &[HistoryEntry]) -> Self {
        let mut changed = BTreeMap::new();
        for entry in history.iter().rev().filter(|entry| entry.outcome == Outcome::Succeeded) {
            if let Some(name) = &entry.solution {
                changed.insert(name.to_lowercase(), entry.time);
            }
        }
        Self { installed: installation_times_of(history), changed }
    }
}

pub(super) fn rows(known: &Known<'_>, seen: &Snapshot) -> Result<Vec<Record>, OpsError> {
    let history = known.store.history(known.environment, None)?;
    let times = Times::of(&history);
    let begun = history.last().map(|entry| entry.time);
    let said = said_beside(known, "solution")?;
    let mut rows = Vec::new();
    for solution in &seen.solutions {
        rows.push(row(known, seen, solution, &times, &said)?);
    }
    rows.extend(RESERVED_NAMES.iter().map(|name| own_row(known, name, begun)));
    Ok(rows)
}

fn row(
    known: &Known<'_>,
    seen: &Snapshot,
    solution: &Solution,
    times: &Times,
    said: &BTreeMap<String, Values>,
) -> Result<Record, OpsError> {
    let name = solution.unique_name.to_lowercase();
    let installed = times.installed.get(&name).copied();
    let changed = times.changed.get(&name).copied().max(installed);
    let parent = solution.parent.filter(|_| solution.kind == SolutionKind::Patch);
    let parent = parent.and_then(|no| seen.solution(no)).map(|parent| parent.id);
    let mut row = Document::default();
    row.set("uniquename", solution.unique_name.as_str())
        .set("friendlyname", solution.friendly_name.as_str())
        .set("version", solution.version.to_string())
        .set("ismanaged", solution.is_managed)
        .set("isvisible", true)
        .set("isapimanaged", false)
        .set("enabledforsourcecontrolintegration", false)
        .lookup("publisherid", "publisher", seen.publisher(solution.publisher).map(|publisher| publisher.id))
        .lookup("parentsolutionid", "solution", parent)
        .lookup("organizationid", "organization", Some(known.organization.id))
        .lookup("createdby", "systemuser", Some(known.organization.user))
        .lookup("modifiedby", "systemuser", Some(known.organization.user))
        .time("installedon", installed)
        .time("updatedon", changed.filter(|changed| Some(*changed) != installed))
        .times(installed, changed);
    manifest(known, solution, &mut row)?;
    if let Some(values) = said.get(&solution.id.to_string()) {
        row.over(values);
    }
    Ok(row.record(solution.id))
}

/// What only the package said: its format, and a description in the language of the environment.
fn manifest(known: &Known<'_>, solution: &Solution, row: &mut Document) -> Result<(), OpsError> {
    let Some(residue) = solution.residue else { return Ok(()) };
    let Some(body) = known.store.definition(&residue)? else { return Ok(()) };
    let Ok(root) = strata_xml::parse(&body.bytes) else { return Ok(()) };
    row.text("solutionpackageversion", root.attribute("SolutionPackageVersion"));
    let language = known.environment.settings.languages.first().copied().unwrap_or(1033).to_string();
    let descriptions = root.descend(&["SolutionManifest", "Descriptions"]);
    let mut own = descriptions.into_iter().flat_map(strata_xml::Element::elements);
    let own = own.find(|element| element.attribute("languagecode") == Some(&language));
    row.text("description", own.and_then(|element| element.attribute("description")));
    Ok(())
}

fn own_row(known: &Known<'_>, name: &str, begun: Option<i64>) -> Record {
    let environment = known.environment;
    let mut row = Document::default();
    row.set("uniquename", name)
        .set("friendlyname", own_friendly_name(name))
        .set("version", environment.settings.platform_version.to_string())
        .set("ismanaged", name == "System")
        .set("isvisible", name == "Default")
        .set("isapimanaged", false)
        .lookup("publisherid", "publisher", Some(platform_id(environment.id)))
        .lookup("organizationid", "organization", Some(known.organization.id))
        .time("installedon", begun)
        .times(begun, None);
    row.record(Guid::minted(environment.id, "solution", &name.to_lowercase()))
}

fn platform_id(environment: Guid) -> Guid {
    Guid::minted(environment, "publisher", &PLATFORM.to_lowercase())
}

pub(super) fn publishers(known: &Known<'_>, seen: &Snapshot) -> Result<Vec<Record>, OpsError> {
    let said = said_beside(known, "publisher")?;
    let begun = known.store.history(known.environment, None)?.last().map(|entry| entry.time);
    let mut rows: Vec<_> =
        seen.publishers.iter().map(|publisher| publisher_row(known, publisher, begun, &said)).collect();
    if !seen.publishers.iter().any(|publisher| publisher.unique_name.eq_ignore_ascii_case(PLATFORM)) {
        let mut row = Document::default();
        row.set("uniquename", PLATFORM)
            .set("friendlyname", "Microsoft")
            .set("isreadonly", true)
            .lookup("organizationid", "organization", Some(known.organization.id))
            .times(begun, None);
        rows.push(row.record(platform_id(known.environment.id)));
    }
    Ok(rows)
}

fn publisher_row(
    known: &Known<'_>,
    publisher: &Publisher,
    begun: Option<i64>,
    said: &BTreeMap<String, Values>,
) -> Record {
    let mut row = Document::default();
    row.set("uniquename", publisher.unique_name.as_str())
        .set("friendlyname", publisher.friendly_name.as_str())
        .set("customizationprefix", publisher.prefix.as_str())
        .set("customizationoptionvalueprefix", publisher.option_value_prefix)
        .set("isreadonly", false)
        .lookup("organizationid", "organization", Some(known.organization.id))
        .times(begun, None);
    if let Some(values) = said.get(&publisher.id.to_string()) {
        row.over(values);
    }
    for (column, text) in &publisher.details {
        row.set(column, detail(column, text));
    }
    row.record(publisher.id)
}

/// A detail of a publisher as the type of its column has it: packages have texts.
fn detail(column: &str, text: &str) -> Value {
    let part = column.rsplit('_').next().unwrap_or(column);
    let number = match part {
        "addresstypecode" | "shippingmethodcode" | "utcoffset" => text.parse::<i64>().ok().map(Value::from),
        "latitude" | "longitude" => text.parse::<f64>().ok().map(Value::from),
        _ if text.is_empty() => None,
        _ => Some(text.into()),
    };
    number.unwrap_or(Value::Null)
}

/// The values that rows of a table hold beside what the lifecycle knows, by id.
fn said_beside(known: &Known<'_>, table: &str) -> Result<BTreeMap<String, Values>, OpsError> {
    let records = known.store.records(known.environment, None, table)?;
    let own = |mut values: Values| {
        // When and by whom the row beside was written is nobody's business.
        values.retain(|column, _| !SIGNED.contains(&column.as_str()));
        values
    };
    Ok(records.into_iter().map(|record| (record.id, own(record.values))).collect())
}
