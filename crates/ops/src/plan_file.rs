//! Saved plans: what was asked, of which package, for which revision (R13).
//!
//! The file holds the package's path and digest, not its bytes; applying reads the package again, refuses
//! another digest or another revision, and plans anew. Planning is deterministic, so the plan is the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use strata_model::code::ErrorCode;
use strata_model::id::{Digest, Operation};
use strata_model::options::ImportOptions;
use strata_model::plan::Plan;

use crate::operation::{carry_out_read, digest_of};
use crate::view::PlanView;
use crate::{Applied, OpsError, PackageSource, Prepared, Progress, Request, Workspace};

/// The version of the file's form.
const FORMAT_VERSION: &str = "1.0";

#[derive(Serialize)]
struct Writing<'a> {
    #[serde(flatten)]
    header: Header,
    /// For people and gates; applying does not read it.
    plan: &'a PlanView,
}

#[derive(Serialize, Deserialize)]
struct Header {
    plan_format_version: String,
    environment: String,
    base: Operation,
    request: SavedRequest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum SavedRequest {
    Import { path: PathBuf, digest: Digest, options: ImportOptions },
    ApplyUpgrade { solution: String },
    Uninstall { solution: String },
}

/// Writes a plan to a file.
pub fn save(
    path: &Path,
    environment: &str,
    request: &Request,
    prepared: &Prepared,
    verbose: bool,
) -> Result<(), OpsError> {
    let request = match (request, digest_of(prepared.package.as_ref())) {
        (Request::Import { package: PackageSource::Path(path), options }, Some(digest)) => {
            let path = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let mut options = options.clone();
            if let Some(file) = &mut options.settings {
                let full = fs::canonicalize(&file.path).ok();
                file.path = full.map_or_else(|| file.path.clone(), |full| full.display().to_string());
            }
            SavedRequest::Import { path, digest, options }
        }
        (Request::Uninstall { solution }, _) => SavedRequest::Uninstall { solution: solution.clone() },
        (Request::ApplyUpgrade { solution }, _) => SavedRequest::ApplyUpgrade { solution: solution.clone() },
        (_, _) => {
            return Err(OpsError::request(
                ErrorCode::UNSUPPORTED,
                "only imports, upgrades and uninstalls can be saved",
            ));
        }
    };
    let header = Header {
        plan_format_version: FORMAT_VERSION.to_owned(),
        environment: environment.to_owned(),
        base: prepared.plan.base,
        request,
    };
    let view = PlanView::of(&prepared.plan, verbose);
    let unwritable = |source| OpsError::Unwritable { path: path.to_owned(), source };
    let json = serde_json::to_vec_pretty(&Writing { header, plan: &view })
        .map_err(|error| unwritable(std::io::Error::other(error)))?;
    fs::write(path, json).map_err(unwritable)
}

/// A saved plan as it was read.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The environment it was made for.
    pub environment: String,
    pub base: Operation,
    /// Of the package, for imports.
    pub digest: Option<Digest>,
    pub request: Request,
}

/// Reads a saved plan.
pub fn read(path: &Path) -> Result<Saved, OpsError> {
    let unreadable = |source| OpsError::Unreadable { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(unreadable)?;
    let header: Header = serde_json::from_slice(&bytes)
        .map_err(|error| unreadable(std::io::Error::other(format!("this is no saved plan: {error}"))))?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(&header.plan_format_version) != major(FORMAT_VERSION) {
        let message = format!("the plan has format {}, this build reads {FORMAT_VERSION}", header.plan_format_version);
        return Err(unreadable(std::io::Error::other(message)));
    }
    let (digest, request) = match header.request {
        SavedRequest::Import { path, digest, mut options } => {
            crate::deployment::read_again(&mut options)?;
            (Some(digest), Request::Import { package: path.into(), options })
        }
        SavedRequest::ApplyUpgrade { solution } => (None, Request::ApplyUpgrade { solution }),
        SavedRequest::Uninstall { solution } => (None, Request::Uninstall { solution }),
    };
    Ok(Saved { environment: header.environment, base: header.base, digest, request })
}

/// Carries out a saved plan in the environment it was made for.
pub fn apply(workspace: &Workspace, path: &Path, progress: Progress<'_>) -> Result<Applied, OpsError> {
    let saved = read(path)?;
    let environment = workspace.environment_named(&saved.environment)?;
    let package = match (&saved.request, saved.digest) {
        (Request::Import { package: source, .. }, Some(digest)) => {
            let package = source.read()?;
            if package.digest != digest {
                let message = format!("{} is not the package that was planned", source.path().display());
                return Err(OpsError::request(ErrorCode::STALE_PLAN, message).hint("plan again"));
            }
            Some(package)
        }
        (_, _) => None,
    };
    carry_out_read(workspace, &environment, &saved.request, package.into(), Some(saved.base), progress)
}

/// Tells what a gate would trip on (`--fail-on`).
pub fn trips(plan: &Plan, gate: Gate) -> bool {
    use strata_model::plan::{Action, Effect, FindingKind, Severity};
    match gate {
        Gate::Failure => plan.is_refused(),
        Gate::Delete => plan.changes.iter().any(|change| change.action == Action::Delete),
        Gate::Dataloss => {
            let warned = plan.findings.iter().any(|finding| finding.kind == FindingKind::Dataloss);
            warned || plan.summary().rows_lost > 0
        }
        Gate::Masked => {
            let hidden = plan.changes.iter().any(|change| change.effect == Effect::Masked);
            hidden || plan.findings.iter().any(|finding| finding.kind == FindingKind::Masked)
        }
        Gate::Collision => plan.findings.iter().any(|finding| finding.kind == FindingKind::Collision),
        Gate::Warning => plan.findings.iter().any(|finding| finding.severity <= Severity::Warning),
    }
}

/// What a pipeline asks a plan about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Failure,
    Delete,
    Dataloss,
    Masked,
    Collision,
    Warning,
}
