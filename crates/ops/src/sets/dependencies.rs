//! Dependencies as rows: those of one component, which a query names by id and type.
//!
//! Nobody lists all of them here; the functions that ask about a component or a solution give the same edges.

use serde_json::Value;
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_store::Record;

use super::document::Document;
use super::{types, wanted_text};
use crate::dependencies::{OfComponent, of_component};
use crate::schema::Schema;
use crate::view::{DependencyEntry, DependencyHome};
use crate::{OpsError, Workspace};

pub(super) fn rows(
    workspace: &Workspace,
    environment: &Environment,
    _schema: &Schema,
    wanted: &[(String, Value)],
) -> Result<Vec<Record>, OpsError> {
    let sides = [("requiredcomponent", OfComponent::Dependent), ("dependentcomponent", OfComponent::Required)];
    for (side, question) in sides {
        let Some(id) = wanted_text(wanted, &format!("{side}objectid")) else { continue };
        let number =
            wanted.iter().find(|(name, _)| *name == format!("{side}type")).and_then(|(_, value)| value.as_i64());
        let Some(number) = number else { continue };
        let (Some(id), Some(component_type)) = (Guid::parse(id), types::of_number(workspace, environment, number)?)
        else {
            return Ok(Vec::new());
        };
        let edges = match of_component(workspace, None, &format!("{component_type}:{id}"), question) {
            Ok(edges) => edges,
            Err(OpsError::Request { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        return Ok(edges.iter().map(|edge| row(environment, edge)).collect());
    }
    let message = "dependencies are asked for by the object id and the type of one side, both with eq";
    Err(OpsError::request(ErrorCode::UNSUPPORTED, message).hint("or by the functions that retrieve dependencies"))
}

fn row(environment: &Environment, edge: &DependencyEntry) -> Record {
    let mut row = Document::default();
    let number = |component: &strata_model::component::ComponentRef| {
        let component_type = strata_model::component::ComponentType::named(&component.type_name);
        types::number(environment.id, &component_type)
    };
    let (required, dependent) = (&edge.required_in, &edge.dependent_in);
    let parent = |home: &DependencyHome| home.parent.as_ref().map(|parent| parent.id.to_string());
    row.set("dependencytype", edge.kind.number())
        .set("requiredcomponentparentid", parent(required))
        .set("requiredcomponentbasesolutionid", required.solution.id.to_string())
        .set("dependentcomponentparentid", parent(dependent))
        .set("dependentcomponentbasesolutionid", dependent.solution.id.to_string())
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
