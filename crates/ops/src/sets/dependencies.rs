//! Dependencies as rows: those of one component, which a query names by id and type, are computed for it; any other
//! query finds those of the whole environment, kept until an operation changes something.

use serde_json::Value;
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_store::query::Relation;
use strata_store::{Projection, Record};

use super::document::Document;
use super::{indexes, solution_component_id, types, wanted_text};
use crate::dependencies::{OfComponent, of_all, of_component};
use crate::view::{DependencyEntry, DependencyHome};
use crate::{OpsError, Workspace};

const SET: &str = "dependency";

/// In a larger environment nobody waits for what depends on what in all of it.
const COMPONENTS_MAX: usize = 20_000;

pub(super) fn relation(
    workspace: &Workspace,
    environment: &Environment,
    wanted: &[(String, Value)],
) -> Result<Relation, OpsError> {
    if let Some(rows) = rows_of_one(workspace, environment, wanted)? {
        return Ok(Relation::Given(rows));
    }
    let store = workspace.store();
    if store.projected(environment, SET)?.is_none_or(|shown| shown < environment.revision) {
        let Some(edges) = of_all(workspace, environment, COMPONENTS_MAX)? else {
            let message = format!(
                "of more than {COMPONENTS_MAX} components, dependencies are asked for by the object id and the type of \
                 one side, both with eq"
            );
            return Err(OpsError::request(ErrorCode::INVALID_FILTER, message)
                .hint("or by the functions that retrieve dependencies"));
        };
        let projection = Projection {
            set: SET.to_owned(),
            revision: environment.revision,
            replaces_all: true,
            rows: edges.iter().map(|edge| row(environment, edge)).collect(),
            removed: Vec::new(),
            indexes: indexes(&["requiredcomponentobjectid", "dependentcomponentobjectid"]),
        };
        store.project(environment, &projection)?;
    }
    Ok(Relation::Projection(SET.to_owned()))
}

/// Returns the dependencies of the component that a query names, if it names one.
fn rows_of_one(
    workspace: &Workspace,
    environment: &Environment,
    wanted: &[(String, Value)],
) -> Result<Option<Vec<Record>>, OpsError> {
    let sides = [("requiredcomponent", OfComponent::Dependent), ("dependentcomponent", OfComponent::Required)];
    for (side, question) in sides {
        let Some(id) = wanted_text(wanted, &format!("{side}objectid")) else { continue };
        let number =
            wanted.iter().find(|(name, _)| *name == format!("{side}type")).and_then(|(_, value)| value.as_i64());
        let Some(number) = number else { continue };
        let (Some(id), Some(component_type)) = (Guid::parse(id), types::of_number(workspace, environment, number)?)
        else {
            return Ok(Some(Vec::new()));
        };
        let edges = match of_component(workspace, None, &format!("{component_type}:{id}"), question) {
            Ok(edges) => edges,
            Err(OpsError::Request { .. }) => return Ok(Some(Vec::new())),
            Err(error) => return Err(error),
        };
        return Ok(Some(edges.iter().map(|edge| row(environment, edge)).collect()));
    }
    Ok(None)
}

fn row(environment: &Environment, edge: &DependencyEntry) -> Record {
    let mut row = Document::default();
    let number = |component: &strata_model::component::ComponentRef| {
        let component_type = strata_model::component::ComponentType::named(&component.type_name);
        types::number(environment.id, &component_type)
    };
    let (required, dependent) = (&edge.required_in, &edge.dependent_in);
    let node = |home: &DependencyHome, component| Some(solution_component_id(home.solution.id, component));
    let parent = |home: &DependencyHome| home.parent.as_ref().map(|parent| parent.id.to_string());
    row.set("dependencytype", edge.kind.number())
        .set("requiredcomponentparentid", parent(required))
        .set("requiredcomponentbasesolutionid", required.solution.id.to_string())
        .set("dependentcomponentparentid", parent(dependent))
        .set("dependentcomponentbasesolutionid", dependent.solution.id.to_string())
        .lookup("requiredcomponentnodeid", "dependencynode", node(&edge.required_in, edge.required.id))
        .lookup("dependentcomponentnodeid", "dependencynode", node(&edge.dependent_in, edge.dependent.id))
        .set("requiredcomponentobjectid", edge.required.id.to_string())
        .set("requiredcomponenttype", number(&edge.required))
        .set("dependentcomponentobjectid", edge.dependent.id.to_string())
        .set("dependentcomponenttype", number(&edge.dependent));
    row.record(dependency_id(edge))
}

/// Returns the id of a dependency: that of its row.
pub fn dependency_id(edge: &DependencyEntry) -> Guid {
    Guid::minted(edge.required.id, "dependency", &edge.dependent.id.to_string())
}
