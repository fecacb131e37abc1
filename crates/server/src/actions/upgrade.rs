//! DeleteAndPromote, and as a job: a staged upgrade takes the place of its base (web-api §8, L81).

use serde_json::json;
use strata_ops::{Request, solutions};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::jobs::{NewJob, accepted};
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const PARAMETERS: &[Parameter] = &[required("UniqueName", Kind::Text)];

pub(super) static DELETE_AND_PROMOTE: Message = Message {
    name: "DeleteAndPromote",
    level: Level::Must,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: Shape::Properties(&[("SolutionId", "Edm.Guid")]),
    summary: "applies the staged upgrade of a solution",
    carry_out: |call| {
        call.carry_out(&request(call)?)?;
        let id = solutions::entry_of(call.ask.workspace, call.given.name("UniqueName"))?.id;
        Ok(call.object(json!({ "SolutionId": id })))
    },
    request: Some(request),
};

pub(super) static DELETE_AND_PROMOTE_ASYNC: Message = Message {
    name: "DeleteAndPromoteAsync",
    level: Level::Should,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: Shape::Properties(&[("AsyncOperationId", "Edm.Guid")]),
    summary: "applies the staged upgrade of a solution, as a job",
    carry_out: start,
    request: Some(request),
};

fn request(call: &Call<'_>) -> Result<Request, Fault> {
    Ok(Request::ApplyUpgrade { solution: call.given.name("UniqueName").to_owned() })
}

fn start(call: &Call<'_>) -> Result<Answer, Fault> {
    let new = NewJob::of_request(call, "DeleteAndPromote", 207, "Upgrade", request(call)?);
    Ok(call.object(accepted(call.ask.service.jobs().start(call.ask, new)?, None)))
}
