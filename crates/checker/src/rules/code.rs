//! STR701–STR705: code — plug-ins, scripts on forms, code components.

use std::collections::BTreeSet;

use memchr::memmem;
use strata_model::package::Presence;

use crate::context::{Component, Context, Place};
use crate::declared;
use crate::finding::Findings;
use crate::handlers;
use crate::plugin::{self, TypeName, Types};
use crate::rule::{Category, Needs, Precision, Rule, Severity};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "STR701",
        severity: Severity::Low,
        category: Category::Maintainability,
        component: "plug-in assembly",
        condition: "No step, custom API or process of the package uses a type of a plug-in assembly of the package.",
        why: "Either the steps were forgotten, and the code never runs in the target, or the assembly is dead weight.",
        cure: &["Add the steps or custom APIs to the solution, or remove the assembly."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: unused_assemblies,
    },
    Rule {
        id: "STR702",
        severity: Severity::High,
        category: Category::Design,
        component: "plug-in step, custom API, process",
        condition: "A step, custom API or process runs a plug-in type that is neither in the package nor among its declared \
                    dependencies.",
        why: "Where the assembly is absent the import fails, or what runs it fails at its first use.",
        cure: &["Add the plug-in assembly (or package) to the solution and export again."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: unknown_types,
    },
    Rule {
        id: "STR703",
        severity: Severity::Medium,
        category: Category::Design,
        component: "plug-in package, plug-in assembly",
        condition: "A plug-in package is in the solution without its assemblies, or an assembly that comes from a plug-in \
                    package without that package.",
        why: "The one cannot be imported without the other: types and steps stay without code.",
        cure: &["Add both, the plug-in package and its assemblies, to the solution and export again."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: halves_of_packages,
    },
    Rule {
        id: "STR704",
        severity: Severity::Medium,
        category: Category::Design,
        component: "form",
        condition: "A form event calls a function of a script that is not among the form's libraries, or whose text does not \
                    contain the function's name (a search, not a parser).",
        why: "Users see an error when the event occurs.",
        cure: &["Add the library to the form, correct the function's name, or remove the handler."],
        needs: Needs::Package,
        precision: Precision::Medium,
        help: "",
        check: form_functions,
    },
    Rule {
        id: "STR705",
        severity: Severity::Medium,
        category: Category::Performance,
        component: "custom control",
        condition: "The bundle of a code component was built in development mode.",
        why: "It is many times larger, runs slower, and uses eval, which the platform's own checker reports as critical.",
        cure: &["Build the component for production (`npm run build -- --buildMode production`, or a Release build)."],
        needs: Needs::Package,
        precision: Precision::High,
        help: "",
        check: debug_bundles,
    },
];

/// Something that runs a plug-in type.
struct Runs<'c> {
    who: Component<'c>,
    what: TypeName,
    place: Option<Place>,
}

/// Returns everything in the package that runs a plug-in type.
fn runs<'c>(context: &'c Context<'_>) -> Vec<Runs<'c>> {
    let mut found = Vec::new();
    for step in plugin::steps(context) {
        found.extend(step.runs().map(|what| Runs { who: step.component, what, place: step.component.place() }));
    }
    for api in context.of_type("customapi") {
        let lookup = api.tree().and_then(|root| root.child("plugintypeid"));
        let what = lookup.and_then(TypeName::in_element);
        found.extend(what.map(|what| Runs { who: api, what, place: lookup.and_then(|lookup| api.place_of(lookup)) }));
    }
    for process in context.of_type("workflow") {
        for file in process.files().filter(|file| file.path().to_lowercase().ends_with(".xaml")) {
            for (offset, name) in activities(file.bytes()) {
                let place = Some(file.place(offset));
                found.push(Runs { who: process, what: TypeName::of_class(&name), place });
            }
        }
    }
    found
}

/// Returns the activities in the XAML of a process that are not the platform's own, each once.
fn activities(xaml: &[u8]) -> Vec<(usize, String)> {
    const MARK: &[u8] = b"AssemblyQualifiedName=\"";
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for at in memmem::find_iter(xaml, MARK) {
        let start = at + MARK.len();
        let end = memchr::memchr(b'"', &xaml[start..]).map_or(xaml.len(), |length| start + length);
        let name = String::from_utf8_lossy(&xaml[start..end]).into_owned();
        let is_platform = ["Microsoft.", "System."].iter().any(|prefix| name.starts_with(prefix));
        if !is_platform && name.contains(',') && seen.insert(plugin::class_of(&name)) {
            found.push((start, name));
        }
    }
    found
}

