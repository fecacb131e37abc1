//! RetrieveMissingComponents (web-api §9, DP25).

use serde_json::json;
use strata_ops::{PackageSource, staging};

use crate::access::Role;
use crate::message::{Kind, Level, Message, Shape, required};

pub(super) static RETRIEVE_MISSING_COMPONENTS: Message = Message {
    name: "RetrieveMissingComponents",
    level: Level::Should,
    role: Role::Reader,
    parameters: &[required("CustomizationFile", Kind::Binary)],
    answer: Shape::Properties(&[("MissingComponents", "Collection(mscrm.MissingComponent)")]),
    summary: "lists what a package needs and the environment lacks",
    carry_out: |call| {
        let package = PackageSource::sent("CustomizationFile", call.given.file("CustomizationFile"));
        let missing = staging::missing_components(call.ask.workspace, &call.ask.environment, &package)?;
        Ok(call.object(json!({ "MissingComponents": missing })))
    },
    request: None,
};
