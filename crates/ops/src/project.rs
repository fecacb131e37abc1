//! A solution of an environment as a project in a folder, the way `pac solution clone` lays one out: the unpacked solution
//! below `src`, and a project file beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use strata_model::code::ErrorCode;
use strata_model::id::{Guid, Operation};
use strata_model::package::PackageNote;
use strata_model::plan::Finding;
use strata_package::Limits;
use strata_package::tree::{NamedFile, Newline, Tree, Unpack, unpack, unpack_both};

use crate::ExportOptions;
use crate::export::{Exports, files_of};
use crate::operation::Progress;
use crate::{OpsError, Workspace};

/// What the tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectKind {
    Unmanaged,
    Managed,
    Both,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ProjectRequest {
    pub solution: String,
    /// The folder that gets the project's; the current one where none is named.
    pub parent: Option<PathBuf>,
    pub kind: ProjectKind,
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct ProjectView {
    #[serde(rename = "uniquename")]
    pub unique_name: String,
    pub version: String,
    #[serde(rename = "packagetype")]
    pub kind: ProjectKind,
    pub folder: PathBuf,
    pub components: usize,
    pub files: usize,
    /// Whether the folder was written.
    pub written: bool,
    pub notes: Vec<PackageNote>,
    pub findings: Vec<Finding>,
}

/// Writes a solution, as it was after `at`, into a new project folder; with `plan_only` only says what would be written.
pub fn clone(
    workspace: &Workspace,
    at: Option<Operation>,
    request: &ProjectRequest,
    plan_only: bool,
    progress: Progress<'_>,
) -> Result<ProjectView, OpsError> {
    let environment = workspace.environment()?;
    let exported = |managed| {
        let options = ExportOptions { solution: request.solution.clone(), managed, version: None, only: None };
        files_of(workspace, &environment, at, &options, progress)
    };
    let (exports, tree) = match request.kind {
        ProjectKind::Unmanaged => alone(exported(false)?)?,
        ProjectKind::Managed => alone(exported(true)?)?,
        ProjectKind::Both => {
            let (mut unmanaged, managed) = (exported(false)?, exported(true)?);
            let (own, twin) = (std::mem::take(&mut unmanaged.files), managed.files);
            let tree = unpack_both(own, twin, &OPTIONS, &Limits::default());
            (unmanaged, tree.map_err(unreadable)?)
        }
    };
    let name = &exports.manifest.unique_name;
    let folder = request.parent.clone().unwrap_or_default().join(name);
    refuse_taken(&folder)?;
    let files = project_files(name, request.kind, tree.files);
    if !plan_only {
        write_new(&folder, &files).map_err(|source| OpsError::Unwritable { path: folder.clone(), source })?;
    }
    Ok(ProjectView {
        unique_name: name.clone(),
        version: exports.manifest.version.to_string(),
        kind: request.kind,
        folder,
        components: exports.components,
        files: files.len(),
        written: !plan_only,
        notes: tree.notes,
        findings: exports.findings,
    })
}

/// As the tool writes trees.
const OPTIONS: Unpack = Unpack { newline: Newline::CrLf };

fn alone(mut exports: Exports) -> Result<(Exports, Tree), OpsError> {
    let files = std::mem::take(&mut exports.files);
    let tree = unpack(files, &OPTIONS, &Limits::default()).map_err(unreadable)?;
    Ok((exports, tree))
}

/// What we have just written is readable, unless what the store keeps is damaged.
fn unreadable(error: strata_package::ReadPackageError) -> OpsError {
    OpsError::Package { path: PathBuf::from("the exported package"), source: Box::new(error) }
}

/// An existing project is somebody's work.
fn refuse_taken(folder: &Path) -> Result<(), OpsError> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    let message = format!("{} exists already and is not empty", folder.display());
    Err(OpsError::request(ErrorCode::ALREADY_EXISTS, message).hint(
        "name another --outputDirectory, or export the solution and unpack it over the tree with `strata solution unpack`",
    ))
}

