//! Arguments of `solution` and `publisher`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use strata_model::version::VersionPart;

use super::{
    AddArgs, CheckArgs, DiffArgs, ExportArgs, ImportArgs, ListedArgs, MergeArgs, PackArgs, PlanArgs, ProjectArgs,
    UnpackArgs, WriteFlags,
};

#[derive(Debug, Subcommand)]
pub(crate) enum PublisherCommand {
    /// Create a publisher
    Create {
        /// Unique name of the publisher
        #[arg(long, value_name = "U")]
        name: String,
        /// Customization prefix: 2 to 8 letters and digits
        #[arg(long, value_name = "P")]
        prefix: String,
        /// Name for people
        #[arg(long, value_name = "S")]
        display_name: Option<String>,
        /// Option-value prefix: 10000 to 99999 [default: made from the prefix]
        #[arg(long, value_name = "N")]
        option_prefix: Option<u32>,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// List the publishers
    List,
}

/// A solution: `NAME`, `--solution-name NAME` or `--name NAME`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SolutionName {
    /// Unique name of the solution
    #[arg(value_name = "NAME", required_unless_present = "solution_name")]
    unique_name: Option<String>,
    /// The same as NAME
    #[arg(long, visible_alias = "name", value_name = "U", conflicts_with = "unique_name")]
    solution_name: Option<String>,
}

impl SolutionName {
    pub(crate) fn get(&self) -> String {
        self.solution_name.clone().or_else(|| self.unique_name.clone()).unwrap_or_default()
    }
}

/// The package that settings are for: `FILE`, `--path`, or `pac`'s two flags.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SettingsPackage {
    /// A .zip, a .cab or an unpacked folder
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The same as FILE
    #[arg(short, long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// The same, a zip
    #[arg(short = 'z', long, value_name = "ZIP")]
    solution_zip: Option<PathBuf>,
    /// The same, a folder
    #[arg(short = 'f', long, value_name = "FOLDER")]
    solution_folder: Option<PathBuf>,
}

impl SettingsPackage {
    pub(crate) fn get(&self) -> PathBuf {
        let named = [&self.file, &self.path, &self.solution_zip, &self.solution_folder];
        named.into_iter().flatten().next().cloned().unwrap_or_default()
    }
}

const LOG_HELP: &str = "\
Examples:
  strata solution log
  strata solution log --job last --out import.xml

`import` answers with the id of its job; refused imports have one too, in `strata history`.";

const DEPENDENCIES_HELP: &str = "\
Examples:
  strata solution dependencies --solution-name Sales --missing
  strata solution dependencies Core --uninstall

What is missing may be added with `strata solution add-solution-component … --AddRequiredComponents`.";

/// What is asked of a solution.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SolutionQuestion {
    /// What its components need and neither it nor the platform brings
    #[arg(long)]
    pub(crate) missing: bool,
    /// What stands against its removal
    #[arg(long)]
    pub(crate) uninstall: bool,
}

/// What `clone-patch` and `clone-solution` take.
#[derive(Debug, Clone, Args)]
pub(crate) struct CloneArgs {
    #[command(flatten)]
    pub(crate) name: SolutionName,
    /// Version it gets [default: a patch the next build, a rolled-up solution the next minor version]
    #[arg(long, value_name = "V")]
    pub(crate) version: Option<String>,
    /// Name for people [default: the solution's]
    #[arg(long, value_name = "S")]
    pub(crate) display_name: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

const VERSION_HELP: &str = "\
Examples:
  strata solution version --path src/ --bump build
  strata solution version --path Core.zip --set 1.4.0.7

A raised part sets those behind it to 0; what stands before it keeps its text. The version of a solution in an
environment is set with `strata solution online-version`.";

/// What `version` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct VersionArgs {
    /// A .zip or an unpacked folder
    #[arg(short, long, value_name = "FILE")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) new: NewVersionArgs,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
}

/// The version itself, or the part that is raised.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct NewVersionArgs {
    /// The version: up to four numbers joined by dots
    #[arg(long, value_name = "V")]
    pub(crate) set: Option<String>,
    /// The part to raise by one
    #[arg(long, value_enum, ignore_case = true, value_name = "PART")]
    pub(crate) bump: Option<BumpPart>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum BumpPart {
    Major,
    Minor,
    Build,
    Revision,
}

