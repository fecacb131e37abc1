//! CloneAsPatch and CloneAsSolution (web-api §8, L105, L110).

use serde_json::json;
use strata_model::code::ErrorCode;
use strata_model::version::Version;
use strata_ops::{NewClone, OpsError, Request, solutions};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const PARAMETERS: &[Parameter] = &[
    required("ParentSolutionUniqueName", Kind::Text),
    required("DisplayName", Kind::Text),
    required("VersionNumber", Kind::Text),
];
const ANSWER: Shape = Shape::Properties(&[("SolutionId", "Edm.Guid")]);

pub(super) static CLONE_AS_PATCH: Message = Message {
    name: "CloneAsPatch",
    level: Level::Should,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: ANSWER,
    summary: "makes a patch of an unmanaged solution",
    carry_out,
    request: Some(|call| Ok(Request::ClonePatch(new_clone(call)?))),
};

pub(super) static CLONE_AS_SOLUTION: Message = Message {
    name: "CloneAsSolution",
    level: Level::Should,
    role: Role::Maker,
    parameters: PARAMETERS,
    answer: ANSWER,
    summary: "rolls an unmanaged solution and its patches up into a new version",
    carry_out,
    request: Some(|call| Ok(Request::CloneSolution(new_clone(call)?))),
};

fn new_clone(call: &Call<'_>) -> Result<NewClone, Fault> {
    let version = Version::parse(call.given.name("VersionNumber"))
        .map_err(|error| OpsError::request(ErrorCode::INVALID_SOLUTION_VERSION, error.to_string()))?;
    Ok(NewClone {
        solution: call.given.name("ParentSolutionUniqueName").to_owned(),
        version: Some(version),
        friendly_name: Some(call.given.name("DisplayName").to_owned()),
    })
}

fn carry_out(call: &Call<'_>) -> Result<Answer, Fault> {
    let applied = call.carry_out(&call.request()?)?;
    let name = applied.plan.solution.map(|solution| solution.unique_name).unwrap_or_default();
    Ok(call.object(json!({ "SolutionId": solutions::entry_of(call.ask.workspace, &name)?.id })))
}
