//! `strata.UsedBy`: who needs a component, what stands against its deletion, and the way out.

use serde_json::json;
use strata_model::plan::Severity;
use strata_ops::by_hand::ByHand;
use strata_ops::dependencies::{OfComponent, of_component};
use strata_ops::{Request, prepare, silent};

use super::component;
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Shape, required};

pub(super) static USED_BY: Message = Message {
    name: "strata.UsedBy",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[required("Component", Kind::Text)],
    answer: Shape::Open,
    summary: "lists who needs a component, `TYPE:NAME`, what blocks its deletion, and the way out step by step",
    carry_out: used_by,
    request: None,
};

fn used_by(call: &Call<'_>) -> Result<Answer, Fault> {
    let key = component(call)?;
    let name = key.to_string();
    let asked = |question| of_component(call.ask.workspace, None, &name, question);
    let request = Request::ByHand(ByHand::Delete { component: key });
    let planned = prepare(call.ask.workspace, &call.ask.environment, &request, &silent)?.plan;
    let errors: Vec<_> = planned.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    Ok(call.object(json!({
        "usedby": asked(OfComponent::Dependent)?,
        "deleteblockedby": asked(OfComponent::Delete)?,
        "findings": errors,
    })))
}
