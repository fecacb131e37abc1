//! StageSolution: a package is looked at and kept, to be imported by its id (web-api §8, §8.1, L95).

use std::sync::Arc;

use serde_json::json;
use strata_ops::{PackageSource, staging};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::jobs::uploads;
use crate::message::{Call, Kind, Level, Message, Shape, optional, required};

pub(super) static STAGE_SOLUTION: Message = Message {
    name: "StageSolution",
    level: Level::Must,
    role: Role::Maker,
    parameters: &[required("CustomizationFile", Kind::Binary), optional("StageSolutionUploadId", Kind::Guid)],
    answer: Shape::Properties(&[("StageSolutionResults", "mscrm.StageSolutionResults")]),
    summary: "says what an import of a package would meet, and keeps the package for a day",
    carry_out,
    request: None,
};

fn carry_out(call: &Call<'_>) -> Result<Answer, Fault> {
    let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
    let bytes = call.given.file("CustomizationFile");
    let upload = call.given.guid("StageSolutionUploadId").unwrap_or_else(|| call.ask.service.mint());
    let package = PackageSource::sent("CustomizationFile", Arc::clone(&bytes));
    let results = staging::stage(workspace, environment, &package, upload)?;
    let name = &results.solution_details.solution_unique_name;
    uploads::keep(workspace, environment, uploads::STAGED, upload, None, name, &bytes)?;
    Ok(call.object(json!({ "StageSolutionResults": results })))
}