fn project_files(name: &str, kind: ProjectKind, tree: Vec<NamedFile>) -> Vec<NamedFile> {
    let mut files: Vec<NamedFile> = tree.into_iter().map(|(path, bytes)| (format!("src/{path}"), bytes)).collect();
    files.push((format!("{name}.cdsproj"), project(name, kind).into_bytes()));
    files.push((".gitignore".to_owned(), b"# what a build makes\r\n[Bb]in/\r\n[Oo]bj/\r\n*.log\r\n".to_vec()));
    files
}

const TARGETS: &str = "$(MSBuildExtensionsPath)\\Microsoft\\VisualStudio\\v$(VisualStudioVersion)\\PowerApps";

/// The project file that the build tools of the platform take.
fn project(name: &str, kind: ProjectKind) -> String {
    let id = Guid::minted(Guid::of_environment(""), "project", &name.to_lowercase());
    let kind = match kind {
        ProjectKind::Unmanaged => "Unmanaged",
        ProjectKind::Managed => "Managed",
        ProjectKind::Both => "Both",
    };
    let import = |file: &str| {
        let path = format!("$(PowerAppsTargetsPath)\\Microsoft.PowerApps.VisualStudio.Solution.{file}");
        format!("  <Import Project=\"{path}\" Condition=\"Exists('{path}')\" />")
    };
    let lines = [
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned(),
        "<Project ToolsVersion=\"15.0\" DefaultTargets=\"Build\" xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\">"
            .to_owned(),
        "  <PropertyGroup>".to_owned(),
        format!("    <PowerAppsTargetsPath>{TARGETS}</PowerAppsTargetsPath>"),
        "  </PropertyGroup>".to_owned(),
        "  <Import Project=\"$(MSBuildExtensionsPath)\\$(MSBuildToolsVersion)\\Microsoft.Common.props\" />".to_owned(),
        import("props"),
        "  <PropertyGroup>".to_owned(),
        format!("    <ProjectGuid>{id}</ProjectGuid>"),
        "    <TargetFrameworkVersion>v4.6.2</TargetFrameworkVersion>".to_owned(),
        "    <TargetFramework>net462</TargetFramework>".to_owned(),
        "    <RestoreProjectStyle>PackageReference</RestoreProjectStyle>".to_owned(),
        "    <SolutionRootPath>src</SolutionRootPath>".to_owned(),
        format!("    <SolutionPackageType>{kind}</SolutionPackageType>"),
        "  </PropertyGroup>".to_owned(),
        "  <ItemGroup>".to_owned(),
        "    <PackageReference Include=\"Microsoft.PowerApps.MSBuild.Solution\" Version=\"1.*\" />".to_owned(),
        "    <PackageReference Include=\"Microsoft.NETFramework.ReferenceAssemblies\" Version=\"1.0.0\" PrivateAssets=\"All\" />"
            .to_owned(),
        "  </ItemGroup>".to_owned(),
        "  <Import Project=\"$(MSBuildToolsPath)\\Microsoft.Common.targets\" />".to_owned(),
        import("targets"),
        "</Project>".to_owned(),
    ];
    format!("{}\r\n", lines.join("\r\n"))
}

/// Writes a folder beside its place, and puts it there when it is whole.
fn write_new(folder: &Path, files: &[NamedFile]) -> io::Result<()> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    fs::create_dir_all(parent)?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = parent.join(format!(".{name}.{}.part", std::process::id()));
    fs::create_dir(&beside)?;
    let written = write_all(&beside, files).and_then(|()| {
        // An empty folder in the place gives way.
        fs::remove_dir(folder).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        fs::rename(&beside, folder)
    });
    if written.is_err() {
        // The error that matters is the first one.
        fs::remove_dir_all(&beside).ok();
    }
    written
}

fn write_all(folder: &Path, files: &[NamedFile]) -> io::Result<()> {
    for (path, bytes) in files {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(file, bytes)?;
    }
    Ok(())
}
