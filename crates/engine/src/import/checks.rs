//! What the manifest and the target say before a single component is looked at (OQ 34: platform version,
//! block-unmanaged, mode, publisher, version, pending upgrade).

use strata_model::code::ErrorCode;
use strata_model::component::ComponentRef;
use strata_model::options::{Caller, EqualVersion, ImportAction, LayerOrder, LayerPlace, Overwrite};
use strata_model::package::{Mode, PackagedComponent, Presence};
use strata_model::plan::{Finding, FindingKind, OperationKind};
use strata_model::rules::NewerBuild;
use strata_model::solution::{RESERVED_NAMES, Solution};

use super::Import;
use crate::family::{Family, UPGRADE_SUFFIX, holding};
use crate::names;

impl Import<'_> {
    /// L89: says when a front end is asked for what it does not offer; what is asked is done all the same.
    pub(super) fn check_caller(&mut self) {
        let options = self.options;
        let caller = Caller::named(&options.caller);
        let is_offered = caller.is_none_or(|caller| caller.overwrite != Overwrite::NotOffered);
        if options.overwrite_unmanaged_customizations && !is_offered {
            let message =
                format!("the {} does not offer to overwrite: use the classic dialog, the API or pac", options.caller);
            self.plan.findings.push(Finding::warning(FindingKind::Caller, None, "L89", message));
        }
    }

    fn refuse(&mut self, kind: FindingKind, code: ErrorCode, rule: &str, message: String) {
        self.plan.findings.push(Finding::error(kind, code, rule, message));
    }

    /// L4, L96: names that no package may bear, and the platform it was made for.
    pub(super) fn check_package(&mut self) {
        let manifest = &self.package.manifest;
        let name = &manifest.unique_name;
        if RESERVED_NAMES.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            let code = match (name.to_lowercase().as_str(), self.package.is_managed()) {
                ("system", _) => ErrorCode::IMPORT_SYSTEM_SOLUTION,
                ("default", true) => ErrorCode::IMPORT_DEFAULT_AS_PACKAGE,
                (..) => ErrorCode::IMPORT_RESTRICTED_SOLUTION,
            };
            self.refuse(FindingKind::Package, code, "L4", format!("`{name}` is a solution of the platform's own"));
        }
        if name.to_lowercase().ends_with(&UPGRADE_SUFFIX.to_lowercase()) {
            let message = format!("`{name}` ends in `{UPGRADE_SUFFIX}`, which is kept for pending upgrades");
            self.refuse(FindingKind::Package, ErrorCode::INVALID_SOLUTION_UNIQUE_NAME, "L15", message);
        }
        let target = &self.snapshot.environment.settings.platform_version;
        if let Some(needed) = &manifest.package_version
            && needed.major_minor() > target.major_minor()
        {
            let message = format!("the package needs platform version {needed}, the environment has {target}");
            self.plan
                .findings
                .push(Finding::error(FindingKind::Platform, ErrorCode::PACKAGE_VERSION_TOO_NEW, "L96", message).hint(
                "export from an environment that is not newer, or raise this one's with `strata env set --platform-version`",
            ));
        } else if let Some(older) = manifest.package_version.as_ref().filter(|v| v.major_minor() < target.major_minor())
        {
            let message = format!("the package is of version {older} and is read as version {target} of the platform");
            let mut finding = Finding::info(FindingKind::Platform, "L96", message);
            finding.code = ErrorCode::PACKAGE_NEEDS_UPGRADE.hex.map(str::to_owned);
            finding.name = Some(ErrorCode::PACKAGE_NEEDS_UPGRADE.name.to_owned());
            self.plan.findings.push(finding);
        } else if let Some(build) = &manifest.build
            && build > target
            && self.lens.rules.newer_build == NewerBuild::Warning
        {
            let message = format!("the package was written by build {build}, the environment has {target}");
            self.plan.findings.push(Finding::warning(FindingKind::Platform, None, "L96", message));
        }
    }

    /// L70: labels in languages that the environment has not enabled are not seen.
    pub(super) fn check_languages(&mut self) {
        let enabled = &self.snapshot.environment.settings.languages;
        let packaged = &self.package.manifest.languages;
        let missing: Vec<_> =
            packaged.iter().filter(|language| !enabled.contains(language)).map(u32::to_string).collect();
        if missing.is_empty() {
            return;
        }
        let message = format!("labels in languages that are not enabled are not seen: {}", missing.join(", "));
        let all: Vec<_> = enabled.iter().map(u32::to_string).chain(missing.iter().cloned()).collect();
        let hint = format!("enable them with `strata env set --language {}`", all.join(" --language "));
        let code = Some(ErrorCode::LANGUAGES_IGNORED);
        let finding = Finding::warning(FindingKind::Component, code, "L70", message).hint(hint);
        let related = self.labelled_in(&missing);
        self.plan.findings.push(finding.related(related));
    }

    /// Returns the package's components that have labels in one of these languages.
    fn labelled_in(&self, languages: &[String]) -> Vec<ComponentRef> {
        let marks: Vec<_> = languages
            .iter()
            .flat_map(|language| [format!("languagecode=\"{language}\""), format!("LCID=\"{language}\"")])
            .collect();
        let is_labelled = |component: &PackagedComponent| {
            let body = self.lens.bodies.definition(&component.digest).unwrap_or_default();
            let text = std::str::from_utf8(&body.bytes).unwrap_or_default();
            component.presence != Presence::Reference && marks.iter().any(|mark| text.contains(mark.as_str()))
        };
        let labelled = self.met.iter().map(|met| met.component).filter(|component| is_labelled(component));
        labelled.map(|component| names::packaged(self.environment(), component)).collect()
    }

    /// L104, L61, L11, L24, L79: whether the target may take this package at all.
    pub(super) fn check_target(&mut self) {
        if self.snapshot.environment.settings.block_unmanaged && !self.package.is_managed() {
            self.plan.findings.push(
                Finding::error(
                    FindingKind::Blocked,
                    ErrorCode::UNMANAGED_CUSTOMIZATIONS_BLOCKED,
                    "L104",
                    "the environment does not allow unmanaged customizations",
                )
                .hint("import the managed package, or allow them with `strata env set --block-unmanaged false`"),
            );
        }
        if self.plan.operation == OperationKind::Patch {
            self.check_patch();
            return;
        }
        // R4: a real package replaces a placeholder as if it were new.
        let Some(installed) = self.installed.filter(|solution| !solution.assumed) else {
            if self.plan.operation == OperationKind::Stage {
                self.refuse_missing_base();
            }
            self.check_pending(&self.package.manifest.unique_name);
            return;
        };
        self.check_mode(installed.unique_name.as_str(), installed.is_managed);
        self.check_holding(installed);
        self.check_publisher(installed);
        self.check_version(installed);
        if self.plan.operation == OperationKind::Skip {
            // R15: nothing is done, so nothing stands against it.
            return;
        }
        self.check_family(installed);
        if self.options.action == Some(ImportAction::New) {
            let message = format!("{} {} is installed already", installed.unique_name, installed.version);
            self.plan.findings.push(
                Finding::error(FindingKind::Version, ErrorCode::SOLUTION_NAME_TAKEN, "L59", message)
                    .hint("leave out `--action new` to update it"),
            );
        }
    }

    fn refuse_missing_base(&mut self) {
        let name = &self.package.manifest.unique_name;
        let message = format!("cannot create a holding solution for missing base {name}");
        self.plan.findings.push(
            Finding::error(FindingKind::Version, ErrorCode::UPGRADE_NEEDS_MANAGED_BASE, "L78", message).hint(
                "leave the action out, or take `--action upgrade`: both install a solution that is not there yet",
            ),
        );
    }

    /// L78, L126: an upgrade is of a managed solution by a managed package.
    fn check_holding(&mut self, installed: &Solution) {
        let is_upgrade = matches!(self.plan.operation, OperationKind::Stage | OperationKind::Upgrade);
        if is_upgrade && !installed.is_managed && !self.package.is_managed() {
            let message = format!(
                "{} is unmanaged: the imported solution and the existing solution must both be managed for upgrade",
                installed.unique_name
            );
            self.plan.findings.push(
                Finding::error(FindingKind::Mode, ErrorCode::UPGRADE_NEEDS_MANAGED_BASE, "L78", message)
                    .hint("leave out the action: an unmanaged import is always an update"),
            );
        }
    }

    /// L79: nothing goes in beside a holding solution, be its base there or gone.
    fn check_pending(&mut self, base: &str) {
        let Some(upgrade) = holding(self.snapshot, base) else { return };
        let message = format!("holding solution {} already exists", upgrade.unique_name);
        let mut finding = Finding::error(FindingKind::Version, ErrorCode::PENDING_UPGRADE_EXISTS, "L79", message);
        if let Some(installed) = self.snapshot.solution_named(base) {
            let name = &installed.unique_name;
            finding = finding.hint(format!("apply it with `strata solution upgrade --solution-name {name}`"));
        }
        let hint = format!("give it up with `strata solution delete --solution-name {}`", upgrade.unique_name);
        self.plan.findings.push(finding.hint(hint));
    }

    /// L79, L56: what a pending upgrade and patches forbid.
    fn check_family(&mut self, base: &Solution) {
        self.check_pending(&base.unique_name);
        let family = Family::of(self.snapshot, base);
        let is_in_place = self.plan.operation == OperationKind::Update;
        if let Some(message) = family.lock().filter(|_| is_in_place) {
            let hint = match base.is_managed {
                true => "roll them up with `--action upgrade`, or uninstall them first".to_owned(),
                false => {
                    format!("roll them up with `strata solution clone-solution --solution-name {}`", base.unique_name)
                }
            };
            self.plan.findings.push(
                Finding::error(FindingKind::Version, ErrorCode::CANNOT_MODIFY_PATCHED, "L56", message).hint(hint),
            );
        }
    }

    /// L109: what stands against a place beside other solutions. The platform gives one to solutions of its own list
    /// only, so that in the end every other solution is refused.
    pub(super) fn check_layer_order(&mut self) {
        let Some(order) = &self.options.layer_order else { return };
        let manifest = &self.package.manifest;
        let (code, message) = if manifest.parent_solution.is_some() {
            (ErrorCode::LAYER_ORDER_ON_PATCH, "LayerDesiredOrder cannot be given where a patch is imported".to_owned())
        } else if order.place == LayerPlace::Base {
            let word = order.place.word();
            (ErrorCode::LAYER_ORDER_TYPE, format!("LayerDesiredOrder is of the type {word}; Above and Below are known"))
        } else if let Some(refusal) = self.refusal_of_order(order) {
            refusal
        } else {
            let name = &manifest.unique_name;
            let message = format!(
                "LayerDesiredOrder is for solutions that the platform's vendor has listed, and {name} is none of them: \
                 a new solution goes above those that are there"
            );
            (ErrorCode::LAYER_ORDER_NOT_ALLOWED, message)
        };
        self.refuse(FindingKind::Package, code, "L109", message);
    }

    /// A solution that the order names and that cannot be a neighbour.
    fn refusal_of_order(&self, order: &LayerOrder) -> Option<(ErrorCode, String)> {
        let publisher = &self.package.manifest.publisher.unique_name;
        order.solutions.iter().find_map(|name| {
            let solution = self.snapshot.solution_named(name)?;
            let name = &solution.unique_name;
            if holding(self.snapshot, name).is_some() {
                let message = format!("LayerDesiredOrder names {name}, which has a pending upgrade: apply it first");
                return Some((ErrorCode::LAYER_ORDER_PENDING_UPGRADE, message));
            }
            let other = self.snapshot.publisher(solution.publisher)?;
            let message = || {
                format!("LayerDesiredOrder names {name} of {}, and the package is of {publisher}", other.unique_name)
            };
            let is_same = other.unique_name.eq_ignore_ascii_case(publisher);
            (!is_same).then(|| (ErrorCode::LAYER_ORDER_NOT_SAME_PUBLISHER, message()))
        })
    }

    /// L107–L109: whether a patch fits its parent and the patches that are there.
    fn check_patch(&mut self) {
        let manifest = &self.package.manifest;
        let Some((parent_name, _)) = &manifest.parent_solution else { return };
        let Some(parent) = self.parent else {
            let message = format!("{} is a patch of {parent_name}, which is not installed", manifest.unique_name);
            self.plan.findings.push(
                Finding::error(FindingKind::Version, ErrorCode::PATCH_MISSING_BASE, "L107", message)
                    .hint(format!("import {parent_name} first")),
            );
            return;
        };
        self.check_mode(&parent.unique_name, parent.is_managed);
        self.check_publisher(parent);
        self.check_patch_version(parent);
        if self.plan.operation != OperationKind::Skip {
            self.check_family(parent);
        }
    }

    fn check_patch_version(&mut self, parent: &Solution) {
        let (name, incoming) = (&self.package.manifest.unique_name, &self.package.manifest.version);
        let fits = incoming.major_minor() == parent.version.major_minor() && *incoming > parent.version;
        if !fits {
            let message = format!(
                "the version of patch {name} ({incoming}) is invalid for {} {}: the same major and minor number and a \
                 higher build or revision are expected",
                parent.unique_name, parent.version
            );
            self.refuse(FindingKind::Version, ErrorCode::CLONE_SOLUTION, "L107", message);
            return;
        }
        let family = Family::of(self.snapshot, parent);
        let Some(patch) = family.patches.iter().rev().find(|patch| patch.version >= *incoming) else { return };
        let message = format!(
            "patch '{}' has a matching or higher version ({}) than that of the patch being installed",
            patch.unique_name, patch.version
        );
        if self.options.skip_lower_version && !self.plan.is_refused() {
            self.plan.operation = OperationKind::Skip;
            self.plan.findings.push(Finding::info(FindingKind::Version, "R15", format!("{message}: nothing to do")));
            return;
        }
        let code = match patch.version == *incoming {
            true => ErrorCode::CANNOT_UPDATE_PATCH,
            false => ErrorCode::CLONE_SOLUTION_PATCH,
        };
        self.plan.findings.push(
            Finding::error(FindingKind::Version, code, "L108", message)
                .hint("clone the patch again with a higher version"),
        );
    }

    /// L61, L109.
    fn check_mode(&mut self, name: &str, installed_managed: bool) {
        let (code, sentence) = match (installed_managed, self.package.manifest.mode) {
            (false, Mode::Managed) => {
                (ErrorCode::MANAGED_OVER_UNMANAGED, "is installed as an unmanaged solution and the package is managed")
            }
            (true, Mode::Unmanaged | Mode::Both) => {
                (ErrorCode::UNMANAGED_OVER_MANAGED, "is installed as a managed solution and the package is unmanaged")
            }
            (true, Mode::Managed) | (false, Mode::Unmanaged | Mode::Both) => return,
        };
        let message = format!("{name} {sentence}; an import can only update a solution when the modes match");
        let removal = format!(
            "import into another environment, or remove it first with `strata solution delete --solution-name {name}`"
        );
        let hint = match installed_managed {
            true => removal,
            // L63, L94: the components stay, and pass to the managed solution on request.
            false => format!("{removal}, which leaves its components, and then import with `--convert-to-managed`"),
        };
        self.plan.findings.push(Finding::error(FindingKind::Mode, code, "L61", message).hint(hint));
    }

    fn check_publisher(&mut self, installed: &Solution) {
        let Some(publisher) = self.snapshot.publisher(installed.publisher) else { return };
        let incoming = &self.package.manifest.publisher.unique_name;
        if self.package.is_managed() && !publisher.unique_name.eq_ignore_ascii_case(incoming) {
            let message = format!(
                "{} belongs to publisher {}, the package comes from {incoming}",
                installed.unique_name, publisher.unique_name
            );
            self.refuse(FindingKind::Publisher, ErrorCode::IMPORT_WRONG_PUBLISHER, "L11", message);
        }
    }

    fn check_version(&mut self, installed: &Solution) {
        let incoming = &self.package.manifest.version;
        if self.options.skip_lower_version && installed.version >= *incoming && !self.plan.is_refused() {
            self.plan.operation = OperationKind::Skip;
            let message = format!(
                "{} {} is installed, which is not lower than {incoming}: nothing to do",
                installed.unique_name, installed.version
            );
            self.plan.findings.push(Finding::info(FindingKind::Version, "R15", message));
            return;
        }
        // OQ 3: only an update may bring the same version again, or on demand a lower one.
        let is_update = self.plan.operation == OperationKind::Update;
        let is_lower = *incoming < installed.version && !(is_update && self.options.allow_lower_version);
        let accepts_equal = is_update
            && self.lens.rules.update_accepts_equal_version
            && self.options.equal_version != EqualVersion::Refused;
        if is_lower || (*incoming == installed.version && !accepts_equal) {
            let message =
                format!("{} {} is installed; {incoming} is not higher", installed.unique_name, installed.version);
            self.plan.findings.push(
                Finding::error(FindingKind::Version, ErrorCode::VERSION_NOT_HIGHER, "L24", message).hint(
                    match is_update {
                        true => {
                            "raise the version of the package, or update to the lower one with `--allow-lower-version`"
                        }
                        false => "raise the version of the package: an upgrade always needs a higher one",
                    },
                ),
            );
        }
    }
}
