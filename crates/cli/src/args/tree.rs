//! Arguments of `unpack` and `pack`: the names that `pac solution unpack` and the packager have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use strata_ops::trees::{Layout, Localize, PackageType, SingleComponent, Take};

const UNPACK_HELP: &str = "\
Examples:
  strata unpack Contoso_1_0_0_0.zip src
  strata unpack Contoso_1_0_0_0.zip src --allowDelete --verify
  strata unpack Contoso_1_0_0_0.zip src --allowWrite false
  strata unpack --zipfile Contoso.zip --folder src --packagetype Both --localize

Files that are the same are not touched. With --packagetype Both, Contoso.zip and Contoso_managed.zip are unpacked together.";

const PACK_HELP: &str = "\
Examples:
  strata pack src Contoso_1_0_0_0.zip
  strata pack src Contoso_managed.zip --packagetype Managed
  strata pack --folder src --zipfile Contoso.zip --packagetype Both --map map.xml

With --packagetype Both, Contoso.zip and Contoso_managed.zip are written. A file that the folder names and lacks is an error,
and so is an element of the map that fits nothing.";

/// Of which kind the package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TypeArg {
    Unmanaged,
    Managed,
    Both,
}

impl From<TypeArg> for PackageType {
    fn from(asked: TypeArg) -> Self {
        match asked {
            TypeArg::Unmanaged => Self::Unmanaged,
            TypeArg::Managed => Self::Managed,
            TypeArg::Both => Self::Both,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutArg {
    Xml,
    Yaml,
}

impl From<LayoutArg> for Layout {
    fn from(asked: LayoutArg) -> Self {
        match asked {
            LayoutArg::Xml => Self::Xml,
            LayoutArg::Yaml => Self::Yaml,
        }
    }
}

/// Whose file stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TakeArg {
    New,
    Old,
}

impl From<TakeArg> for Take {
    fn from(asked: TakeArg) -> Self {
        match asked {
            TakeArg::New => Self::New,
            TakeArg::Old => Self::Old,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SingleArg {
    #[value(name = "WebResource")]
    WebResource,
    #[value(name = "Plugin")]
    Plugin,
    #[value(name = "Workflow")]
    Workflow,
    #[value(name = "None")]
    None,
}

impl SingleArg {
    fn kind(self) -> Option<SingleComponent> {
        match self {
            Self::WebResource => Some(SingleComponent::WebResource),
            Self::Plugin => Some(SingleComponent::Plugin),
            Self::Workflow => Some(SingleComponent::Workflow),
            Self::None => None,
        }
    }
}

/// What both take.
#[derive(Debug, Clone, Args)]
pub(crate) struct TreeFlags {
    /// Kind of the package [default: what the package or the folder says]
    #[arg(
        short,
        long = "packagetype",
        visible_alias = "package-type",
        value_enum,
        ignore_case = true,
        value_name = "TYPE"
    )]
    pub(crate) package_type: Option<TypeArg>,
    /// Mapping file: files of the folder that are elsewhere
    #[arg(short, long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Texts by language in .resx files, for translators
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) localize: bool,
    /// One kind of component alone
    #[arg(
        long = "singleComponent",
        visible_alias = "single-component",
        value_enum,
        ignore_case = true,
        value_name = "KIND"
    )]
    single_component: Option<SingleArg>,
    /// Write what was done into a file too
    #[arg(short, long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Accepted: packing takes the unmanaged file where the managed one is missing
    #[arg(long = "useUnmanagedFileForMissingManaged", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    use_unmanaged: Option<bool>,
    /// Accepted: names of plug-in types are never changed
    #[arg(long = "disablePluginRemap", hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disable_plugin_remap: Option<bool>,
    /// Accepted: warnings are hints, which `--quiet` silences
    #[arg(long = "errorlevel", hide = true, value_name = "LEVEL")]
    error_level: Option<String>,
}

impl TreeFlags {
    pub(crate) fn single(&self) -> Option<SingleComponent> {
        self.single_component.and_then(SingleArg::kind)
    }
}

