//! Desktop flows as text.

use comfy_table::{Cell, Color};
use strata_model::component::ComponentRef;
use strata_model::environment::DesktopFlowSchema;
use strata_ops::flows::{BinaryEntry, FlowEntry, RepairView, RunView};

use super::style::{BOLD, DIM, GREEN, RED, clean, count, display_of, line};
use super::tables::{laid_out, table};

/// Lists flows; `verbose` adds their binaries.
pub(crate) fn list(entries: &[FlowEntry], verbose: bool) -> String {
    if entries.is_empty() {
        return "No desktop flows.".to_owned();
    }
    let mut rows = table(&["flow", "schema", "managed", "binaries", "status", "id"]);
    for entry in entries {
        let color = if entry.status == "ok" { Color::Green } else { Color::Red };
        let managed = match (entry.is_managed, entry.has_unmanaged_layer) {
            (true, true) => "yes, customized",
            (true, false) => "yes",
            (false, _) => "no",
        };
        rows.add_row(vec![
            Cell::new(clean(entry.component.display_name.as_deref().unwrap_or_default())),
            Cell::new(schema(entry.schema)),
            Cell::new(managed),
            Cell::new(entry.binaries.len()),
            Cell::new(entry.status).fg(color),
            Cell::new(&entry.component.name),
        ]);
    }
    let mut text = laid_out(rows);
    for entry in entries.iter().filter(|entry| verbose && !entry.binaries.is_empty()) {
        text.push_str("\n\n");
        line!(text, "{BOLD}{}{BOLD:#}", clean(entry.component.display_name.as_deref().unwrap_or_default()));
        text.push_str(binaries(&entry.binaries).trim_end());
    }
    text
}

fn binaries(entries: &[BinaryEntry]) -> String {
    let mut text = String::new();
    for binary in entries {
        let (kind, reference) = (clean(&binary.binary_type), clean(&binary.reference));
        line!(text, "  {kind} {reference}  {DIM}{} of {}{DIM:#}", binary.id, clean(&binary.solution));
    }
    text
}

/// Says what a run bound, or why it failed.
pub(crate) fn run(run: &RunView) -> String {
    let flow = flow(&run.flow);
    let Some(error) = &run.error else {
        let mut text = String::new();
        let (bound, schema) = (count(run.bound.len(), "binary"), schema(run.schema));
        line!(text, "{GREEN}succeeded{GREEN:#}: {flow} (schema {schema}) binds {bound}");
        text.push_str(&binaries(&run.bound));
        return text;
    };
    let mut text = String::new();
    line!(text, "{RED}failed{RED:#}: {} [{}]", clean(&error.name), error.rule);
    line!(text, "  {}", clean(&error.message));
    text
}

/// Says what is done for a flow that cannot run, and what is left to do.
pub(crate) fn repair(view: &RepairView) -> String {
    let mut text = String::new();
    let flow = flow(&view.flow);
    let case = match view.case {
        "managed" => "its managed solution goes, and is imported again",
        "managed-held" => "its solution has to stay, so what is unmanaged of it goes",
        "unmanaged" => "it goes, and is imported again",
        "unmanaged-held" => "it has to stay, so the binaries go that it does not ask for",
        _ => {
            line!(text, "{GREEN}nothing to repair{GREEN:#}: no binaries of {flow} collide");
            return text;
        }
    };
    line!(text, "{BOLD}Repair:{BOLD:#} {flow}: {case}");
    for finding in &view.because {
        line!(text, "  {DIM}because {}{DIM:#}", clean(&finding.message));
    }
    for step in &view.steps {
        line!(text, "  {}. {}", step.step, clean(&step.text));
        line!(text, "     {DIM}{}{DIM:#}", clean(&step.command));
    }
    if let Some(next) = &view.next {
        let version = next.version.as_deref().unwrap_or_default();
        line!(text, "  then: import {} {} again", clean(&next.solution), clean(version));
        line!(text, "     {DIM}{}{DIM:#}", clean(&next.command));
    }
    text
}

/// Names a flow by what makers call it.
fn flow(component: &ComponentRef) -> String {
    match display_of(component) {
        Some(display) => format!("desktop flow “{}” {}", clean(display), component.name),
        None => format!("desktop flow {}", component.name),
    }
}

fn schema(schema: DesktopFlowSchema) -> &'static str {
    match schema {
        DesktopFlowSchema::V1 => "v1",
        DesktopFlowSchema::V2 => "v2",
    }
}
