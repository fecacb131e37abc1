//! Operations for those who test with the server: baselines, and faults on demand (`strata.*`, admins only).

use serde_json::{Value, json};
use strata_ops::baseline;

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, optional, required};
use crate::trouble::Trouble;

/// Finds one by its name. They are found before any fault on demand happens: one of everything can be taken back.
pub(crate) fn find(name: &str) -> Option<&'static Message> {
    ALL.iter().copied().find(|message| message.name == name)
}

/// All of them.
pub(crate) const ALL: &[&Message] = &[&SAVE_BASELINE, &RESET_TO_BASELINE, &SET_FAULT, &CLEAR_FAULTS];

const NAME: &[Parameter] = &[required("Name", Kind::Text)];

static SAVE_BASELINE: Message = Message {
    name: "strata.SaveBaseline",
    level: Level::Own,
    role: Role::Admin,
    parameters: NAME,
    answer: Shape::Nothing,
    summary: "keeps the state of this environment under a name",
    carry_out: |call| {
        baseline::save(call.ask.workspace, &call.ask.environment, call.given.name("Name"))?;
        Ok(Answer::empty())
    },
    request: None,
};

static RESET_TO_BASELINE: Message = Message {
    name: "strata.ResetToBaseline",
    level: Level::Own,
    role: Role::Admin,
    parameters: NAME,
    answer: Shape::Nothing,
    summary: "brings a state back that was kept, for test suites",
    carry_out: |call| {
        baseline::reset(call.ask.workspace, &call.ask.environment, call.given.name("Name"))?;
        Ok(Answer::empty())
    },
    request: None,
};

static SET_FAULT: Message = Message {
    name: "strata.SetFault",
    level: Level::Own,
    role: Role::Admin,
    parameters: &[
        required("Operation", Kind::Text),
        required("Kind", Kind::Text),
        optional("Times", Kind::Int32),
        optional("Milliseconds", Kind::Int32),
        optional("RetryAfter", Kind::Int32),
        optional("Code", Kind::Text),
        optional("Message", Kind::Text),
    ],
    answer: Shape::Nothing,
    summary: "lets an action, a function, a set or a job (`Job.ImportSolution`) go wrong: `delay`, `fail`, `concurrent` \
              or `throttle`",
    carry_out: set_fault,
    request: None,
};

static CLEAR_FAULTS: Message = Message {
    name: "strata.ClearFaults",
    level: Level::Own,
    role: Role::Admin,
    parameters: &[],
    answer: Shape::Properties(&[("Cleared", "Edm.Int32")]),
    summary: "forgets the faults that are set",
    carry_out: |call| Ok(call.object(json!({ "Cleared": call.ask.service.troubles().clear() }))),
    request: None,
};

fn set_fault(call: &Call<'_>) -> Result<Answer, Fault> {
    let mut body = call.ask.json()?;
    body.retain(|_, value| !value.is_null());
    let trouble: Trouble =
        serde_json::from_value(Value::Object(body)).map_err(|error| Fault::payload(error.to_string()))?;
    trouble.check().map_err(Fault::payload)?;
    call.ask.service.troubles().add(trouble);
    Ok(Answer::empty())
}
