//! ImportSolution, StageAndUpgrade, and both as jobs (web-api §8).

use serde_json::json;
use strata_model::id::Guid;
use strata_model::options::ImportAction;
use strata_ops::{Request, jobs as log, solutions};

use super::import_options::{OF_IMPORT, OF_IMPORT_ASYNC, OF_UPGRADE, OF_UPGRADE_ASYNC, request};
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::jobs::{NewJob, accepted};
use crate::message::{Call, Level, Message, Shape};

pub(super) static IMPORT_SOLUTION: Message = Message {
    name: "ImportSolution",
    level: Level::Must,
    role: Role::Maker,
    parameters: OF_IMPORT,
    answer: Shape::Nothing,
    summary: "imports a package while the client waits",
    carry_out: |call| {
        call.carry_out(&import(call)?)?;
        Ok(Answer::empty())
    },
    request: Some(import),
};

pub(super) static IMPORT_SOLUTION_ASYNC: Message = Message {
    name: "ImportSolutionAsync",
    level: Level::Must,
    role: Role::Maker,
    parameters: OF_IMPORT_ASYNC,
    answer: JOB,
    summary: "imports a package, sent or staged before, as a job",
    carry_out: |call| start(call, import(call)?, &IMPORT),
    request: Some(import),
};

pub(super) static STAGE_AND_UPGRADE: Message = Message {
    name: "StageAndUpgrade",
    level: Level::Should,
    role: Role::Maker,
    parameters: OF_UPGRADE,
    answer: Shape::Properties(&[("SolutionId", "Edm.Guid")]),
    summary: "imports a package as an upgrade while the client waits",
    carry_out: |call| {
        let applied = call.carry_out(&upgrade(call)?)?;
        let name = applied.plan.solution.map(|solution| solution.unique_name).unwrap_or_default();
        Ok(call.object(json!({ "SolutionId": solutions::entry_of(call.ask.workspace, &name)?.id })))
    },
    request: Some(upgrade),
};

pub(super) static STAGE_AND_UPGRADE_ASYNC: Message = Message {
    name: "StageAndUpgradeAsync",
    level: Level::Must,
    role: Role::Maker,
    parameters: OF_UPGRADE_ASYNC,
    answer: JOB,
    summary: "imports a package as an upgrade, as a job",
    carry_out: |call| start(call, upgrade(call)?, &UPGRADE),
    request: Some(upgrade),
};

const JOB: Shape = Shape::Properties(&[("AsyncOperationId", "Edm.Guid"), ("ImportJobKey", "Edm.String")]);

/// What the platform calls a job.
struct Named {
    name: &'static str,
    number: i64,
    title: &'static str,
}

const IMPORT: Named = Named { name: "ImportSolution", number: 203, title: "Import" };
const UPGRADE: Named = Named { name: "StageAndUpgrade", number: 211, title: "Upgrade" };

fn import(call: &Call<'_>) -> Result<Request, Fault> {
    request(call, None)
}

fn upgrade(call: &Call<'_>) -> Result<Request, Fault> {
    request(call, Some(ImportAction::Upgrade))
}

/// Starts an import as a job; an id that another import has borne is refused at once (L113).
fn start(call: &Call<'_>, mut request: Request, named: &Named) -> Result<Answer, Fault> {
    let job: Guid = call.given.guid("ImportJobId").unwrap_or_else(|| call.ask.service.mint());
    log::refuse_used(call.ask.workspace, &call.ask.environment, job)?;
    if let Request::Import { options, .. } = &mut request {
        options.job = Some(job);
    }
    let id = call.ask.service.jobs().start(
        call.ask,
        NewJob {
            name: named.name,
            message: call.message.name,
            number: named.number,
            title: named.title,
            import_job: Some(job),
            export_job: None,
            work: Box::new(move |task| {
                strata_ops::carry_out(task.workspace, &task.environment, &request, task.progress).map(|_| ())
            }),
        },
    )?;
    Ok(call.object(accepted(id, Some(job))))
}
