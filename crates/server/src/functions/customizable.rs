//! IsComponentCustomizable (web-api §9, MP16).

use serde_json::json;
use strata_ops::components;

use crate::access::Role;
use crate::actions::component;
use crate::message::{Kind, Level, Message, Shape, required};

pub(super) static IS_COMPONENT_CUSTOMIZABLE: Message = Message {
    name: "IsComponentCustomizable",
    level: Level::Should,
    role: Role::Reader,
    parameters: &[required("ComponentId", Kind::Guid), required("ComponentType", Kind::Int32)],
    answer: Shape::Properties(&[("IsComponentCustomizable", "Edm.Boolean")]),
    summary: "says whether others may customise a component",
    carry_out: |call| {
        let key = component(call, call.given.id("ComponentId"))?;
        let shown = components::show(call.ask.workspace, None, &key.to_string(), false)?;
        Ok(call.object(json!({ "IsComponentCustomizable": shown.is_customizable })))
    },
    request: None,
};
