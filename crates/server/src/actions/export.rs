//! ExportSolution, as a job too, and what fetches the job's package (web-api §8, §10).

use serde_json::{Map, Value, json};
use strata_model::id::Guid;
use strata_ops::export::export_bytes;
use strata_ops::{Chosen, ExportOptions};

use super::components::numbered;
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::{Fault, NO_CODE};
use crate::jobs::{NewJob, operation_of, uploads};
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, optional, required};

/// The settings of an organization that an export can bring along are no part of an environment here: asking for them
/// brings none.
const PARAMETERS: &[Parameter] = &[
    required("SolutionName", Kind::Text),
    required("Managed", Kind::Boolean),
    optional("TargetVersion", Kind::Text),
    optional("ExportAutoNumberingSettings", Kind::Boolean),
    optional("ExportCalendarSettings", Kind::Boolean),
    optional("ExportCustomizationSettings", Kind::Boolean),
    optional("ExportEmailTrackingSettings", Kind::Boolean),
    optional("ExportGeneralSettings", Kind::Boolean),
    optional("ExportMarketingSettings", Kind::Boolean),
    optional("ExportOutlookSynchronizationSettings", Kind::Boolean),
    optional("ExportRelationshipRoles", Kind::Boolean),
    optional("ExportIsvConfig", Kind::Boolean),
    optional("ExportSales", Kind::Boolean),
    optional("ExportExternalApplications", Kind::Boolean),
    optional("ExportComponentsParams", Kind::Object("ExportComponentsParams")),
];
const FILE: Shape = Shape::Properties(&[("ExportSolutionFile", "Edm.Binary")]);

pub(super) static EXPORT_SOLUTION: Message = Message {
    name: "ExportSolution",
    level: Level::Must,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: FILE,
    summary: "exports an unmanaged solution as a package",
    carry_out: |call| {
        let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
        let (_, bytes) = export_bytes(workspace, environment, &options(call)?, &strata_ops::silent)?;
        Ok(call.file("ExportSolutionFile", bytes))
    },
    request: None,
};

pub(super) static EXPORT_SOLUTION_ASYNC: Message = Message {
    name: "ExportSolutionAsync",
    level: Level::Must,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: Shape::Properties(&[("AsyncOperationId", "Edm.Guid"), ("ExportJobId", "Edm.Guid")]),
    summary: "exports an unmanaged solution as a job, whose package waits for a day",
    carry_out: start,
    request: None,
};

pub(super) static DOWNLOAD: Message = Message {
    name: "DownloadSolutionExportData",
    level: Level::Must,
    role: Role::Maker,
    parameters: &[required("ExportJobId", Kind::Guid)],
    answer: FILE,
    summary: "fetches the package that an export made as a job",
    carry_out: download,
    request: None,
};

pub(crate) fn options(call: &Call<'_>) -> Result<ExportOptions, Fault> {
    let solution = call.given.name("SolutionName").to_owned();
    let only = call.given.object("ExportComponentsParams").map(|params| chosen(call, params)).transpose()?;
    Ok(ExportOptions { solution, managed: call.given.flag("Managed"), version: None, only })
}

/// Reads which components are to go out.
fn chosen(call: &Call<'_>, params: &Map<String, Value>) -> Result<Vec<Chosen>, Fault> {
    let fault = |message: String| Fault::payload(format!("parameter 'ExportComponentsParams': {message}"));
    if let Some(unknown) = params.keys().find(|name| *name != LIST && !name.contains('@')) {
        return Err(fault(format!("there is no property {unknown}")));
    }
    let Some(Value::Array(details)) = params.get(LIST) else {
        return Err(fault(format!("a list is expected for {LIST}")));
    };
    let component = |(details, position): (&Value, usize)| {
        let lacks = |name: &str| fault(format!("the component at position {position} lacks '{name}'"));
        let number = details.get("ComponentType").and_then(Value::as_i64).ok_or_else(|| lacks("ComponentType"))?;
        let id = details.get("ComponentId").and_then(Value::as_str).and_then(Guid::parse);
        let key = numbered(call, number, id.ok_or_else(|| lacks("ComponentId"))?)?;
        let required = details.get("AddRequiredComponents").and_then(Value::as_bool).unwrap_or(false);
        Ok(Chosen { key, required })
    };
    details.iter().zip(1..).map(component).collect()
}

const LIST: &str = "ExportComponentsList";

fn start(call: &Call<'_>) -> Result<Answer, Fault> {
    let (options, export) = (options(call)?, call.ask.service.mint());
    let new = NewJob {
        name: "ExportSolution",
        message: call.message.name,
        number: 202,
        title: "Export",
        import_job: None,
        export_job: Some(export),
        work: Box::new(move |task| {
            let (workspace, environment) = (task.workspace, &task.environment);
            let (view, bytes) = export_bytes(workspace, environment, &options, task.progress)?;
            let (table, operation) = (uploads::EXPORTED, Some(task.id));
            uploads::keep(workspace, environment, table, export, operation, &view.unique_name, &bytes)
        }),
    };
    let id = call.ask.service.jobs().start(call.ask, new)?;
    Ok(call.object(json!({ "AsyncOperationId": id, "ExportJobId": export })))
}

fn download(call: &Call<'_>) -> Result<Answer, Fault> {
    let id = call.given.id("ExportJobId");
    let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
    if let Some(bytes) = uploads::bytes(workspace, environment, id)? {
        return Ok(call.file("ExportSolutionFile", bytes));
    }
    let Some(operation) = operation_of(workspace, &environment.name, id)? else {
        return Err(Fault::row(uploads::EXPORTED, &id.to_string()));
    };
    let state = operation.values.get("statecode").and_then(Value::as_i64);
    let message = match (state, operation.values.get("message").and_then(Value::as_str)) {
        (Some(3), Some(message)) => format!("the export failed: {message}"),
        (Some(3), None) => "the package of the export is no longer kept".to_owned(),
        _ => format!("the export has not come to its end: see asyncoperations({})", operation.id),
    };
    Err(Fault::new(400, NO_CODE, message))
}
