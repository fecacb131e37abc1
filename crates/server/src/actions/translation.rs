//! ExportTranslation and ImportTranslation: a solution's texts for translators (web-api §8).

use strata_ops::{Request, translation};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Shape, required};

pub(super) static EXPORT_TRANSLATION: Message = Message {
    name: "ExportTranslation",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[required("SolutionName", Kind::Text)],
    answer: Shape::Properties(&[("ExportTranslationFile", "Edm.Binary")]),
    summary: "gives the labels of an unmanaged solution as a workbook in a zip",
    carry_out: |call| {
        let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
        let zip = translation::export(workspace, environment, call.given.name("SolutionName"))?;
        Ok(call.file("ExportTranslationFile", zip))
    },
    request: None,
};

pub(super) static IMPORT_TRANSLATION: Message = Message {
    name: "ImportTranslation",
    level: Level::Later,
    role: Role::Maker,
    parameters: &[required("TranslationFile", Kind::Binary), required("ImportJobId", Kind::Guid)],
    answer: Shape::Nothing,
    summary: "writes the texts of such a workbook that are not in the base language, as drafts; all or none",
    carry_out: |call| {
        call.carry_out(&import(call)?)?;
        Ok(Answer::empty())
    },
    request: Some(import),
};

fn import(call: &Call<'_>) -> Result<Request, Fault> {
    let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
    let (file, job) = (call.given.file("TranslationFile"), call.given.id("ImportJobId"));
    Ok(translation::request(workspace, environment, &file, job)?)
}
