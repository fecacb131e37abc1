//! `strata.Layers`: a component's layers, and which of them decides each property.

use strata_ops::components;

use super::{AT, at, shape};
use crate::access::Role;
use crate::message::{Kind, Level, Message, Shape, optional, required};

pub(super) static LAYERS: Message = Message {
    name: "strata.Layers",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[required("Component", Kind::Text), optional("Unpublished", Kind::Boolean), AT],
    answer: Shape::Open,
    summary: "shows the layers of a component, `TYPE:NAME`, and which of them decides each property",
    carry_out: |call| {
        let name = call.given.name("Component");
        Ok(shape(call, &components::layers(call.ask.workspace, at(call), name, call.given.flag("Unpublished"))?))
    },
    request: None,
};
