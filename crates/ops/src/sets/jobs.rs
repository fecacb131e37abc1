//! Import jobs and solution history as rows: a row for each operation that has a place there (L113, L115).
//!
//! History only grows, so a refresh reads what came since. What a job's log says is read when somebody asks for it.

use std::fmt::Write as _;

use strata_model::environment::{Environment, Footprint};
use strata_model::history::{HistoryEntry, Outcome};
use strata_model::id::{Guid, Operation};
use strata_model::plan::OperationKind;
use strata_store::{Projection, Record};
use strata_xml::escape_attribute;

use super::content::Content;
use super::document::{Document, Known};
use super::indexes;
use crate::jobs::{history_row, log_of_operation};
use crate::view::{ImportLog, JobResult};
use crate::{OpsError, Workspace};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Imports,
    History,
}

pub(super) fn refresh(workspace: &Workspace, environment: &Environment, table: &str, of: Of) -> Result<(), OpsError> {
    let store = workspace.store();
    let environment = &workspace.environment_named(&environment.name)?;
    let shown = store.projected(environment, table)?;
    let running = match of {
        Of::Imports => store.records(environment, None, table)?,
        Of::History => Vec::new(),
    };
    if shown.is_some_and(|shown| shown >= environment.operation) && running.is_empty() {
        return Ok(());
    }
    let entries = entries(workspace, environment, shown)?;
    let known = Known::new(store, environment);
    let seen = store.snapshot(environment, None, &Footprint::default())?;
    let solution = |name: &str| seen.solution_named(name).map(|solution| solution.id);
    let mut rows: Vec<_> = entries
        .iter()
        .filter_map(|entry| match of {
            Of::Imports => job_row(&known, entry, solution),
            Of::History => shown_history(environment, entry, solution),
        })
        .collect();
    // A job that runs still has no entry of history; one that has is what its entry says.
    for record in running {
        let is_over = rows.iter().any(|row| row.id == record.id) || is_entered(workspace, environment, &record.id)?;
        if !is_over {
            rows.push(record);
        }
    }
    let projection = Projection {
        set: table.to_owned(),
        revision: environment.operation,
        replaces_all: shown.is_none(),
        rows,
        removed: Vec::new(),
        indexes: indexes(match of {
            Of::Imports => &["solutionname", "createdon"],
            Of::History => &["msdyn_name", "msdyn_starttime"],
        }),
    };
    Ok(store.project(environment, &projection)?)
}

/// Tells whether a job stands in history.
fn is_entered(workspace: &Workspace, environment: &Environment, job: &str) -> Result<bool, OpsError> {
    let history = workspace.store().history(environment, None)?;
    Ok(history.iter().any(|entry| entry.job.is_some_and(|own| own.to_string() == job)))
}

/// The entries behind one that is shown already, else all.
fn entries(
    workspace: &Workspace,
    environment: &Environment,
    shown: Option<Operation>,
) -> Result<Vec<HistoryEntry>, OpsError> {
    let store = workspace.store();
    let Some(shown) = shown else { return Ok(store.history(environment, None)?) };
    let mut entries = Vec::new();
    for operation in shown.0 + 1..=environment.operation.0 {
        entries.extend(store.history_entry(environment, Operation(operation))?);
    }
    Ok(entries)
}

fn job_row(known: &Known<'_>, entry: &HistoryEntry, solution: impl Fn(&str) -> Option<Guid>) -> Option<Record> {
    let job = entry.job?;
    let name = entry.solution.as_deref();
    let ended = entry.time + entry.duration;
    let mut row = Document::default();
    row.text("solutionname", name)
        .set("name", "Customizations")
        .set("progress", 100)
        .set("importcontext", "ImportInstall")
        .set("operationcontext", context(entry))
        .text("solutionid", name.and_then(solution).map(|id| id.to_string()).as_deref())
        .set("data", Content::ImportLog(entry.operation).marker())
        .lookup("organizationid", "organization", Some(known.organization.id))
        .lookup("createdby", "systemuser", Some(known.organization.user))
        .lookup("modifiedby", "systemuser", Some(known.organization.user))
        .time("startedon", Some(entry.time))
        .time("completedon", Some(ended))
        .times(Some(entry.time), Some(ended));
    if entry.outcome == Outcome::Failed {
        row.set("progress", 0);
    }
    Some(row.record(job))
}

/// A code of the platform as a number, which is signed.
fn code_number(hex: &str) -> Option<i32> {
    let digits = hex.strip_prefix("0x")?;
    u32::from_str_radix(digits, 16).ok().map(u32::cast_signed)
}

