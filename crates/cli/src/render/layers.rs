//! A component's stack and who decides what.

use comfy_table::Cell;
use strata_model::layer::LayerKind;
use strata_ops::view::{ComponentDetail, ComponentWord, LayerEntry, LayersView};

use super::style::{BOLD, CYAN, DIM, GREEN, YELLOW, clean, component, count, line, optional, paint, value};
use super::tables::{laid_out, table};

/// More changes of one layer than this are counted, not listed.
const CHANGES_MAX: usize = 8;

/// Draws the stack, top layer first, then the table of properties.
pub(crate) fn text(view: &LayersView, verbose: bool) -> String {
    let mut text = String::new();
    line!(text, "{}", component(&view.component));
    line!(text);
    if view.layers.is_empty() {
        line!(text, "No layers.");
        return text;
    }
    let last = view.layers.len() - 1;
    for (at, layer) in view.layers.iter().rev().enumerate() {
        let branch = match (at, last) {
            (_, 0) => "─",
            (0, _) => "┌",
            (at, last) if at == last => "└",
            _ => "├",
        };
        let bar = if at == last { " " } else { "│" };
        line!(text, "  {branch} {}", title(layer));
        changes(&mut text, view, layer, bar, at == last, verbose);
    }
    if view.resolved.is_empty() {
        line!(text);
        line!(
            text,
            "No properties are in force{}.",
            if is_draft_only(view) { ": the component is a draft" } else { "" }
        );
        return text;
    }
    line!(text);
    conflicts(&mut text, view);
    let is_choice = view.outline.iter().all(|item| item.level == "option");
    if !view.outline.is_empty() && is_choice {
        text.push_str(&outline(view));
        line!(text);
    } else if !view.outline.is_empty() && !verbose {
        text.push_str(&outline(view));
        line!(text, "{DIM}-v lists every property and who decides it{DIM:#}");
        return text;
    }
    let mut rows = table(&["property", "value", "decided by", "set by"]);
    for (path, resolved) in &view.resolved {
        let decided = view.decided_by.get(path).map_or("", String::as_str);
        let set = view.set_by.get(path).map_or("", String::as_str);
        let set = if set == decided { String::new() } else { clean(set) };
        rows.add_row(vec![
            Cell::new(clean(path)),
            Cell::new(value(resolved)),
            Cell::new(format!("● {}", clean(decided))).fg(comfy_table::Color::Green),
            Cell::new(set),
        ]);
    }
    text.push_str(&laid_out(rows));
    text.push('\n');
    text
}

/// What a form, a site map, an app or a ribbon holds, with the layer that put it there.
fn outline(view: &LayersView) -> String {
    let mut rows = table(&["part", "put there by", "changed by"]);
    for item in &view.outline {
        let indent = "  ".repeat(item.depth);
        let called = item.component.as_ref().map_or_else(|| clean(&item.name), super::style::plain);
        rows.add_row(vec![
            Cell::new(format!("{indent}{} {}", item.level, called)),
            Cell::new(format!("● {}", clean(&item.solution))).fg(comfy_table::Color::Green),
            Cell::new(item.changed_by.as_deref().map(clean).unwrap_or_default()),
        ]);
    }
    format!("{}\n", laid_out(rows))
}

fn conflicts(text: &mut String, view: &LayersView) {
    for conflict in &view.conflicts {
        line!(text, "{} {}", paint(YELLOW, "conflict"), clean(&conflict.message));
    }
    if !view.conflicts.is_empty() {
        line!(text);
    }
}

fn is_draft_only(view: &LayersView) -> bool {
    view.layers.iter().all(|layer| layer.state != ComponentWord::Published)
}

