//! STR0xx: the package itself — its parts, its roots, its names and versions.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::ComponentRef;
use strata_model::environment::Behavior;
use strata_model::package::{Container, Presence, RootComponent};
use strata_model::version::Version;

use crate::context::{Component, Context, File};
use crate::finding::{Findings, no_environment};
use crate::rule::{Category, Needs, Precision, Rule, Severity};
use crate::tree::{Element, Tree};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR000",
        severity: Severity::Low,
        category: Category::Maintainability,
        component: "suppression",
        condition: "An entry of .strata-check.json has ended, names no rule, or matches nothing.",
        why: "A suppression that nobody needs any more hides the next finding of that kind.",
        cure: &["Remove the entry, or give it a later day with a reason."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: |_, _| {},
    },
    Rule {
        id: "STR001",
        severity: Severity::Critical,
        category: Category::Design,
        component: "package",
        condition: "One of the three root parts is absent or not well formed.",
        why: "The import refuses such a file before it looks at a single component (0x80048060, 0x80048013).",
        cure: &[
            "Export the solution again, or pack the source tree again.",
            "Zip the content of the folder, not the folder.",
        ],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: root_parts,
    },
    Rule {
        id: "STR002",
        severity: Severity::High,
        category: Category::Design,
        component: "root component",
        condition: "A root component has no definition in the package (table roots that only extend a table, and forms of \
                    managed packages, are not meant).",
        why: "Unless the target has the component already, the import fails (0x8004801F).",
        cure: &["Add the component to the solution and export again.", "Remove the root from solution.xml."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: roots_without_definition,
    },
    Rule {
        id: "STR003",
        severity: Severity::High,
        category: Category::Design,
        component: "root component",
        condition: "The package defines a component whose type needs a root, and solution.xml has none for it.",
        why: "The import fails (0x8004803A).",
        cure: &["Add a RootComponent for it to solution.xml, or remove the definition."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: definitions_without_root,
    },
    Rule {
        id: "STR004",
        severity: Severity::High,
        category: Category::Design,
        component: "component",
        condition: "A root is declared twice, a component is defined twice, or two components of one type bear the same id.",
        why: "The import ends with a key that has already been added, and names neither of the two.",
        cure: &["Keep one of them; merges of source trees are where such doubles come from."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: doubles,
    },
    Rule {
        id: "STR005",
        severity: Severity::Medium,
        category: Category::Maintainability,
        component: "security role, process, environment variable",
        condition: "Two security roles, two processes of one table and kind, or two environment variables have one display name.",
        why: "Nobody can tell them apart where they are chosen by name, and imports elsewhere may refuse the second.",
        cure: &["Rename one of them."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: same_display_names,
    },
    Rule {
        id: "STR006",
        severity: Severity::Medium,
        category: Category::Maintainability,
        component: "component",
        condition: "A component with the publisher's own prefix says that it was introduced in a version above the solution's.",
        why: "The solution's version was set back or not raised; upgrades compare versions and may refuse the package.",
        cure: &["Raise the version of the solution."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: introduced_later,
    },
    Rule {
        id: "STR007",
        severity: Severity::High,
        category: Category::Design,
        component: "file",
        condition: "A component names a file that is not in the package, or a file belongs to no component.",
        why: "The import fails on the absent file, or leaves out what the stray file was meant to bring.",
        cure: &[
            "Build or restore the file before packing.",
            "Remove the stray file, or restore the metadata that names it.",
        ],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: member_files,
    },
    Rule {
        id: "STR008",
        severity: Severity::High,
        category: Category::UpgradeReadiness,
        component: "package",
        condition: "The package was made for a newer version of the platform than the target has.",
        why: "The import refuses it (0x80048068).",
        cure: &["Export from an environment that is not newer, or wait until the target has been updated."],
        needs: Needs::Baseline,
        precision: Precision::VeryHigh,
        help: "",
        check: platform_version,
    },
    Rule {
        id: "STR009",
        severity: Severity::Medium,
        category: Category::Maintainability,
        component: "package",
        condition: "The unique name ends like a pending upgrade's, or like a patch's without naming a parent; or the version is \
                    not above the one it is compared with.",
        why: "Such names are kept for the platform's own use, and a version that does not rise cannot upgrade.",
        cure: &["Rename the solution.", "Raise the version."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: name_and_version,
    },
    Rule {
        id: "STR010",
        severity: Severity::Low,
        category: Category::Supportability,
        component: "package",
        condition: "The package is larger than 120 MB.",
        why: "That is the documented limit of an import.",
        cure: &["Split the solution, or take large files out of it."],
        needs: Needs::Package,
        precision: Precision::VeryHigh,
        help: "",
        check: size,
    },
];

/// The documented limit.
const SIZE_MAX: u64 = 120 * 1024 * 1024;

fn root_parts(context: &Context<'_>, findings: &mut Findings<'_>) {
    // The other two have been read, or there would be no package to check.
    let Some(file) = context.file("[Content_Types].xml") else { return };
    if Tree::parse(file.bytes()).is_none() {
        findings.package("[Content_Types].xml", "[Content_Types].xml is not well formed").at(file.place(0));
    }
}

fn root_reference(root: &RootComponent) -> ComponentRef {
    let name = root.schema_name.as_deref().unwrap_or(root.key.as_str());
    ComponentRef::new(no_environment(), &root.key, name, root.id, None)
}

/// Reports something about a root, at its element.
fn on_root(context: &Context<'_>, findings: &mut Findings<'_>, index: usize, root: &RootComponent, message: &str) {
    let reference = root_reference(root);
    let label = root.key.component_type.label();
    let element = context.root_offset(index);
    let place = context.manifest_file().zip(element).map(|(file, offset)| file.place(offset));
    findings.about(reference.clone(), format!("root component {label} {} {message}", reference.name)).at(place);
}

fn roots_without_definition(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (index, root) in context.manifest().root_components.iter().enumerate() {
        let component_type = &root.key.component_type;
        let extends = component_type.is("entity") && root.behavior != Behavior::IncludeSubcomponents;
        let left_out = component_type.is("systemform") && context.package().is_managed();
        // Types from 10000 are numbered anew in every environment: such a root cannot be looked up.
        let is_unnumbered = component_type.number().is_some_and(|number| number >= 10_000);
        if !extends && !left_out && !is_unnumbered && context.find(&root.key).is_none() {
            on_root(context, findings, index, root, "has no definition in the package");
        }
    }
}

fn definitions_without_root(context: &Context<'_>, findings: &mut Findings<'_>) {
    let roots: BTreeSet<_> = context.manifest().root_components.iter().map(|root| &root.key).collect();
    for component in context.components() {
        // A business rule comes along with its table.
        let is_business_rule = component.key.component_type.is("workflow") && component.category == Some(2);
        let needs_root = component.key.component_type.row().is_some_and(|row| row.needs_root) && !is_business_rule;
        let is_declared = roots.contains(&component.key);
        if needs_root && !is_declared && component.presence != Presence::Reference {
            findings.on(component, format!("{} is in the package but not a root component", component.label()));
        }
    }
}

fn doubles(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut declared = BTreeSet::new();
    for (index, root) in context.manifest().root_components.iter().enumerate() {
        if !declared.insert(&root.key) {
            on_root(context, findings, index, root, "is declared twice");
        }
    }
    for note in &context.package().notes {
        // The reader lets identical definitions of one component pass.
        if let Some(key) = note.message.strip_suffix(" stands twice, identical") {
            findings.package(key, format!("{key} is defined twice, both times the same"));
        }
    }
    let mut ids: BTreeMap<_, Component<'_>> = BTreeMap::new();
    for component in context.components() {
        // Where the id is the key, two of them are two definitions of one component.
        let Some(id) = component.id.filter(|id| component.key.guid() != Some(*id)) else { continue };
        let of_type = component.packaged().key.component_type.clone();
        if let Some(first) = ids.get(&(of_type.clone(), id)) {
            let message = format!("{} has the same id as {}: {id}", component.label(), first.label());
            findings.on(component, message);
        } else {
            ids.insert((of_type, id), component);
        }
    }
}

fn same_display_names(context: &Context<'_>, findings: &mut Findings<'_>) {
    let mut names: BTreeMap<(String, String), Component<'_>> = BTreeMap::new();
    for component_type in ["role", "workflow", "environmentvariabledefinition"] {
        for component in context.of_type(component_type) {
            let Some(display) = component.display_name.clone().filter(|name| !name.trim().is_empty()) else { continue };
            let kind = match component_type {
                "workflow" => format!("{component_type} {}", process_kind(component)),
                other => other.to_owned(),
            };
            let key = (kind, display.trim().to_lowercase());
            match names.get(&key) {
                Some(first) => {
                    let label = component.packaged().key.component_type.label();
                    let message = format!(
                        "{label} {} and {label} {} have one display name: “{display}”",
                        first.name, component.name
                    );
                    findings.on(component, message);
                }
                None => {
                    names.insert(key, component);
                }
            }
        }
    }
}

/// Category and table: processes that differ in them are told apart.
fn process_kind(process: Component<'_>) -> String {
    let table = process.tree().and_then(|tree| tree.child_text("PrimaryEntity")).unwrap_or_default();
    format!("{} {}", process.category.unwrap_or(-1), table.to_lowercase())
}

fn introduced_later(context: &Context<'_>, findings: &mut Findings<'_>) {
    let (version, Some(prefix)) = (&context.manifest().version, context.prefix()) else { return };
    if version.parts() == [0; 4] {
        // Source trees whose version is set when they are built.
        return;
    }
    for component in context.components().filter(|component| is_own(component.key.as_str(), &prefix)) {
        let Some(element) = introduced_version(component) else { continue };
        let Ok(introduced) = Version::parse(element.text().trim()) else { continue };
        if introduced > *version {
            let message =
                format!("{} says it was introduced in {introduced}, the solution is {version}", component.label());
            findings.on(component, message).at(component.place_of(element)).path(element.name());
        }
    }
}

/// Tells whether a key is of a component with that prefix; of a column or key the last step counts.
fn is_own(key: &str, prefix: &str) -> bool {
    key.rsplit('.').next().unwrap_or(key).starts_with(prefix)
}

fn introduced_version(component: Component<'_>) -> Option<Element<'_>> {
    let root = component.tree()?;
    let own = root.descend(component.packaged().key.component_type.own_element()).unwrap_or(root);
    own.child("IntroducedVersion").or_else(|| own.child("introducedversion"))
}

fn member_files(context: &Context<'_>, findings: &mut Findings<'_>) {
    for component in context.components().filter(|component| component.presence != Presence::Reference) {
        for (element, path) in named_files(component) {
            if context.file(&path).is_none() {
                let message = format!("{} names {path}, which is not in the package", component.label());
                findings.on(component, message).at(component.place_of(element)).path(element.name());
            }
        }
    }
    for file in &context.package().residue.files {
        let Some(file) = context.file_at(*file) else { continue };
        if is_stray(context, file) {
            findings.package(file.path(), format!("{} belongs to no component", file.path())).at(file.place(0));
        }
    }
}

/// Returns the elements of a definition that name a file, with the path meant.
fn named_files(component: Component<'_>) -> Vec<(Element<'_>, String)> {
    let Some(root) = component.tree() else { return Vec::new() };
    let own_folder = component.own_file().and_then(|file| file.path().rsplit_once('/')).map(|(folder, _)| folder);
    let mut named = Vec::new();
    for element in root.inside().filter(|element| element.elements().next().is_none()) {
        let text = element.text();
        let text = text.trim();
        let is_file_name = FILE_ELEMENTS.contains(&element.name()) && text.starts_with('/');
        let is_row = component.packaged().definition.home.as_deref().is_some_and(|home| home.ends_with(".xml"));
        if is_file_name {
            named.push((element, text.trim_start_matches('/').to_owned()));
        } else if is_row && element.attribute("mimetype").is_some() && !text.is_empty() {
            let Some(folder) = own_folder else { continue };
            let in_data = format!("{folder}/data/{text}");
            let beside = format!("{folder}/{text}");
            let path =
                if component.files().any(|file| file.path().eq_ignore_ascii_case(&beside)) { beside } else { in_data };
            named.push((element, path));
        }
    }
    named
}

/// Elements whose text is the path of a member file.
const FILE_ELEMENTS: &[&str] = &[
    "FileName",
    "JsonFileName",
    "XamlFileName",
    "ExportedFileName",
    "FormulaDefinitionFileName",
    "DocumentUri",
    "BackgroundImageUri",
    "AdditionalUri",
    "openapidefinition",
    "connectionparameters",
    "policytemplateinstances",
    "customcodeblobcontent",
    "iconblob",
];

/// Folders whose files are members of components.
const MEMBER_FOLDERS: &[&str] =
    &["workflows", "webresources", "pluginassemblies", "canvasapps", "formulas", "reports", "connector", "controls"];

fn is_stray(context: &Context<'_>, file: File<'_>) -> bool {
    let path = file.path().to_lowercase();
    let Some((top, _)) = path.split_once('/') else { return false };
    // A tree holds documentation and tools' files beside the solution; a zip holds nothing else.
    context.package().container != Container::Folder || MEMBER_FOLDERS.contains(&top)
}

fn platform_version(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(against) = context.against() else { return };
    let (Some(needed), Some(has)) = (&context.manifest().package_version, &against.platform) else { return };
    if needed.major_minor() > has.major_minor() {
        let message = format!("the package is for version {needed} of the platform, {} has {has}", against.name);
        findings.package("SolutionPackageVersion", message);
    }
}

fn name_and_version(context: &Context<'_>, findings: &mut Findings<'_>) {
    let manifest = context.manifest();
    let name = manifest.unique_name.to_lowercase();
    let element = |name: &str| {
        let element = context.manifest_element()?.child(name)?;
        Some(context.manifest_file()?.place(element.offset()))
    };
    if name.ends_with("_upgrade") {
        let message = format!("`{}` ends in `_Upgrade`, which is kept for pending upgrades", manifest.unique_name);
        findings.package("UniqueName", message).at(element("UniqueName"));
    }
    if is_patch_name(&name) && manifest.parent_solution.is_none() {
        let message = format!("`{}` is named like a patch, and names no parent", manifest.unique_name);
        findings.package("ParentSolution", message).at(element("UniqueName"));
    }
    let Some(against) = context.against() else { return };
    if let Some(installed) = against.installed.as_ref().filter(|installed| manifest.version <= **installed) {
        let message = format!("version {} is not above {installed}, which {} has", manifest.version, against.name);
        findings.package("Version", message).at(element("Version"));
    }
}

/// `<parent>_Patch_<8 hexadecimal digits>`.
fn is_patch_name(name: &str) -> bool {
    let tail = name.rsplit_once("_patch_").map(|(_, tail)| tail);
    tail.is_some_and(|tail| tail.len() == 8 && tail.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn size(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.size() > SIZE_MAX {
        let message = format!("the package has {} MB, the limit is 120 MB", context.size() / (1024 * 1024));
        findings.package("size", message);
    }
}
