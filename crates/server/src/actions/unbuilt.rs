//! Actions that the platform documents and this server leaves out: 501 (web-api §5).

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, LEFT_OUT, Level, Message, Shape, required};

pub(super) static EXPORT_TRANSLATION: Message = Message {
    name: "ExportTranslation",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[required("SolutionName", Kind::Text)],
    answer: Shape::Properties(&[("ExportTranslationFile", "Edm.Binary")]),
    summary: LEFT_OUT,
    carry_out,
    request: None,
};

pub(super) static IMPORT_TRANSLATION: Message = Message {
    name: "ImportTranslation",
    level: Level::Later,
    role: Role::Maker,
    parameters: &[required("TranslationFile", Kind::Binary), required("ImportJobId", Kind::Guid)],
    answer: Shape::Nothing,
    summary: LEFT_OUT,
    carry_out,
    request: None,
};

fn carry_out(call: &Call<'_>) -> Result<Answer, Fault> {
    Err(Fault::not_built(call.message.name))
}
