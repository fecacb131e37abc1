//! Lists as tables that fit the terminal, and the small cards beside them.

use std::collections::BTreeMap;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, ContentArrangement, Table};
use strata_model::environment::{DesktopFlowSchema, Settings};
use strata_model::package::Container;
use strata_model::publisher::Publisher;
use strata_ops::view::{
    ComponentEntry, EnvironmentEntry, MissingDependencyEntry, PackageDetail, SettingsProblem, SolutionDetail,
    SolutionEntry,
};

use super::history::when;
use super::style::{BOLD, DIM, GREEN, YELLOW, clean, count, display_of, label, line, plain};

/// More components than this are counted by type in the card of a solution.
const LISTED_MAX: usize = 40;

/// Makes an empty table.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    // The output decides about colours, not the table.
    table.enforce_styling();
    table.style_text_only();
    table.set_header(header.iter().map(|name| Cell::new(name.to_uppercase()).add_attribute(Attribute::Bold)));
    table
}

/// Lays a table out, flush with the left edge.
pub(crate) fn laid_out(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

pub(crate) fn environments(entries: &[EnvironmentEntry]) -> String {
    if entries.is_empty() {
        return "No environments. Make one with `strata env create NAME`.".to_owned();
    }
    let mut rows = table(&["", "name", "display name", "platform", "operations"]);
    for entry in entries {
        rows.add_row(vec![
            Cell::new(if entry.selected { "*" } else { "" }),
            Cell::new(&entry.name),
            Cell::new(clean(&entry.display_name)),
            Cell::new(&entry.platform_version),
            Cell::new(entry.operation.0),
        ]);
    }
    laid_out(rows)
}

/// Lists what is wrong with deployment settings.
pub(crate) fn settings_problems(problems: &[SettingsProblem]) -> String {
    if problems.is_empty() {
        return "The settings fit.".to_owned();
    }
    let mut rows = table(&["problem", "what", "name", ""]);
    for problem in problems {
        let what = match problem.kind {
            "environmentvariable" => "environment variable",
            "connectionreference" => "connection reference",
            other => other,
        };
        rows.add_row(vec![
            Cell::new(problem.problem).fg(comfy_table::Color::Yellow),
            Cell::new(what),
            Cell::new(clean(&problem.name)),
            Cell::new(clean(&problem.message)),
        ]);
    }
    laid_out(rows)
}

pub(crate) fn environment(entry: &EnvironmentEntry) -> String {
    let languages: Vec<_> = entry.languages.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    let selected = if entry.selected { " (selected)" } else { "" };
    line!(text, "{BOLD}{}{BOLD:#}{selected}", clean(&entry.name));
    line!(text, "  display name         {}", clean(&entry.display_name));
    line!(text, "  platform version     {}", entry.platform_version);
    line!(text, "  desktop flow schema  {}", schema(entry.desktop_flow_schema));
    line!(text, "  block unmanaged      {}", entry.block_unmanaged);
    line!(text, "  languages            {}", languages.join(", "));
    line!(text, "  last operation       {}", entry.operation);
    text
}

/// Shows which settings would change.
pub(crate) fn settings(environment: &str, before: &Settings, after: &Settings) -> String {
    let languages =
        |settings: &Settings| settings.languages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let pairs = [
        ("display name", before.display_name.clone(), after.display_name.clone()),
        ("platform version", before.platform_version.to_string(), after.platform_version.to_string()),
        ("desktop flow schema", schema(before.desktop_flow_schema), schema(after.desktop_flow_schema)),
        ("block unmanaged", before.block_unmanaged.to_string(), after.block_unmanaged.to_string()),
        ("languages", languages(before), languages(after)),
    ];
    let mut text = String::new();
    line!(text, "would change environment {}", clean(environment));
    for (name, before, after) in pairs.iter().filter(|(_, before, after)| before != after) {
        line!(text, "  {YELLOW}~{YELLOW:#} {name}: {} → {}", clean(before), clean(after));
    }
    text
}

fn schema(schema: DesktopFlowSchema) -> String {
    let name = match schema {
        DesktopFlowSchema::V1 => "v1",
        DesktopFlowSchema::V2 => "v2",
    };
    name.to_owned()
}

pub(crate) fn publishers(publishers: &[Publisher]) -> String {
    if publishers.is_empty() {
        return "No publishers. Make one with `strata publisher create --name NAME --prefix PREFIX`.".to_owned();
    }
    let mut rows = table(&["name", "display name", "prefix", "option prefix"]);
    for publisher in publishers {
        rows.add_row(vec![
            Cell::new(clean(&publisher.unique_name)),
            Cell::new(clean(&publisher.friendly_name)),
            Cell::new(clean(&publisher.prefix)),
            Cell::new(publisher.option_value_prefix),
        ]);
    }
    laid_out(rows)
}

pub(crate) fn solutions(entries: &[SolutionEntry]) -> String {
    if entries.is_empty() {
        return "No solutions. Bring one in with `strata import FILE`.".to_owned();
    }
    let mut rows = table(&["name", "version", "kind", "publisher", "installed (UTC)", "notes"]);
    for entry in entries {
        rows.add_row(vec![
            Cell::new(clean(&entry.unique_name)),
            Cell::new(clean(&entry.version)),
            Cell::new(managed(entry.is_managed)),
            Cell::new(clean(entry.publisher.as_deref().unwrap_or_default())),
            Cell::new(entry.installed_on.as_deref().map(when).unwrap_or_default()),
            Cell::new(notes(entry)),
        ]);
    }
    laid_out(rows)
}

fn managed(is_managed: bool) -> &'static str {
    if is_managed { "managed" } else { "unmanaged" }
}