fn unused_assemblies(context: &Context<'_>, findings: &mut Findings<'_>) {
    let used = runs(context);
    for assembly in context.of_type("pluginassembly").filter(|assembly| assembly.presence != Presence::Reference) {
        let is_own = |plugin_type: &Component<'_>| plugin_type.parent.as_ref() == Some(&assembly.key);
        let types = Types::of(context.of_type("plugintype").filter(is_own));
        if !used.iter().any(|runs| types.has(&runs.what)) {
            findings.on(assembly, format!("nothing in the package uses a type of {}", short(assembly)));
        }
    }
}

/// Names an assembly without its version and key.
fn short(assembly: Component<'_>) -> String {
    let name = assembly.name.split(',').next().unwrap_or_default().trim();
    format!("{} {name}", assembly.key.component_type.label())
}

fn unknown_types(context: &Context<'_>, findings: &mut Findings<'_>) {
    let types = Types::of(context.of_type("plugintype"));
    for runs in runs(context) {
        if types.has(&runs.what) || is_platform(&runs.what) || is_declared(context, &runs) {
            continue;
        }
        let message = format!(
            "{} runs plug-in type {}, which is neither in the package nor declared as a dependency",
            runs.who.label(),
            runs.what.label()
        );
        findings.on(runs.who, message).at(runs.place).path(runs.what.label());
    }
}

fn is_platform(name: &TypeName) -> bool {
    name.class.as_ref().is_some_and(|class| class.starts_with("microsoft.") || class.starts_with("system."))
}

fn is_declared(context: &Context<'_>, runs: &Runs<'_>) -> bool {
    let by_id = runs.what.id.is_some_and(|id| declared::requires(context, "plugintype", &id.to_string()));
    let by_name = context.manifest().missing_dependencies.iter().any(|missing| {
        let required = &missing.required;
        let is_code = ["plugintype", "pluginassembly"].iter().any(|name| required.key.component_type.is(name));
        // One that needs any plug-in type or assembly from elsewhere is believed to mean this one.
        let same = |name: &String| runs.what.class.as_ref().is_some_and(|class| *class == plugin::class_of(name));
        let by_this = missing.dependent.key == runs.who.key;
        is_code
            && (by_this
                || required.schema_name.as_ref().is_some_and(same)
                || required.display_name.as_ref().is_some_and(same))
    });
    by_id || by_name
}

fn halves_of_packages(context: &Context<'_>, findings: &mut Findings<'_>) {
    let comes_from_package = |assembly: &Component<'_>| {
        let names_file = assembly.tree().is_some_and(|root| root.child_text("FileName").is_some());
        assembly.presence != Presence::Reference && !names_file
    };
    let packaged: Vec<_> = context.of_type("pluginassembly").filter(comes_from_package).collect();
    let packages: Vec<_> = context.of_type("pluginpackage").collect();
    let declares = |component_type: &str| {
        let missing = &context.manifest().missing_dependencies;
        missing.iter().any(|missing| missing.required.key.component_type.is(component_type))
    };
    if packaged.is_empty() && !declares("pluginassembly") {
        for package in &packages {
            findings
                .on(*package, format!("plug-in package {} is in the solution without its assemblies", package.name));
        }
    }
    if packages.is_empty() && !declares("pluginpackage") {
        for assembly in packaged {
            let message = format!("{} comes from a plug-in package that is not in the solution", short(assembly));
            findings.on(assembly, message);
        }
    }
}

fn form_functions(context: &Context<'_>, findings: &mut Findings<'_>) {
    for handler in handlers::all(context) {
        let (library, function) = (handler.library().unwrap_or_default(), handler.function().unwrap_or_default());
        let what = if !handler.is_library_on_form() {
            "which is not a library of the form"
        } else if handler.is_defined(context) == Some(false) {
            "whose text does not contain it"
        } else {
            continue;
        };
        let event = handler.event_label();
        let message = format!("{}: {event} calls {function} of {library}, {what}", handler.form.label());
        let place = handler.form.place_of(handler.element);
        findings.on(handler.form, message).at(place).path(format!("{event}/{function}"));
    }
}

/// What only a bundle of development mode contains: modules as texts for eval, and the bundler's own remark on that.
const SIGNS_OF_DEVELOPMENT: [&[u8]; 2] = [b"# sourceURL=webpack", b"eval\" devtool has been used"];

fn debug_bundles(context: &Context<'_>, findings: &mut Findings<'_>) {
    for control in context.of_type("customcontrol") {
        for file in control.files().filter(|file| file.path().to_lowercase().ends_with(".js")) {
            let sign = SIGNS_OF_DEVELOPMENT.iter().find_map(|sign| memmem::find(file.bytes(), sign));
            if let Some(offset) = sign {
                let message = format!("{} was built in development mode", control.label());
                findings.on(control, message).at(file.place(offset)).path(file.path().to_lowercase());
                break;
            }
        }
    }
}
