//! STR108: values and rows that belong to nothing.

use strata_model::component::{ComponentKey, ComponentType};

use crate::context::Context;
use crate::finding::Findings;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for value in context.of_type("environmentvariablevalue") {
        let definition =
            ComponentKey::new(ComponentType::named("environmentvariabledefinition"), value.packaged().key.as_str());
        if context.find(&definition).is_none() && !context.declared().has(&definition) {
            let message = format!("the value of environment variable {} has no definition in the package", value.name);
            findings.on(value, message);
        }
    }
    for row in context.components() {
        let Some(home) = row.packaged().definition.home.as_deref() else { continue };
        // `<set>/<key>/<set of parts>/<key>/<table>.xml`: a part of the row whose folder is around it.
        let steps: Vec<_> = home.split('/').collect();
        let is_part = steps.len() >= 5 && home.to_lowercase().ends_with(".xml") && row.parent.is_none();
        let is_row = row.own_file().is_some_and(|file| file.path() == home);
        if is_part && is_row {
            let message = format!("{} belongs to {}/{}, which is not in the package", row.label(), steps[0], steps[1]);
            findings.on(row, message);
        }
    }
}
