//! What came of an import: RetrieveSolutionImportResult, RetrieveFormattedImportJobResults (web-api §9, §10).

use serde_json::{Value, json};
use strata_model::id::Guid;
use strata_model::plan::Severity;
use strata_ops::jobs::{WhichJob, log};
use strata_ops::view::{ImportLog, JobResult};
use strata_ops::workbook;

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::{Fault, NO_CODE};
use crate::jobs::operation_of;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const PARAMETERS: &[Parameter] = &[required("ImportJobId", Kind::Guid)];

pub(super) static RETRIEVE_SOLUTION_IMPORT_RESULT: Message = Message {
    name: "RetrieveSolutionImportResult",
    level: Level::Must,
    role: Role::Reader,
    parameters: PARAMETERS,
    answer: Shape::Properties(&[("SolutionOperationResult", "mscrm.SolutionOperationResult")]),
    summary: "says whether an import passed, and why not",
    carry_out: result,
    request: None,
};

pub(super) static RETRIEVE_FORMATTED_IMPORT_JOB_RESULTS: Message = Message {
    name: "RetrieveFormattedImportJobResults",
    level: Level::Should,
    role: Role::Reader,
    parameters: PARAMETERS,
    answer: Shape::Properties(&[("FormattedResults", "Edm.String")]),
    summary: "gives the log of an import as a workbook",
    carry_out: |call| match found(call)? {
        Outcome::Log(log) => Ok(call.object(json!({ "FormattedResults": workbook::write(&log) }))),
        Outcome::Failed(message) => Err(Fault::new(400, NO_CODE, format!("the import has no log: {message}"))),
    },
    request: None,
};

/// What is known of an import job.
enum Outcome {
    Log(Box<ImportLog>),
    /// It failed before it was one (R14).
    Failed(String),
}

fn result(call: &Call<'_>) -> Result<Answer, Fault> {
    let (status, warnings, errors, formatted) = match found(call)? {
        Outcome::Log(log) => {
            let of = |severity: Severity| {
                let said = log.findings.iter().filter(|finding| finding.severity == severity);
                said.map(|finding| finding.message.clone()).collect::<Vec<_>>()
            };
            let status = if log.result == JobResult::Failure { "Failed" } else { "Passed" };
            (status, of(Severity::Warning), of(Severity::Error), Some(workbook::write(&log)))
        }
        Outcome::Failed(message) => ("Failed", Vec::new(), vec![message], None),
    };
    Ok(call.object(json!({ "SolutionOperationResult": {
        "Type": "Import",
        "Status": status,
        "WarningMessages": warnings,
        "ErrorMessages": errors,
        "FormattedResults": formatted,
        "ActionLink": { "Label": null, "Target": null },
    }})))
}

fn found(call: &Call<'_>) -> Result<Outcome, Fault> {
    let job: Guid = call.given.id("ImportJobId");
    let missing = match log(call.ask.workspace, None, WhichJob::Id(job)) {
        Ok(log) => return Ok(Outcome::Log(Box::new(log))),
        Err(missing) => missing,
    };
    let Some(operation) = operation_of(call.ask.workspace, &call.ask.environment.name, job)? else {
        let mut fault = Fault::row("importjob", &job.to_string());
        fault.details = Fault::from(missing).details;
        return Err(fault);
    };
    match operation.values.get("statecode").and_then(Value::as_i64) {
        Some(3) => {
            let message = operation.values.get("message").and_then(Value::as_str).unwrap_or("it was canceled");
            Ok(Outcome::Failed(message.to_owned()))
        }
        _ => Err(Fault::new(400, NO_CODE, format!("import job {job} has not come to its end"))),
    }
}
