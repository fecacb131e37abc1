//! Questions about dependencies (web-api §9, DP29, DP32).

use serde_json::{Value, json};
use strata_ops::dependencies::{OfComponent, OfSolution, of_component, of_solution};
use strata_ops::sets::{solution_component_id, types};
use strata_ops::view::{DependencyEntry, DependencySideIds};

use crate::access::Role;
use crate::actions::component;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const OF_SOLUTION: &[Parameter] = &[required("SolutionUniqueName", Kind::Text)];
const OF_COMPONENT: &[Parameter] = &[required("ObjectId", Kind::Guid), required("ComponentType", Kind::Int32)];

macro_rules! question {
    ($name:ident, $message:literal, $parameters:expr, $summary:literal, $carry_out:expr) => {
        pub(super) static $name: Message = Message {
            name: $message,
            level: Level::Must,
            role: Role::Reader,
            parameters: $parameters,
            answer: Shape::Rows("dependency"),
            summary: $summary,
            carry_out: $carry_out,
            request: None,
        };
    };
}

question!(
    FOR_UNINSTALL,
    "RetrieveDependenciesForUninstall",
    OF_SOLUTION,
    "lists what stands against uninstalling a solution",
    |call| solution(call, OfSolution::Uninstall)
);
question!(
    MISSING,
    "RetrieveMissingDependencies",
    OF_SOLUTION,
    "lists what a solution's components need and it does not hold",
    |call| solution(call, OfSolution::Missing)
);
question!(
    FOR_DELETE,
    "RetrieveDependenciesForDelete",
    OF_COMPONENT,
    "lists what stands against deleting a component",
    |call| object(call, OfComponent::Delete)
);
question!(DEPENDENT, "RetrieveDependentComponents", OF_COMPONENT, "lists who needs a component", |call| object(
    call,
    OfComponent::Dependent
));
question!(REQUIRED, "RetrieveRequiredComponents", OF_COMPONENT, "lists what a component needs", |call| object(
    call,
    OfComponent::Required
));

pub(super) static FOR_UNINSTALL_WITH_METADATA: Message = Message {
    name: "RetrieveDependenciesForUninstallWithMetadata",
    level: Level::Later,
    role: Role::Reader,
    parameters: &[required("SolutionId", Kind::Guid)],
    answer: Shape::Open,
    summary: "not supported: 501; `strata.UsedBy` says more",
    carry_out: |call| Err(Fault::not_built(call.message.name)),
    request: None,
};

fn solution(call: &Call<'_>, question: OfSolution) -> Result<Answer, Fault> {
    let entries = of_solution(call.ask.workspace, None, call.given.name("SolutionUniqueName"), question)?;
    Ok(rows(call, &entries))
}

fn object(call: &Call<'_>, question: OfComponent) -> Result<Answer, Fault> {
    let key = component(call, call.given.id("ObjectId"))?;
    let entries = of_component(call.ask.workspace, None, &key.to_string(), question)?;
    Ok(rows(call, &entries))
}

fn rows(call: &Call<'_>, entries: &[DependencyEntry]) -> Answer {
    call.list("dependencies", entries.iter().map(|entry| row(call, entry)).collect())
}

/// The platform's answers have neither an id nor the version that brought the required component.
fn row(call: &Call<'_>, entry: &DependencyEntry) -> Value {
    let DependencyEntry { required, dependent, kind, .. } = entry;
    let number = |name: &str| {
        let component_type = strata_model::component::ComponentType::named(name);
        types::number(call.ask.environment.id, &component_type)
    };
    let node = |side: &DependencySideIds, id| solution_component_id(side.base_solution, id);
    json!({
        "dependencytype": kind.number(),
        "requiredcomponentobjectid": required.id,
        "requiredcomponenttype": number(&required.type_name),
        "requiredcomponentparentid": entry.required_in.parent,
        "requiredcomponentbasesolutionid": entry.required_in.base_solution,
        "_requiredcomponentnodeid_value": node(&entry.required_in, required.id),
        "dependentcomponentobjectid": dependent.id,
        "dependentcomponenttype": number(&dependent.type_name),
        "dependentcomponentparentid": entry.dependent_in.parent,
        "dependentcomponentbasesolutionid": entry.dependent_in.base_solution,
        "_dependentcomponentnodeid_value": node(&entry.dependent_in, dependent.id),
    })
}
