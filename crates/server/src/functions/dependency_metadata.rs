//! Questions about dependencies whose answers name what they are about: `…WithMetadata` (web-api §9, DP29, DP32).

use serde_json::{Map, Value, json};
use strata_model::component::{ComponentRef, ComponentType};
use strata_model::dependency::DependencyKind;
use strata_ops::dependencies::{OfComponent, OfSolution, of_solution};
use strata_ops::schema::Schema;
use strata_ops::sets::{dependency_id, types};
use strata_ops::solutions;
use strata_ops::view::{DependencyEntry, DependencyHome};

use super::dependencies::{OF_COMPONENT, asked};
use crate::access::Role;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Level, Message, Parameter, Shape, required};

const OF_SOLUTION: &[Parameter] = &[required("SolutionId", Kind::Guid)];
const ANSWER: Shape = Shape::Properties(&[("DependencyMetadataCollection", "mscrm.DependencyMetadataCollection")]);

macro_rules! question {
    ($name:ident, $message:literal, $parameters:expr, $summary:literal, $carry_out:expr) => {
        pub(super) static $name: Message = Message {
            name: $message,
            level: Level::Later,
            role: Role::Reader,
            parameters: $parameters,
            answer: ANSWER,
            summary: $summary,
            carry_out: $carry_out,
            request: None,
        };
    };
}

question!(
    FOR_UNINSTALL,
    "RetrieveDependenciesForUninstallWithMetadata",
    OF_SOLUTION,
    "lists what stands against uninstalling a solution, with names",
    for_uninstall
);
question!(
    FOR_DELETE,
    "RetrieveDependenciesForDeleteWithMetadata",
    OF_COMPONENT,
    "lists what stands against deleting a component, with names",
    |call| collection(call, &asked(call, OfComponent::Delete)?)
);
question!(
    DEPENDENT,
    "RetrieveDependentComponentsWithMetadata",
    OF_COMPONENT,
    "lists who needs a component, with names",
    |call| collection(call, &asked(call, OfComponent::Dependent)?)
);
question!(
    REQUIRED,
    "RetrieveRequiredComponentsWithMetadata",
    OF_COMPONENT,
    "lists what a component needs, with names",
    |call| collection(call, &asked(call, OfComponent::Required)?)
);

fn for_uninstall(call: &Call<'_>) -> Result<Answer, Fault> {
    let id = call.given.id("SolutionId");
    let all = solutions::list(call.ask.workspace, None, true)?;
    let Some(solution) = all.into_iter().find(|solution| solution.id == id) else {
        return Err(Fault::row("solution", &id.to_string()));
    };
    collection(call, &of_solution(call.ask.workspace, None, &solution.unique_name, OfSolution::Uninstall)?)
}

fn collection(call: &Call<'_>, entries: &[DependencyEntry]) -> Result<Answer, Fault> {
    let schema = call.ask.schema()?;
    let infos: Vec<_> = entries.iter().map(|entry| info(call, &schema, entry)).collect();
    Ok(call.object(json!({ "DependencyMetadataCollection": { "DependencyMetadataInfoCollection": infos } })))
}

fn info(call: &Call<'_>, schema: &Schema, entry: &DependencyEntry) -> Value {
    let mut info = Map::from_iter([
        ("dependencyid".to_owned(), json!(dependency_id(entry))),
        ("dependencytype".to_owned(), entry.kind.number().into()),
        ("dependencytypename".to_owned(), kind_name(entry.kind).into()),
    ]);
    let sides = [
        ("requiredcomponent", &entry.required, &entry.required_in),
        ("dependentcomponent", &entry.dependent, &entry.dependent_in),
    ];
    for (side, component, home) in sides {
        let own = properties(call, schema, component, home);
        info.extend(own.into_iter().map(|(name, value)| (format!("{side}{name}"), value)));
    }
    Value::Object(info)
}

/// What the choice `dependencytype` calls its options.
fn kind_name(kind: DependencyKind) -> &'static str {
    match kind {
        DependencyKind::Internal => "Solution Internal",
        DependencyKind::Published => "Published",
        DependencyKind::Unpublished => "Unpublished",
    }
}

fn properties(
    call: &Call<'_>,
    schema: &Schema,
    component: &ComponentRef,
    home: &DependencyHome,
) -> [(&'static str, Value); 13] {
    let component_type = ComponentType::named(&component.type_name);
    let table = types::table(&component_type).to_owned();
    let set = schema.tables().find(|entry| entry.name == table).map(|entry| entry.set.clone());
    let parent = home.parent.as_ref();
    let own_name = |component: &ComponentRef| component.display_name.clone().unwrap_or_else(|| component.name.clone());
    [
        ("objectid", json!(component.id)),
        ("type", types::number(call.ask.environment.id, &component_type).into()),
        ("typename", component_type.label().into()),
        ("name", short_name(component, parent).into()),
        ("displayname", own_name(component).into()),
        ("parentid", json!(parent.map(|parent| parent.id))),
        ("parentdisplayname", json!(parent.map(own_name))),
        ("basesolutionid", json!(home.solution.id)),
        ("basesolutionname", home.solution.friendly_name.as_str().into()),
        ("basesolutionuniquename", home.solution.unique_name.as_str().into()),
        ("basesolutionversion", home.solution.version.as_str().into()),
        ("entitylogicalname", table.into()),
        ("entitysetname", json!(set)),
    ]
}

/// A part's name without that of the whole, which stands beside it.
fn short_name(component: &ComponentRef, parent: Option<&ComponentRef>) -> String {
    let of_parent = parent.and_then(|parent| component.name.strip_prefix(&parent.name)?.strip_prefix('.'));
    of_parent.unwrap_or(&component.name).to_owned()
}
