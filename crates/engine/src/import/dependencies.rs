//! Whether everything the package stands on is there: root components (L66), declared dependencies (L64, L65),
//! bases of layers (L43, L63), names of columns (L8), tables of the same name (L68).
//!
//! What is missing becomes a finding, or a placeholder when the caller asked to assume it (R4).

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::dependency::{MissingDependency, Provider};
use strata_model::environment::{Behavior, ComponentState};
use strata_model::id::SolutionNo;
use strata_model::package::{PackagedComponent, Presence, RootComponent};
use strata_model::plan::{Finding, FindingKind, FindingProvider, OperationKind};
use strata_model::rules::UnmanagedBase;
use strata_model::version::Version;

use super::assume::{Assumptions, Source, is_assumed_layer};
use super::{Import, Met, Standing};
use crate::{catalogue, definition, names};

impl Import<'_> {
    pub(super) fn check_components(&mut self) -> Assumptions {
        let mut assumptions = Assumptions::default();
        self.check_roots(&mut assumptions);
        self.check_declared(&mut assumptions);
        for met in self.met.clone() {
            self.check_base(&met, &mut assumptions);
            self.check_binaries(&met, &mut assumptions);
            self.check_column_name(&met);
            self.check_same_table(&met);
            self.check_process_name(&met);
            self.check_pending_deletion(&met);
            self.check_routing_rule(&met);
        }
        assumptions
    }

    /// L66: roots and definitions must match.
    fn check_roots(&mut self, assumptions: &mut Assumptions) {
        let mut roots: Vec<&RootComponent> = self.package.manifest.root_components.iter().collect();
        roots.sort_by(|left, right| left.key.cmp(&right.key));
        for pair in roots.windows(2).filter(|pair| pair[0].key == pair[1].key) {
            let component = names::root(self.environment(), pair[0]);
            let message = format!("root component {} is declared twice", component.name);
            self.plan.findings.push(
                Finding::error(
                    FindingKind::RootComponent,
                    ErrorCode::DUPLICATE_COMPONENT_IN_SOLUTION_XML,
                    "L66",
                    message,
                )
                .about(component),
            );
        }
        for component in &self.package.components {
            // A business rule comes along with its table; real packages hold some without a root.
            let is_business_rule = component.key.component_type.is("workflow") && component.category == Some(2);
            let needs_root = component.key.component_type.row().is_some_and(|row| row.needs_root) && !is_business_rule;
            let is_declared = roots.binary_search_by(|root| root.key.cmp(&component.key)).is_ok();
            if needs_root && !is_declared && component.presence != Presence::Reference {
                let reference = names::packaged(self.environment(), component);
                let label = component.key.component_type.label();
                let message =
                    format!("{} is in the package but not a root component", names::describe(&reference, label));
                self.plan.findings.push(
                    Finding::error(FindingKind::RootComponent, ErrorCode::IMPORT_MISSING_ROOT, "L66", message)
                        .about(reference),
                );
            }
        }
        for root in roots {
            let is_defined =
                self.packaged(&root.key).is_some_and(|component| component.presence != Presence::Reference);
            // Types from 10000 are numbered anew in every environment: such a root cannot be looked up.
            let is_unnumbered = root.key.component_type.number().is_some_and(|number| number >= 10_000);
            if is_defined || is_unnumbered {
                continue;
            }
            match self.standing(&root.key) {
                Standing::Absent => self.check_absent_root(root, assumptions),
                Standing::Unmanaged => self.check_unmanaged_root(root),
                Standing::System | Standing::Managed => {}
            }
        }
    }

    /// L65: what a managed package extends must be managed; a declared dependency on the same component says more.
    fn check_unmanaged_root(&mut self, root: &RootComponent) {
        let is_declared = self
            .package
            .manifest
            .missing_dependencies
            .iter()
            .any(|missing| missing.required.key == root.key && missing.provider != Provider::System);
        if !self.package.is_managed() || is_declared || self.is_assumed_active(&root.key) {
            return;
        }
        let component = names::root(self.environment(), root);
        let described = names::describe(&component, root.key.component_type.label());
        let message =
            format!("{described} exists only as an unmanaged component, on which a managed solution cannot rely");
        self.plan.findings.push(
            Finding::error(FindingKind::MissingDependency, ErrorCode::UNMANAGED_PARENTS_MANAGED, "L65", message)
                .about(component)
                .hint("import the managed solution that brings it, where the unmanaged original is not"),
        );
    }

    fn check_absent_root(&mut self, root: &RootComponent, assumptions: &mut Assumptions) {
        if self.options.assume_missing {
            let name = root.schema_name.clone().unwrap_or_else(|| root.key.as_str().to_owned());
            assumptions.add(self.declared_source(&root.key), &root.key, name, root.id, None);
            return;
        }
        let extends_table = root.key.component_type.is("entity") && root.behavior != Behavior::IncludeSubcomponents;
        // A declared dependency on the same component says more: it names the provider.
        if self.package.manifest.missing_dependencies.iter().any(|missing| missing.required.key == root.key) {
            return;
        }
        let component = names::root(self.environment(), root);
        let described = names::describe(&component, root.key.component_type.label());
        let (kind, code, message) = if extends_table {
            let message = format!("the package extends {described}, which the environment does not have");
            (FindingKind::MissingDependency, ErrorCode::IMPORT_MISSING_DEPENDENCIES, message)
        } else {
            let message = format!("root component {described} is neither in the package nor in the environment");
            (FindingKind::RootComponent, ErrorCode::IMPORT_MISSING_COMPONENT, message)
        };
        self.plan.findings.push(
            Finding::error(kind, code, "L66", message)
                .about(component)
                .hint("import the solution that brings it first, or try the package with `--assume-missing`"),
        );
    }

    /// L64, L65, R6: what the package itself declares missing.
    fn check_declared(&mut self, assumptions: &mut Assumptions) {
        let mut by_required: BTreeMap<&ComponentKey, Vec<&MissingDependency>> = BTreeMap::new();
        for missing in &self.package.manifest.missing_dependencies {
            by_required.entry(&missing.required.key).or_default().push(missing);
        }
        for (key, group) in by_required {
            let is_defined = self.packaged(key).is_some_and(|component| component.presence == Presence::Full);
            if !is_defined && group[0].provider != Provider::System {
                self.check_required(key, &group, assumptions);
            }
        }
    }

    fn check_required(&mut self, key: &ComponentKey, group: &[&MissingDependency], assumptions: &mut Assumptions) {
        let missing = group[0];
        let outdated = self.outdated_application(missing);
        let standing = self.standing(key);
        match standing {
            Standing::System | Standing::Managed if outdated.is_none() => {
                self.state(key).into_iter().for_each(|state| self.rely_on(state));
            }
            Standing::Unmanaged if !self.package.is_managed() => {}
            Standing::Unmanaged if self.is_assumed_active(key) => {
                self.state(key).into_iter().for_each(|state| self.rely_on(state));
            }
            Standing::Unmanaged => {
                let finding = self.dependency_finding(
                    group,
                    ErrorCode::UNMANAGED_PARENTS_MANAGED,
                    "L65",
                    "exists only as an unmanaged component, on which a managed solution cannot rely",
                );
                self.plan.findings.push(finding);
            }
            Standing::Absent if self.options.assume_missing => {
                let side = &missing.required;
                let reference = names::side(self.environment(), side);
                let source = Source::of(&missing.provider);
                assumptions.add(source, key, reference.name, side.id, side.display_name.clone());
            }
            Standing::Absent | Standing::System | Standing::Managed => {
                let sentence = match outdated {
                    Some(installed) => format!("needs a newer version of the application than {installed}"),
                    None => "is not in the environment".to_owned(),
                };
                let finding = self.dependency_finding(group, ErrorCode::IMPORT_MISSING_DEPENDENCIES, "L64", &sentence);
                self.plan.findings.push(finding);
            }
        }
    }

    /// R6: the version of a provider counts only where the entry names an application.
    fn outdated_application(&self, missing: &MissingDependency) -> Option<Version> {
        if self.options.skip_product_update_dependencies {
            return None;
        }
        let (_, needed) = missing.application.as_ref()?;
        let Provider::Solution { unique_name, version } = &missing.provider else { return None };
        let needed = version.as_ref().or(needed.as_ref())?;
        let installed = self.snapshot.solution_named(unique_name)?;
        (installed.version < *needed && !installed.assumed).then(|| installed.version.clone())
    }

    fn dependency_finding(&self, group: &[&MissingDependency], code: ErrorCode, rule: &str, sentence: &str) -> Finding {
        let environment = self.environment();
        let missing = group[0];
        let component = names::side(environment, &missing.required);
        let mut related: Vec<ComponentRef> =
            group.iter().map(|missing| names::side(environment, &missing.dependent)).collect();
        related.dedup();
        let described = names::describe(&component, missing.required.key.component_type.label());
        let provider = finding_provider(missing);
        let hint = match (&missing.provider, &provider) {
            (Provider::Active, _) => {
                "it was unmanaged where the package came from: add it to the solution and export again".to_owned()
            }
            (_, Some(provider)) => match &provider.version {
                Some(version) => format!("import {} {version} or higher first", provider.solution),
                None => format!("import {} first", provider.solution),
            },
            (_, None) => "import the solution that brings it first".to_owned(),
        };
        let mut finding = Finding::error(FindingKind::MissingDependency, code, rule, format!("{described} {sentence}"))
            .about(component)
            .related(related)
            .hint(hint);
        finding.provider = provider;
        finding
    }

    /// Where a package says it took a component from that turned out to be absent.
    pub(super) fn declared_source(&self, key: &ComponentKey) -> Source {
        let declared = self.package.manifest.missing_dependencies.iter().find(|missing| missing.required.key == *key);
        declared.map_or(Source::Base, |missing| Source::of(&missing.provider))
    }

    /// L43, L63: what a layer needs below it.
    fn check_base(&mut self, met: &Met<'_>, assumptions: &mut Assumptions) {
        let Met { component, state, standing } = *met;
        let needs_base = match component.presence {
            Presence::Full => false,
            Presence::Diff => component.key.component_type.is("systemform"),
            Presence::Reference => true,
        };
        // A form's own full layer leaves with the version that it belongs to: a difference needs another one below.
        let leaves_with_own = component.presence == Presence::Diff
            && self.plan.operation != OperationKind::Patch
            && state.is_some_and(|state| self.family.is_alone_on(state));
        if needs_base && (standing == Standing::Absent || leaves_with_own) {
            if self.options.assume_missing {
                let source = self.declared_source(&component.key);
                let (name, display) = (component.name.clone(), component.display_name.clone());
                assumptions.add(source, &component.key, name, component.id, display);
            } else if component.presence == Presence::Diff {
                let reference = names::packaged(self.environment(), component);
                let message = format!(
                    "{} is a difference to a form that the environment does not have; a full definition is expected",
                    names::describe(&reference, "form")
                );
                self.plan.findings.push(
                    Finding::error(FindingKind::Component, ErrorCode::FORM_BASE_MISSING, "L43", message)
                        .about(reference)
                        .hint("import the solution that brings the form first, or try the package with `--assume-missing`"),
                );
            }
        }
        if self.package.is_managed() && standing == Standing::Unmanaged {
            self.check_unmanaged_base(component);
        }
        if let Some(state) = state.filter(|_| standing == Standing::Managed) {
            self.rely_on(state);
        }
    }

    /// L63, L94: a managed layer over an unmanaged base.
    fn check_unmanaged_base(&mut self, component: &PackagedComponent) {
        let converts =
            self.options.convert_to_managed || self.lens.rules.unmanaged_base == UnmanagedBase::ConvertsByItself;
        // OQ 12: a value given in the target lies in Active, and the package's own goes below it.
        let is_value = component.key.component_type.is(crate::variables::VALUE);
        let passes = is_value || converts && component.presence == Presence::Full;
        if component.presence == Presence::Reference || passes {
            return;
        }
        let reference = names::packaged(self.environment(), component);
        let described = names::describe(&reference, component.key.component_type.label());
        if converts {
            let message = format!("{described} cannot pass from unmanaged to managed without a full definition");
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::FORM_BASE_MISSING, "L94", message)
                    .about(reference)
                    .hint("export the solution that brings the full definition"),
            );
            return;
        }
        let message = format!("a managed solution cannot overwrite {described}, which has an unmanaged base");
        self.plan.findings.push(
            Finding::error(FindingKind::Component, ErrorCode::CANNOT_OVERWRITE_ACTIVE, "L63", message)
                .about(reference)
                .hint("convert it with `--convert-to-managed`, or import where the unmanaged original is not"),
        );
    }

    /// L8: a column that the import would create needs a prefix.
    fn check_column_name(&mut self, met: &Met<'_>) {
        let component = met.component;
        let Some((_, column)) = component.key.as_str().split_once('.') else { return };
        let is_column = component.key.component_type.is("attribute") && component.presence == Presence::Full;
        if !is_column || has_prefix(column) || met.standing != Standing::Absent {
            return;
        }
        if catalogue::is_standard_column(column) || column.starts_with("entityimage") {
            return;
        }
        let custom = definition::tree(&self.package.bytes(&component.definition))
            .and_then(|tree| tree.child_text("IsCustomField"))
            .is_some_and(|text| text == "1");
        if custom {
            let reference = names::packaged(self.environment(), component);
            let message = format!("column {} has no publisher prefix in its name", component.name);
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::IMPORT_ATTRIBUTE_NAME, "L8", message)
                    .about(reference),
            );
        }
    }

    /// L68: a table of the same name that is another table: owned in another way.
    fn check_same_table(&mut self, met: &Met<'_>) {
        let component = met.component;
        let is_table = component.key.component_type.is("entity") && component.presence == Presence::Full;
        let Some(state) = met.state.filter(|_| is_table) else { return };
        let Some(base) = state.managed().next().filter(|layer| !self.is_own(layer.solution)) else { return };
        let Some(body) = self.lens.bodies.definition(&base.digest) else { return };
        let ownership =
            |bytes: &[u8]| definition::tree(bytes)?.descend(&["EntityInfo", "entity"])?.child_text("OwnershipTypeMask");
        let (Some(theirs), Some(ours)) =
            (ownership(&body.bytes), ownership(&self.package.bytes(&component.definition)))
        else {
            return;
        };
        if theirs != ours {
            let message =
                format!("another table named {} exists: its ownership is {theirs}, not {ours}", component.name);
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::IMPORT_DUPLICATE_ENTITY, "L68", message)
                    .about(names::packaged(self.environment(), component)),
            );
        }
    }

    /// Notes that this solution relies on whatever placeholder holds the component (R4).
    fn rely_on(&mut self, state: &ComponentState) {
        for layer in state.layers.iter().filter(|layer| is_assumed_layer(layer)) {
            let owners = state.members.iter().filter(|member| {
                self.snapshot.solution(member.solution).is_some_and(|solution| solution.assumed)
                    && (member.solution == layer.solution || layer.solution.0 == 0)
            });
            let owners: Vec<_> = owners.map(|member| member.solution).filter(|no| !self.is_own(*no)).collect();
            self.assumes.extend(owners);
        }
    }

    fn is_own(&self, no: SolutionNo) -> bool {
        self.installed.is_some_and(|installed| installed.no == no)
    }

    pub(super) fn is_assumed_active(&self, key: &ComponentKey) -> bool {
        self.state(key).is_some_and(|state| state.layers.iter().any(is_assumed_layer))
    }
}

fn finding_provider(missing: &MissingDependency) -> Option<FindingProvider> {
    let (solution, version) = match &missing.provider {
        Provider::System => ("System".to_owned(), None),
        Provider::Active => ("Active".to_owned(), None),
        Provider::Solution { unique_name, version } => (unique_name.clone(), version.as_ref().map(Version::to_string)),
        Provider::Unknown => return None,
    };
    let application = missing.application.as_ref().map(|(name, version)| match version {
        Some(version) => format!("{name} ({version})"),
        None => name.clone(),
    });
    Some(FindingProvider { solution, version, application })
}

/// L8: 2–8 letters and digits, and an underscore.
fn has_prefix(column: &str) -> bool {
    column.split_once('_').is_some_and(|(prefix, rest)| {
        (2..=8).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !rest.is_empty()
    })
}
