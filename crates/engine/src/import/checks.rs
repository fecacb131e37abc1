//! What the manifest and the target say before a single component is looked at (OQ 34: platform version,
//! block-unmanaged, mode, publisher, version, pending upgrade).

use strata_model::code::ErrorCode;
use strata_model::options::{Caller, EqualVersion, ImportAction, Overwrite};
use strata_model::package::Mode;
use strata_model::plan::{Finding, FindingKind, OperationKind};
use strata_model::rules::NewerBuild;
use strata_model::solution::{RESERVED_NAMES, SolutionKind};

use super::Import;

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

    /// Refuses what later versions of the product will do (D10: never half done).
    pub(super) fn refuse_unsupported(&mut self) {
        let is_installed = self.installed.is_some_and(|solution| !solution.assumed);
        let options = self.options;
        match options.action {
            Some(ImportAction::Stage) if !is_installed => {
                self.plan.operation = OperationKind::Stage;
                let message = format!(
                    "cannot create a holding solution for missing base {}: there is nothing installed to stage over",
                    self.package.manifest.unique_name
                );
                self.refuse(FindingKind::Version, ErrorCode::UPGRADE_NEEDS_MANAGED_BASE, "L78", message);
            }
            Some(ImportAction::Stage) => self.unsupported(OperationKind::Stage, "staging for an upgrade", "L77"),
            // R15: without an installed base an upgrade installs plainly.
            Some(ImportAction::Upgrade) if is_installed => {
                self.unsupported(OperationKind::Upgrade, "an upgrade in one step", "L76");
            }
            Some(ImportAction::New | ImportAction::Update | ImportAction::Upgrade) | None => {}
        }
        if options.convert_to_managed {
            self.unsupported(self.plan.operation, "converting unmanaged components (--convert-to-managed)", "L94");
        }
        if options.publish_workflows {
            self.unsupported(self.plan.operation, "activating steps and flows (--activate-plugins)", "L92");
        }
        if options.overwrite_unmanaged_customizations {
            self.unsupported(self.plan.operation, "overwriting unmanaged customizations (--force-overwrite)", "L87");
        }
        if self.package.manifest.parent_solution.is_some() {
            self.unsupported(OperationKind::Patch, "importing a patch", "L107");
        }
    }

    fn unsupported(&mut self, operation: OperationKind, what: &str, rule: &str) {
        self.plan.operation = operation;
        self.refuse(FindingKind::Unsupported, ErrorCode::UNSUPPORTED, rule, format!("{what} is not supported yet"));
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
        self.plan.findings.push(Finding::warning(FindingKind::Component, code, "L70", message).hint(hint));
    }

    /// L104, L61, L11, L24, L79: whether the target may take this package at all.
    pub(super) fn check_target(&mut self) {
        let manifest = &self.package.manifest;
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
        // R4: a real package replaces a placeholder as if it were new.
        let Some(installed) = self.installed.filter(|solution| !solution.assumed) else { return };
        self.check_mode(installed.is_managed);
        self.check_publisher();
        self.check_version();
        let pending = self
            .snapshot
            .solutions
            .iter()
            .any(|solution| solution.kind == SolutionKind::Upgrade && solution.parent == Some(installed.no));
        if pending {
            let message = format!("holding solution {}_Upgrade already exists", manifest.unique_name);
            self.refuse(FindingKind::Version, ErrorCode::PENDING_UPGRADE_EXISTS, "L79", message);
        }
        if self.options.action == Some(ImportAction::New) {
            let message = format!("{} {} is installed already", installed.unique_name, installed.version);
            self.plan.findings.push(
                Finding::error(FindingKind::Version, ErrorCode::SOLUTION_NAME_TAKEN, "L59", message)
                    .hint("leave out `--action new` to update it"),
            );
        }
    }

    fn check_mode(&mut self, installed_managed: bool) {
        let (code, sentence) = match (installed_managed, self.package.manifest.mode) {
            (false, Mode::Managed) => {
                (ErrorCode::MANAGED_OVER_UNMANAGED, "is installed as an unmanaged solution and the package is managed")
            }
            (true, Mode::Unmanaged | Mode::Both) => {
                (ErrorCode::UNMANAGED_OVER_MANAGED, "is installed as a managed solution and the package is unmanaged")
            }
            (true, Mode::Managed) | (false, Mode::Unmanaged | Mode::Both) => return,
        };
        let name = &self.package.manifest.unique_name;
        let message = format!("{name} {sentence}; an import can only update a solution when the modes match");
        self.plan.findings.push(Finding::error(FindingKind::Mode, code, "L61", message).hint(format!(
            "import into another environment, or remove it first with `strata solution delete --solution-name {name}`"
        )));
    }

    fn check_publisher(&mut self) {
        let Some(installed) = self.installed else { return };
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

    fn check_version(&mut self) {
        let Some(installed) = self.installed else { return };
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
        let is_lower = *incoming < installed.version && !self.options.allow_lower_version;
        let accepts_equal =
            self.lens.rules.update_accepts_equal_version && self.options.equal_version != EqualVersion::Refused;
        let is_refused_equal = *incoming == installed.version && !accepts_equal;
        if is_lower || is_refused_equal {
            let message =
                format!("{} {} is installed; {incoming} is not higher", installed.unique_name, installed.version);
            self.plan.findings.push(
                Finding::error(FindingKind::Version, ErrorCode::VERSION_NOT_HIGHER, "L24", message)
                    .hint("raise the version of the package, or update to the lower one with `--allow-lower-version`"),
            );
        }
    }
}