impl From<BumpPart> for VersionPart {
    fn from(part: BumpPart) -> Self {
        match part {
            BumpPart::Major => Self::Major,
            BumpPart::Minor => Self::Minor,
            BumpPart::Build => Self::Build,
            BumpPart::Revision => Self::Revision,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum SolutionCommand {
    /// Create an unmanaged solution
    Create {
        #[command(flatten)]
        name: SolutionName,
        /// Unique name of its publisher
        #[arg(long, value_name = "U")]
        publisher: String,
        /// Four numbers joined by dots
        #[arg(long, value_name = "V", default_value = "1.0.0.0")]
        version: String,
        /// Name for people
        #[arg(long, value_name = "S")]
        display_name: Option<String>,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// List the solutions in layer order, lowest first
    List {
        /// The platform's own too: System, Default, Active
        #[arg(long)]
        all: bool,
    },
    /// Show a solution or a package with its components
    Show {
        /// Unique name of an installed solution
        #[arg(value_name = "NAME", required_unless_present_any = ["solution_name", "path"])]
        unique_name: Option<String>,
        /// The same as NAME; with a folder, the solution to take of several
        #[arg(long, visible_alias = "name", value_name = "U", conflicts_with = "unique_name")]
        solution_name: Option<String>,
        /// A package: .zip, .cab or unpacked folder; needs no store
        #[arg(short, long, value_name = "FILE", conflicts_with = "unique_name")]
        path: Option<PathBuf>,
        /// Of a package: every value of every component, a line each; for `git diff` (docs/git.md)
        #[arg(long)]
        contents: bool,
    },
    /// Import a solution package
    Import(ImportArgs),
    /// Show what an operation would do; changes nothing
    Plan(PlanArgs),
    /// Export a solution as a package
    Export(ExportArgs),
    /// Write a solution into a project folder, unpacked
    Clone(ProjectArgs),
    /// Look for mistakes in packages, without an environment
    Check(CheckArgs),
    /// Compare two packages, folders or solutions of environments
    Diff(DiffArgs),
    /// Unpack a package into a folder, one file for each component
    Unpack(UnpackArgs),
    /// Pack a folder into a package
    Pack(PackArgs),
    /// Carry out a saved plan; refused when the environment has moved since
    Apply {
        /// What `strata plan --out` has written
        #[arg(value_name = "PLANFILE")]
        file: PathBuf,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Uninstall a managed solution, or delete the container of an unmanaged one
    Delete {
        #[command(flatten)]
        name: SolutionName,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Set the version of an unmanaged solution
    OnlineVersion {
        #[command(flatten)]
        name: SolutionName,
        /// Four numbers joined by dots
        #[arg(long, value_name = "V")]
        solution_version: String,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Merge what two people made of one package, three-way
    Merge(MergeArgs),
    /// Set the version of a package or an unpacked folder; nothing else in it changes
    #[command(after_help = VERSION_HELP)]
    Version(VersionArgs),
    /// What the platform's solution history says: imports, uninstalls, publishing; newest first
    History,
    /// The log of an import: what came of each component
    #[command(after_help = LOG_HELP)]
    Log {
        /// Id of the import job, or `last`
        #[arg(long, value_name = "ID", default_value = "last")]
        job: String,
        /// Write it as a workbook, which spreadsheets open
        #[arg(long, value_name = "FILE.xml")]
        out: Option<PathBuf>,
    },
    /// Make a deployment settings file for a package, to be filled in
    CreateSettings {
        #[command(flatten)]
        package: SettingsPackage,
        /// File to write [default: none, only shown]
        #[arg(short, long, value_name = "JSON")]
        settings_file: Option<PathBuf>,
        /// Replace the file where it exists
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Name every missing, unknown or empty entry of a deployment settings file; exits with 3 where there is one
    CheckSettings {
        #[command(flatten)]
        package: SettingsPackage,
        /// File to check
        #[arg(short, long, value_name = "JSON")]
        settings_file: PathBuf,
    },
    /// Apply a pending upgrade: the holding solution takes the place of its base
    Upgrade {
        #[command(flatten)]
        name: SolutionName,
        #[command(flatten)]
        write: WriteFlags,
    },
    /// Create a patch of an unmanaged solution
    ClonePatch(CloneArgs),
    /// Roll an unmanaged solution up with its patches
    CloneSolution(CloneArgs),
    /// Show what a solution needs from elsewhere, or what stands against its removal
    #[command(after_help = DEPENDENCIES_HELP)]
    Dependencies {
        #[command(flatten)]
        name: SolutionName,
        #[command(flatten)]
        question: SolutionQuestion,
    },
    /// Add a component to an unmanaged solution
    AddSolutionComponent(AddArgs),
    /// Remove a component from an unmanaged solution; the component stays
    RemoveSolutionComponent(ListedArgs),
    /// Publish all drafts, or those of one solution
    Publish {
        /// Unique name of the solution
        #[arg(long, visible_alias = "name", value_name = "U")]
        solution_name: Option<String>,
        #[command(flatten)]
        write: WriteFlags,
    },
}
