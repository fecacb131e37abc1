//! The official rules for forms, as far as metadata decides them.

use crate::context::Context;
use crate::finding::Findings;
use crate::handlers;
use crate::rule::{Category, Needs, Precision, Rule, Severity};
use crate::tree::Element;

const HELP: &str = "https://learn.microsoft.com/power-apps/maker/data-platform/use-powerapps-checker";

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "meta-remove-invalid-form-handler",
        severity: Severity::Medium,
        category: Category::Maintainability,
        component: "form",
        condition: "A form event calls a function of a script that is not among the form's libraries.",
        why: "The script is not loaded, so the event ends in an error that users see.",
        cure: &["Add the library to the form, or remove the handler."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: HELP,
        check: missing_libraries,
    },
    Rule {
        id: "meta-remove-orphaned-form-element",
        severity: Severity::Low,
        category: Category::Maintainability,
        component: "form",
        condition: "A form has handlers for an event of a column that is not on the form.",
        why: "They are left over from a column that was removed: they never run, and still need their script.",
        cure: &["Remove the handlers, or put the column back on the form."],
        needs: Needs::Package,
        precision: Precision::High,
        help: HELP,
        check: orphaned_events,
    },
];

fn missing_libraries(context: &Context<'_>, findings: &mut Findings<'_>) {
    for handler in handlers::all(context).iter().filter(|handler| !handler.is_library_on_form()) {
        let message = format!(
            "{}: {} calls {} of {}, which is not a library of the form",
            handler.form.label(),
            handler.event_label(),
            handler.function().unwrap_or_default(),
            handler.library().unwrap_or_default()
        );
        let path = format!("{}/{}", handler.event_label(), handler.function().unwrap_or_default());
        findings.on(handler.form, message).at(handler.form.place_of(handler.element)).path(path);
    }
}

fn orphaned_events(context: &Context<'_>, findings: &mut Findings<'_>) {
    for form in handlers::whole_forms(context) {
        let Some(body) = form.tree().and_then(|root| root.child("form")) else { continue };
        for event in handlers::events(form) {
            let Some(column) = event.attribute("attribute").filter(|column| !column.trim().is_empty()) else {
                continue;
            };
            let has_handlers = event.children("Handlers").any(|handlers| handlers.child("Handler").is_some());
            let is_of_column = |element: &Element<'_>| {
                ["datafieldname", "id"]
                    .iter()
                    .any(|name| element.attribute(name).is_some_and(|value| value.eq_ignore_ascii_case(column.trim())))
            };
            let is_on_form = body.inside().any(|element| element.name() == "control" && is_of_column(&element));
            if has_handlers && !is_on_form {
                let message = format!(
                    "{} has handlers for {} of {column}, and the column is not on the form",
                    form.label(),
                    event.attribute("name").unwrap_or_default()
                );
                findings.on(form, message).at(form.place_of(event)).path(column.trim().to_lowercase());
            }
        }
    }
}