#[derive(Debug, Clone, Args)]
#[command(after_help = UNPACK_HELP)]
pub(crate) struct UnpackArgs {
    /// The package: a .zip or a .cab
    #[arg(value_name = "ZIP", required_unless_present = "zipfile")]
    zip: Option<PathBuf>,
    /// Folder to write
    #[arg(value_name = "FOLDER", required_unless_present = "folder_flag")]
    folder: Option<PathBuf>,
    /// The same as ZIP
    #[arg(short = 'z', long, value_name = "ZIP", conflicts_with = "zip")]
    zipfile: Option<PathBuf>,
    /// The same as FOLDER
    #[arg(short = 'f', long = "folder", id = "folder_flag", value_name = "FOLDER", conflicts_with = "folder")]
    folder_flag: Option<PathBuf>,
    /// How the folder is arranged
    #[arg(long, value_enum, ignore_case = true, default_value_t = LayoutArg::Xml)]
    pub(crate) layout: LayoutArg,
    /// Where solutions share a YAML tree and a file differs: write what the package says, or keep what is there
    #[arg(long, value_enum, ignore_case = true, value_name = "WHICH")]
    pub(crate) take: Option<TakeArg>,
    #[command(flatten)]
    pub(crate) tree: TreeFlags,
    /// Delete files that the package no longer has
    #[arg(long = "allowDelete", visible_alias = "allow-delete", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) allow_delete: bool,
    /// With `false` only list what would be written
    #[arg(long = "allowWrite", visible_alias = "allow-write", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", value_name = "BOOL", action = clap::ArgAction::Set)]
    pub(crate) allow_write: bool,
    /// Replace files that are read-only
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) clobber: bool,
    /// Prove that packing gives the package again; write nothing where it does not
    #[arg(long)]
    pub(crate) verify: bool,
    /// The language that translations start from: a number
    #[arg(long = "sourceLoc", visible_alias = "source-loc", value_name = "LCID")]
    source_loc: Option<u32>,
    /// Name files of texts by number, not by name
    #[arg(long = "useLcid", visible_alias = "use-lcid", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    use_lcid: bool,
    /// The same as --allowWrite false
    #[arg(long)]
    pub(crate) plan: bool,
}

impl UnpackArgs {
    pub(crate) fn zip(&self) -> PathBuf {
        self.zip.clone().or_else(|| self.zipfile.clone()).unwrap_or_default()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        // With `--zipfile` a single plain argument is the folder.
        self.folder.clone().or_else(|| self.folder_flag.clone()).unwrap_or_default()
    }

    pub(crate) fn localize(&self) -> Option<Localize> {
        let how = Localize { template: self.source_loc, use_lcid: self.use_lcid };
        self.tree.localize.then_some(how)
    }
}

#[derive(Debug, Clone, Args)]
#[command(after_help = PACK_HELP)]
pub(crate) struct PackArgs {
    /// Folder to pack
    #[arg(value_name = "FOLDER", required_unless_present = "folder_flag")]
    folder: Option<PathBuf>,
    /// Zip to write; one that is there is replaced
    #[arg(value_name = "ZIP", required_unless_present = "zipfile")]
    zip: Option<PathBuf>,
    /// The same as FOLDER
    #[arg(short = 'f', long = "folder", id = "folder_flag", value_name = "FOLDER", conflicts_with = "folder")]
    folder_flag: Option<PathBuf>,
    /// The same as ZIP
    #[arg(short = 'z', long, value_name = "ZIP", conflicts_with = "zip")]
    zipfile: Option<PathBuf>,
    /// The solution, where a folder in the YAML layout holds several
    #[arg(long, visible_alias = "name", value_name = "U")]
    pub(crate) solution_name: Option<String>,
    /// Pack a YAML tree without what it names and does not hold
    #[arg(long)]
    pub(crate) allow_missing: bool,
    #[command(flatten)]
    pub(crate) tree: TreeFlags,
    /// Check everything and write nothing
    #[arg(long)]
    pub(crate) plan: bool,
}

impl PackArgs {
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone().or_else(|| self.folder_flag.clone()).unwrap_or_default()
    }

    pub(crate) fn zip(&self) -> PathBuf {
        self.zip.clone().or_else(|| self.zipfile.clone()).unwrap_or_default()
    }
}

/// Flags of two and three letters that `pac` has for these commands, and their long forms.
pub(crate) const PAC_FLAGS: &[(&str, &str)] = &[
    ("-ad", "--allowDelete"),
    ("-aw", "--allowWrite"),
    ("-sc", "--singleComponent"),
    ("-src", "--sourceLoc"),
    ("-loc", "--localize"),
    ("-lcid", "--useLcid"),
    ("-same", "--useUnmanagedFileForMissingManaged"),
    ("-dpm", "--disablePluginRemap"),
];

/// Flags that `pac` lets a `true` or `false` follow.
pub(crate) const SWITCHES: &[&str] = &[
    "--allowDelete",
    "--allow-delete",
    "--allowWrite",
    "--allow-write",
    "--clobber",
    "-c",
    "--localize",
    "--useLcid",
    "--use-lcid",
    "--useUnmanagedFileForMissingManaged",
    "--disablePluginRemap",
];