/// The word for what an import came to.
fn context(entry: &HistoryEntry) -> &'static str {
    match entry.suboperation {
        Some(OperationKind::New) => "New",
        Some(OperationKind::Upgrade | OperationKind::Stage | OperationKind::ApplyUpgrade) => "Upgrade",
        Some(OperationKind::Patch) => "Patch",
        Some(_) => "Update",
        None => "None",
    }
}

fn shown_history(
    environment: &Environment,
    entry: &HistoryEntry,
    solution: impl Fn(&str) -> Option<Guid>,
) -> Option<Record> {
    let history = history_row(environment, entry)?;
    let mut row = Document::default();
    row.text("msdyn_name", history.name.as_deref())
        .set("msdyn_operation", history.operation)
        .set("msdyn_suboperation", history.suboperation)
        .set("msdyn_status", history.status)
        .set("msdyn_result", history.result)
        .time("msdyn_starttime", Some(entry.time))
        .time("msdyn_endtime", Some(entry.time + entry.duration))
        .set("msdyn_totaltime", entry.duration.div_euclid(1000))
        .text("msdyn_solutionversion", history.solution_version.as_deref())
        .text("msdyn_packagename", history.package_name.as_deref())
        .text("msdyn_packageversion", history.package_version.as_deref())
        .text("msdyn_publishername", history.publisher_name.as_deref())
        .set("msdyn_activityid", history.activity_id.to_string())
        .set("msdyn_correlationid", history.correlation_id.to_string())
        .set("msdyn_errorcode", history.error_code.as_deref().and_then(code_number))
        .text("msdyn_exceptionmessage", history.exception_message.as_deref())
        .set("msdyn_ismanaged", history.is_managed)
        .set("msdyn_isoverwritecustomizations", history.overwrite_customizations)
        .set("msdyn_ispatch", history.is_patch)
        .set("msdyn_maxretries", 0)
        .set("msdyn_retrycount", 0)
        .times(Some(entry.time), None);
    let solution = history.name.as_deref().and_then(solution).map(|id| id.to_string());
    row.text("msdyn_solutionid", solution.as_deref());
    Some(row.record(history.id))
}

/// Writes the log of an operation's job as the platform keeps it.
pub(super) fn log_of(
    workspace: &Workspace,
    environment: &Environment,
    operation: Operation,
) -> Result<Option<String>, OpsError> {
    Ok(log_of_operation(workspace, environment, operation)?.map(|log| log_xml(&log)))
}

/// Makes the XML of an import log: the solution, then a result for each component.
fn log_xml(log: &ImportLog) -> String {
    let processed = log.components.iter().filter(|component| component.result.is_some()).count();
    let mut xml = format!(
        "<importexportxml start=\"{}\" stop=\"{}\" progress=\"{}\" processed=\"{processed}\" completed=\"true\" \
         succeeded=\"{}\"><solutionManifests><solutionManifest languagecode=\"1033\" id=\"{name}\" \
         LocalizedName=\"{name}\" processed=\"true\"><UniqueName>{name}</UniqueName><Version>{version}</Version>\
         <Managed>{managed}</Managed>",
        log.start_time,
        log.end_time,
        if log.result == JobResult::Failure { processed * 100 / log.components.len().max(1) } else { 100 },
        log.result != JobResult::Failure,
        name = escape_attribute(log.solution.as_deref().unwrap_or_default()),
        version = escape_attribute(log.version.as_deref().unwrap_or_default()),
        managed = u8::from(log.is_managed),
    );
    let code = log.error_code.as_deref().unwrap_or("0");
    push_result(&mut xml, log.result, code, log.error_text.as_deref().unwrap_or_default());
    xml.push_str("</solutionManifest></solutionManifests><components>");
    for result in &log.components {
        let component = &result.component;
        let localized = component.display_name.as_deref().unwrap_or(&component.name);
        write!(
            xml,
            "<component type=\"{}\" id=\"{}\" name=\"{}\" LocalizedName=\"{}\" processed=\"{}\">",
            escape_attribute(&component.type_name),
            component.id,
            escape_attribute(&component.name),
            escape_attribute(localized),
            result.result.is_some(),
        )
        .expect("a text takes all there is");
        if let Some(own) = result.result {
            let code = result.error_code.as_deref().unwrap_or("0");
            push_result(&mut xml, own, code, result.error_text.as_deref().unwrap_or_default());
        }
        xml.push_str("</component>");
    }
    xml.push_str("</components></importexportxml>");
    xml
}

fn push_result(xml: &mut String, result: JobResult, code: &str, text: &str) {
    let (word, code, text) = (result.word(), escape_attribute(code), escape_attribute(text));
    write!(xml, "<result result=\"{word}\" errorcode=\"{code}\" errortext=\"{text}\" />")
        .expect("a text takes all there is");
}
