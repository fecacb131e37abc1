//! `strata.Check`: static checks of a package; `strata.Diff`: two packages or solutions compared.

use strata_ops::PackageSource;
use strata_ops::check::check_sent;
use strata_ops::compare::{DiffOptions, Side, compare_sides};

use super::{AT, at, shape, shapes};
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Shape, optional, required};

pub(super) static CHECK: Message = Message {
    name: "strata.Check",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[
        required("CustomizationFile", Kind::Binary),
        optional("Rules", Kind::Texts),
        optional("AgainstEnvironment", Kind::Boolean),
    ],
    answer: Shape::OpenList,
    summary: "checks a package, against the environment where that is asked for, and lists the findings",
    carry_out: |call| {
        let bytes = call.given.file("CustomizationFile");
        let size = bytes.len() as u64;
        let name = &call.ask.environment.name;
        let target = call.given.flag("AgainstEnvironment").then_some((call.ask.workspace, name.as_str()));
        let package = PackageSource::sent("CustomizationFile", bytes);
        // A rule that there is not is a value that does not fit.
        let unfit = |error| Fault { status: 400, ..Fault::from(error) };
        let report = check_sent(&package, size, call.given.texts("Rules"), target).map_err(unfit)?;
        Ok(shapes(call, &report.findings))
    },
    request: None,
};

pub(super) static DIFF: Message = Message {
    name: "strata.Diff",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[
        optional("BeforeFile", Kind::Binary),
        optional("BeforeSolution", Kind::Text),
        optional("BeforeEnvironment", Kind::Text),
        optional("AfterFile", Kind::Binary),
        optional("AfterSolution", Kind::Text),
        optional("AfterEnvironment", Kind::Text),
        optional("IncludeKind", Kind::Boolean),
        AT,
    ],
    answer: Shape::Open,
    summary: "compares two sides, each a package or a solution, of this environment where no other is named",
    carry_out: diff,
    request: None,
};

fn diff(call: &Call<'_>) -> Result<Answer, Fault> {
    let options = DiffOptions { sees_kind: call.given.flag("IncludeKind"), at: at(call) };
    let (before, after) = (side(call, "Before")?, side(call, "After")?);
    Ok(shape(call, &compare_sides(call.ask.service.location(), &before, &after, options)?))
}

fn side(call: &Call<'_>, which: &str) -> Result<Side, Fault> {
    let given = |what: &str| format!("{which}{what}");
    if let Some(bytes) = call.given.bytes(&given("File")) {
        return Ok(Side::Sent(PackageSource::sent(given("File"), bytes)));
    }
    let Some(solution) = call.given.text(&given("Solution")) else {
        return Err(Fault::payload(format!("{}: {which}File or {which}Solution is needed", call.message.name)));
    };
    let environment = call.given.text(&given("Environment")).unwrap_or(&call.ask.environment.name);
    Ok(Side::Solution { environment: environment.to_owned(), solution: solution.to_owned() })
}
