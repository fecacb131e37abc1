//! PublishXml, PublishAllXml, and as a job (web-api §8, L49 to L51).

use strata_ops::{PublishScope, Request, published};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::jobs::{NewJob, accepted};
use crate::message::{Call, Kind, Level, Message, Shape, required};

pub(super) static PUBLISH_XML: Message = Message {
    name: "PublishXml",
    level: Level::Must,
    role: Role::Maker,
    parameters: &[required("ParameterXml", Kind::Text)],
    answer: Shape::Nothing,
    summary: "publishes the components that it names, tables with their parts",
    carry_out,
    request: Some(named),
};

pub(super) static PUBLISH_ALL_XML: Message = Message {
    name: "PublishAllXml",
    level: Level::Must,
    role: Role::Maker,
    parameters: &[],
    answer: Shape::Nothing,
    summary: "publishes every draft",
    carry_out,
    request: Some(|_| Ok(Request::Publish(PublishScope::All))),
};

pub(super) static PUBLISH_ALL_XML_ASYNC: Message = Message {
    name: "PublishAllXmlAsync",
    level: Level::Later,
    role: Role::Maker,
    parameters: &[],
    answer: Shape::Properties(&[("AsyncOperationId", "Edm.Guid")]),
    summary: "publishes every draft, as a job",
    carry_out: |call| {
        let new = NewJob::of_request(call, "PublishAll", 204, "Publish", Request::Publish(PublishScope::All));
        Ok(call.object(accepted(call.ask.service.jobs().start(call.ask, new)?, None)))
    },
    request: Some(|_| Ok(Request::Publish(PublishScope::All))),
};

fn named(call: &Call<'_>) -> Result<Request, Fault> {
    let xml = call.given.name("ParameterXml");
    let components = published::components(call.ask.workspace, &call.ask.environment, xml)?;
    Ok(Request::Publish(PublishScope::Components(components)))
}

fn carry_out(call: &Call<'_>) -> Result<Answer, Fault> {
    call.carry_out(&call.request()?)?;
    Ok(Answer::empty())
}
