//! RemoveActiveCustomizations (web-api §8, L103).

use strata_ops::sets::types;
use strata_ops::{Request, components};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Shape, required};

pub(super) static REMOVE_ACTIVE_CUSTOMIZATIONS: Message = Message {
    name: "RemoveActiveCustomizations",
    level: Level::Should,
    role: Role::Maker,
    parameters: &[required("SolutionComponentName", Kind::Text), required("ComponentId", Kind::Guid)],
    answer: Shape::Nothing,
    summary: "takes the Active layer off a component",
    carry_out: |call| {
        call.carry_out(&request(call)?)?;
        Ok(Answer::empty())
    },
    request: Some(request),
};

fn request(call: &Call<'_>) -> Result<Request, Fault> {
    let component_type = types::of_layer_name(call.given.name("SolutionComponentName"));
    let id = call.given.id("ComponentId");
    let component = components::find_identified(call.ask.workspace, &call.ask.environment, &component_type, id)?;
    Ok(Request::RemoveActive { component })
}
