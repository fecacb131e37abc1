//! What a package says it needs: the required side of its declared missing dependencies.

use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;

use crate::context::Context;

/// Tells whether the package declares that it needs a component of that type and name, or id.
pub(crate) fn requires(context: &Context<'_>, component_type: &str, name: &str) -> bool {
    let key = ComponentKey::new(ComponentType::named(component_type), name);
    let id = Guid::parse(name);
    context.manifest().missing_dependencies.iter().any(|missing| {
        let required = &missing.required;
        let is_type = required.key.component_type == key.component_type;
        let is_named = required.schema_name.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(name.trim()));
        required.key == key || is_type && (is_named || id.is_some() && required.id == id)
    })
}
