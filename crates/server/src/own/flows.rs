//! `strata.Flows`, `strata.RunFlow`, `strata.RepairFlow`: desktop flows.

use strata_model::version::Version;
use strata_ops::flows::{self, Client, Mode, Repair};
use strata_ops::view::PlanView;
use strata_ops::{Request, prepare, silent};

use super::{AT, at, shape, shapes};
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::{Fault, NO_CODE};
use crate::message::{Call, Kind, Level, Message, Shape, optional, required};

pub(super) static FLOWS: Message = Message {
    name: "strata.Flows",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[AT],
    answer: Shape::OpenList,
    summary: "lists the desktop flows and their binaries",
    carry_out: |call| Ok(shapes(call, &flows::list(call.ask.workspace, at(call))?)),
    request: None,
};

pub(super) static RUN: Message = Message {
    name: "strata.RunFlow",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[
        required("Flow", Kind::Text),
        optional("Mode", Kind::Text),
        optional("ClientVersion", Kind::Text),
        AT,
    ],
    answer: Shape::Open,
    summary: "binds a desktop flow as its runtime would, `local` or `cloud`; nothing is carried out",
    carry_out: run,
    request: None,
};

pub(super) static REPAIR: Message = Message {
    name: "strata.RepairFlow",
    level: Level::Own,
    role: Role::Maker,
    parameters: &[required("Flow", Kind::Text), optional("PlanOnly", Kind::Boolean)],
    answer: Shape::Open,
    summary: "takes the documented way out for a desktop flow that does not run, or says what it would be",
    carry_out: repair,
    request: Some(|call| {
        let runs = || Fault::new(400, NO_CODE, format!("desktop flow {} runs", call.given.name("Flow")));
        repair_of(call)?.request.ok_or_else(runs)
    }),
};

fn run(call: &Call<'_>) -> Result<Answer, Fault> {
    let mode = match call.given.text("Mode") {
        None | Some("local") => Mode::Local,
        Some("cloud") => Mode::Cloud,
        Some(other) => {
            return Err(Fault::payload(format!("parameter 'Mode': local or cloud is expected, not {other}")));
        }
    };
    let version =
        |text| Version::parse(text).map_err(|error| Fault::payload(format!("parameter 'ClientVersion': {error}")));
    let client = Client { mode, version: call.given.text("ClientVersion").map(version).transpose()? };
    Ok(shape(call, &flows::run(call.ask.workspace, at(call), call.given.name("Flow"), &client)?))
}

fn repair_of(call: &Call<'_>) -> Result<Repair, Fault> {
    let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
    let flow = flows::find(workspace, environment, None, call.given.name("Flow"))?;
    Ok(flows::repair(workspace, environment, &flow)?)
}

fn repair(call: &Call<'_>) -> Result<Answer, Fault> {
    let Repair { request, mut view } = repair_of(call)?;
    view.plan = match &request {
        None => None,
        Some(request) if call.given.flag("PlanOnly") => Some(planned(call, request)?),
        Some(request) => {
            let applied = call.carry_out(request)?;
            let mut done = PlanView::of(&applied.plan, false);
            done.applied_as = applied.recorded.then_some(applied.operation);
            Some(done)
        }
    };
    Ok(shape(call, &view))
}

fn planned(call: &Call<'_>, request: &Request) -> Result<PlanView, Fault> {
    let prepared = prepare(call.ask.workspace, &call.ask.environment, request, &silent)?;
    Ok(PlanView::of(&prepared.plan, false))
}