fn title(layer: &LayerEntry) -> String {
    let version = match layer.kind {
        LayerKind::Active | LayerKind::System => String::new(),
        LayerKind::Base | LayerKind::Patch | LayerKind::Upgrade => {
            layer.version.as_deref().map(|version| format!(" {}", clean(version))).unwrap_or_default()
        }
    };
    let kind = match layer.kind {
        LayerKind::System => "the platform's own",
        LayerKind::Base if layer.is_managed => "managed",
        LayerKind::Base => "unmanaged",
        LayerKind::Patch => "managed patch",
        LayerKind::Upgrade => "pending upgrade",
        LayerKind::Active => "the unmanaged layer",
    };
    let mut notes = vec![kind.to_owned()];
    notes.extend(layer.publisher.as_deref().filter(|_| layer.kind != LayerKind::Active).map(clean));
    if layer.assumed {
        notes.push(paint(CYAN, "assumed"));
    }
    if layer.state == ComponentWord::Unpublished {
        notes.push(paint(YELLOW, "draft, not published"));
    }
    if matches!(layer.state, ComponentWord::Deleted | ComponentWord::DeletedUnpublished) {
        notes.push(paint(YELLOW, "deleted, not published"));
    }
    let name = paint(BOLD, &clean(&layer.solution));
    format!("{} {name}{version}  {DIM}{}{DIM:#}", layer.order, notes.join(" · "))
}

/// What a layer changes of those below: `●` where it decides today, `○` where a layer above does.
fn changes(text: &mut String, view: &LayersView, layer: &LayerEntry, bar: &str, is_bottom: bool, verbose: bool) {
    if is_bottom {
        let decides = view.decided_by.values().filter(|name| **name == layer.solution).count();
        let held = count(layer.properties.len(), "property");
        line!(text, "  {bar}     {DIM}{held}, decides {decides}{DIM:#}");
        return;
    }
    if layer.changes.is_empty() {
        line!(text, "  {bar}     {DIM}changes nothing below{DIM:#}");
    }
    let listed_max = if verbose { usize::MAX } else { CHANGES_MAX };
    for (path, change) in layer.changes.iter().take(listed_max) {
        let decides = view.decided_by.get(path) == Some(&layer.solution);
        let counts = layer.state == ComponentWord::Published || is_draft_counted(view, layer);
        let mark = match decides && counts {
            true => paint(GREEN, "●"),
            false => paint(DIM, "○"),
        };
        let (below, here) = (optional(change.below.as_deref()), optional(change.here.as_deref()));
        line!(text, "  {bar}   {mark} {}: {below} → {here}", clean(path));
    }
    if layer.changes.len() > listed_max {
        line!(text, "  {bar}     {DIM}… and {} more (-v lists all){DIM:#}", layer.changes.len() - listed_max);
    }
}

/// With `--unpublished` a draft's values are the resolved ones.
fn is_draft_counted(view: &LayersView, layer: &LayerEntry) -> bool {
    layer.changes.iter().all(|(path, change)| view.resolved.get(path) == change.here.as_ref())
}

/// Shows a resolved definition.
pub(crate) fn detail(detail: &ComponentDetail) -> String {
    let mut text = String::new();
    line!(text, "{}", component(&detail.component));
    line!(text, "{DIM}id {}{DIM:#}", detail.component.id);
    let state = match detail.state {
        ComponentWord::Published => "published",
        ComponentWord::Unpublished => "unpublished",
        ComponentWord::Deleted | ComponentWord::DeletedUnpublished => "deleted, not published",
    };
    let active = detail.active.map(|is_on| if is_on { ", on" } else { ", off" }).unwrap_or_default();
    let solutions = match detail.solutions.as_slice() {
        [] => "no solution".to_owned(),
        names => names.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", "),
    };
    let locked = if detail.is_customizable { "" } else { ", not customizable" };
    line!(text, "{DIM}{state}{active}{locked}, in {solutions}{DIM:#}");
    if detail.properties.is_empty() {
        return text;
    }
    line!(text);
    let mut rows = table(&["property", "value"]);
    for (path, text) in &detail.properties {
        rows.add_row(vec![Cell::new(clean(path)), Cell::new(value(text))]);
    }
    text.push_str(&laid_out(rows));
    text.push('\n');
    text
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
