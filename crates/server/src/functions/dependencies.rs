//! Questions about dependencies (web-api §9, DP29, DP32).

use serde_json::{Value, json};
use strata_model::component::ComponentType;
use strata_ops::dependencies::{OfComponent, OfSolution, of_component, of_solution};
use strata_ops::sets::{solution_component_id, types};
use strata_ops::view::{DependencyEntry, DependencyHome};

use crate::access::Role;
use crate::actions::component;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const OF_SOLUTION: &[Parameter] = &[required("SolutionUniqueName", Kind::Text)];
pub(super) const OF_COMPONENT: &[Parameter] =
    &[required("ObjectId", Kind::Guid), required("ComponentType", Kind::Int32)];

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

fn solution(call: &Call<'_>, question: OfSolution) -> Result<Answer, Fault> {
    let entries = of_solution(call.ask.workspace, None, call.given.name("SolutionUniqueName"), question)?;
    Ok(rows(call, &entries))
}

fn object(call: &Call<'_>, question: OfComponent) -> Result<Answer, Fault> {
    Ok(rows(call, &asked(call, question)?))
}

/// Asks about the component that a call names.
pub(super) fn asked(call: &Call<'_>, question: OfComponent) -> Result<Vec<DependencyEntry>, Fault> {
    let key = component(call, call.given.id("ObjectId"))?;
    Ok(of_component(call.ask.workspace, None, &key.to_string(), question)?)
}

fn rows(call: &Call<'_>, entries: &[DependencyEntry]) -> Answer {
    call.list("dependencies", entries.iter().map(|entry| row(call, entry)).collect())
}

/// The platform's answers have neither an id nor the version that brought the required component.
fn row(call: &Call<'_>, entry: &DependencyEntry) -> Value {
    let DependencyEntry { required, dependent, kind, .. } = entry;
    let number = |name: &str| types::number(call.ask.environment.id, &ComponentType::named(name));
    let node = |home: &DependencyHome, id| solution_component_id(home.solution.id, id);
    let parent = |home: &DependencyHome| home.parent.as_ref().map(|parent| parent.id);
    json!({
        "dependencytype": kind.number(),
        "requiredcomponentobjectid": required.id,
        "requiredcomponenttype": number(&required.type_name),
        "requiredcomponentparentid": parent(&entry.required_in),
        "requiredcomponentbasesolutionid": entry.required_in.solution.id,
        "_requiredcomponentnodeid_value": node(&entry.required_in, required.id),
        "dependentcomponentobjectid": dependent.id,
        "dependentcomponenttype": number(&dependent.type_name),
        "dependentcomponentparentid": parent(&entry.dependent_in),
        "dependentcomponentbasesolutionid": entry.dependent_in.solution.id,
        "_dependentcomponentnodeid_value": node(&entry.dependent_in, dependent.id),
    })
}
