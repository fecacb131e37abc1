//! UninstallSolutionAsync (web-api §8, L97).

use strata_ops::Request;

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::jobs::{NewJob, accepted};
use crate::message::{Call, Kind, Level, Message, Shape, required};

pub(super) static UNINSTALL_SOLUTION_ASYNC: Message = Message {
    name: "UninstallSolutionAsync",
    level: Level::Should,
    role: Role::Maker,
    parameters: &[required("SolutionUniqueName", Kind::Text)],
    answer: Shape::Properties(&[("AsyncOperationId", "Edm.Guid")]),
    summary: "uninstalls a solution, as a job",
    carry_out: start,
    request: Some(request),
};

fn request(call: &Call<'_>) -> Result<Request, Fault> {
    Ok(Request::Uninstall { solution: call.given.name("SolutionUniqueName").to_owned() })
}

fn start(call: &Call<'_>) -> Result<Answer, Fault> {
    let new = NewJob::of_request(call, "UninstallSolution", 208, "Uninstall", request(call)?);
    Ok(call.object(accepted(call.ask.service.jobs().start(call.ask, new)?, None)))
}