fn notes(entry: &SolutionEntry) -> String {
    let parent = entry.parent_solution.as_deref().map(|parent| format!("of {}", clean(parent)));
    let pending = entry.pending_upgrade.then(|| "upgrade pending".to_owned());
    let lost = entry.lost_base.then(|| "base is gone".to_owned());
    let assumed = entry.assumed.then(|| "assumed".to_owned());
    [parent, pending, lost, assumed].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(crate) fn components(entries: &[ComponentEntry]) -> String {
    if entries.is_empty() {
        return "No components. `strata component list --all` lists the platform's own too.".to_owned();
    }
    let mut rows = table(&["type", "name", "display name", "solutions", "notes"]);
    for entry in entries {
        let unmanaged = entry.has_unmanaged_layer.then_some("unmanaged layer");
        let assumed = entry.assumed.then_some("assumed");
        let part_of = entry.part_of.as_deref().map(|whole| format!("of {}", clean(whole)));
        let active = entry.active.map(|is_on| if is_on { "on" } else { "off" });
        rows.add_row(vec![
            Cell::new(clean(&entry.component.type_name)),
            Cell::new(clean(&entry.component.name)),
            Cell::new(display_of(&entry.component).map(clean).unwrap_or_default()),
            Cell::new(clean(&entry.solutions.join(", "))),
            Cell::new(
                [part_of.as_deref(), unmanaged, assumed, active].into_iter().flatten().collect::<Vec<_>>().join(", "),
            ),
        ]);
    }
    laid_out(rows)
}

pub(crate) fn solution(detail: &SolutionDetail, verbose: bool) -> String {
    let mut text = String::new();
    card(&mut text, &detail.solution);
    contents(&mut text, &detail.components, verbose);
    missing(&mut text, &detail.missing_dependencies);
    text
}

pub(crate) fn package(detail: &PackageDetail, verbose: bool) -> String {
    let mut text = String::new();
    card(&mut text, &detail.solution);
    let container = match detail.container {
        Container::Zip => "zip",
        Container::Cab => "cab",
        Container::Folder => "folder",
    };
    let bytes: u64 = detail.files.iter().map(|file| file.size).sum();
    let built = detail.package_version.as_deref().map(|version| format!(", built for {}", clean(version)));
    let files = count(detail.files.len(), "file");
    line!(text, "  {container}, {files}, {} KiB{}", bytes.div_ceil(1024), built.unwrap_or_default());
    line!(text, "  {}", count(detail.root_components.len(), "root component"));
    contents(&mut text, &detail.components, verbose);
    missing(&mut text, &detail.missing_dependencies);
    if verbose && !detail.files.is_empty() {
        line!(text);
        let mut rows = table(&["file", "bytes"]);
        for file in &detail.files {
            rows.add_row(vec![Cell::new(clean(&file.path)), Cell::new(file.size)]);
        }
        line!(text, "{}", laid_out(rows));
    }
    for note in &detail.notes {
        line!(text, "{YELLOW}note:{YELLOW:#} {}: {}", clean(&note.part), clean(&note.message));
    }
    text
}

fn card(text: &mut String, entry: &SolutionEntry) {
    let name = clean(&entry.unique_name);
    let friendly = Some(clean(&entry.friendly_name)).filter(|friendly| *friendly != name && !friendly.is_empty());
    let friendly = friendly.map(|friendly| format!(" {DIM}“{friendly}”{DIM:#}")).unwrap_or_default();
    line!(text, "{BOLD}{name}{BOLD:#} {} ({}){friendly}", clean(&entry.version), managed(entry.is_managed));
    if let Some(publisher) = &entry.publisher {
        line!(text, "  publisher {}", clean(publisher));
    }
    if let Some(installed) = &entry.installed_on {
        line!(text, "  installed {} UTC", when(installed));
    }
    let notes = notes(entry);
    if !notes.is_empty() {
        line!(text, "  {YELLOW}{notes}{YELLOW:#}");
    }
}

fn contents(text: &mut String, components: &[ComponentEntry], verbose: bool) {
    line!(text);
    if components.is_empty() {
        line!(text, "No components.");
        return;
    }
    if verbose || components.len() < LISTED_MAX {
        line!(text, "{}", self::components(components));
        return;
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in components {
        *counts.entry(label(&entry.component.type_name)).or_default() += 1;
    }
    line!(text, "{GREEN}{}{GREEN:#}", count(components.len(), "component"));
    for (label, number) in counts {
        line!(text, "  {}", count(number, &clean(&label)));
    }
    line!(text, "  {DIM}(-v lists them){DIM:#}");
}

fn missing(text: &mut String, missing: &[MissingDependencyEntry]) {
    if missing.is_empty() {
        return;
    }
    let mut sources: BTreeMap<&str, Vec<&MissingDependencyEntry>> = BTreeMap::new();
    for entry in missing {
        sources.entry(entry.solution.as_deref().unwrap_or("an unnamed solution")).or_default().push(entry);
    }
    line!(text);
    line!(text, "Needs");
    for (source, entries) in sources {
        line!(text, "  from {}", clean(source));
        for entry in entries.iter().take(LISTED_MAX) {
            line!(text, "    {} {DIM}for {}{DIM:#}", plain(&entry.required), plain(&entry.dependent));
        }
        if entries.len() > LISTED_MAX {
            line!(text, "    … and {} more; --format json lists all", entries.len() - LISTED_MAX);
        }
    }
}
