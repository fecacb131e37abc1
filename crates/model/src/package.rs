//! A solution package as it was read: manifest, inventory, parts.
//!
//! Components are slices (D3): each says which bytes of which part are its definition, and which parts are its
//! member files. Nothing of the package is dropped: what no component owns is `residue`.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use crate::component::{ComponentKey, ComponentType};
use crate::dependency::MissingDependency;
use crate::environment::Behavior;
use crate::id::{Digest, Guid};
use crate::publisher::Details;
use crate::version::Version;

/// A solution package.
#[derive(Debug, Clone)]
pub struct Package {
    pub container: Container,
    /// Of the file; of names and contents in order for a folder.
    pub digest: Digest,
    pub manifest: Manifest,
    /// In key order; keys are unique.
    pub components: Vec<PackagedComponent>,
    /// Every file of the package, in container order; the last items may be buffers that the reader made.
    pub parts: Vec<Part>,
    /// What no component owns, kept for a faithful export: `solution.xml`, `customizations.xml` with the
    /// components cut out, and stray parts.
    pub residue: Definition,
    pub residue_digest: Digest,
    /// Oddities that were tolerated.
    pub notes: Vec<PackageNote>,
}

/// What the package came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    Zip,
    Cab,
    Folder,
}

/// One file of the package.
#[derive(Debug, Clone)]
pub struct Part {
    /// With `/` as separator, as the container spells it; a folder's parts bear the path they have in a zip.
    pub path: String,
    /// Where the file stands below the folder that was read, when that is not `path`.
    pub source: Option<String>,
    /// Which files of the folder its bytes came from, where the reader put it together: start, end,
    /// file, in order.
    pub pieces: Vec<(usize, usize, String)>,
    pub bytes: Vec<u8>,
    /// Of the bytes. A document that is cut into components is hashed piece by piece, and as a whole has zeros here.
    pub digest: Digest,
}

/// What `solution.xml` says.
#[derive(Debug, Clone)]
pub struct Manifest {
    pub unique_name: String,
    /// Base-language name, the unique name where there is none.
    pub friendly_name: String,
    pub version: Version,
    pub mode: Mode,
    pub publisher: PackagedPublisher,
    pub root_components: Vec<RootComponent>,
    pub missing_dependencies: Vec<MissingDependency>,
    /// `SolutionPackageVersion` of the root element (L96).
    pub package_version: Option<Version>,
    /// `version` of the root element: the build that wrote the package.
    pub build: Option<Version>,
    /// `languagecode` of the root element.
    pub base_language: u32,
    /// `ParentSolution` of a patch: unique name and version.
    pub parent_solution: Option<(String, Option<Version>)>,
    /// `Languages` of `customizations.xml`.
    pub languages: Vec<u32>,
}

/// `Managed` of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Unmanaged,
    Managed,
    /// Only in trees unpacked as *Both*; read as unmanaged (package-format §7.1).
    Both,
}

/// The publisher that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagedPublisher {
    pub unique_name: String,
    pub friendly_name: String,
    pub prefix: String,
    pub option_value_prefix: u32,
    pub details: Details,
}

/// One `RootComponent` (package-format §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootComponent {
    pub key: ComponentKey,
    pub id: Option<Guid>,
    /// As written; `None` where only an id is given.
    pub schema_name: Option<String>,
    pub behavior: Behavior,
}

/// One component in a package.
#[derive(Debug, Clone)]
pub struct PackagedComponent {
    pub key: ComponentKey,
    /// The name in the package's case: schema name, `Table.Column`, or GUID.
    pub name: String,
    /// The id that travels in the package.
    pub id: Option<Guid>,
    /// The table (or other component) this one is a child of.
    pub parent: Option<ComponentKey>,
    /// Base-language label, or the `Name` of components that have no label.
    pub display_name: Option<String>,
    /// A process's `Category`.
    pub category: Option<i32>,
    /// What kind of statement about the component this is.
    pub presence: Presence,
    pub definition: Definition,
    /// Of the definition's bytes, its home, and the paths and digests of its files.
    pub digest: Digest,
}

/// What a package says by holding a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// A full definition.
    Full,
    /// Differences to a definition that the target must have (L42).
    Diff,
    /// Present for reference only: `unmodified="1"`, or a table without `EntityInfo`; makes no layer (L43).
    Reference,
}

/// The bytes and files that define a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// Pieces that make up the definition when joined: one for most components, several for those whose
    /// subcomponents have been cut out.
    pub slices: Vec<Slice>,
    /// Where the definition lives when the type does not say: the path of a row's own file, the section of a
    /// generic component.
    pub home: Option<String>,
    /// Indices into [`Package::parts`] of the member files, in path order.
    pub files: Vec<usize>,
}

/// A range of bytes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    pub part: usize,
    pub range: Range<usize>,
}

/// A tolerated oddity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageNote {
    pub part: String,
    pub message: String,
}

impl Part {
    /// Returns the file of the folder that a place came from, where the part was put together of several.
    pub fn piece_at(&self, offset: usize) -> Option<&str> {
        let after = self.pieces.partition_point(|(start, ..)| *start <= offset);
        let (_, end, file) = self.pieces.get(after.checked_sub(1)?)?;
        (offset < *end).then_some(file.as_str())
    }
}

impl Package {
    /// Returns the bytes of a definition, borrowed where they are one slice.
    pub fn bytes<'a>(&'a self, definition: &Definition) -> Cow<'a, [u8]> {
        let slice_bytes = |slice: &Slice| &self.parts[slice.part].bytes[slice.range.clone()];
        match definition.slices.as_slice() {
            [] => Cow::Borrowed(&[]),
            [one] => Cow::Borrowed(slice_bytes(one)),
            many => Cow::Owned(many.iter().map(slice_bytes).collect::<Vec<_>>().concat()),
        }
    }

    /// Tells whether the package is installed as managed.
    pub fn is_managed(&self) -> bool {
        self.manifest.mode == Mode::Managed
    }

    /// Finds components of a type.
    pub fn of_type<'a>(&'a self, component_type: &'a ComponentType) -> impl Iterator<Item = &'a PackagedComponent> {
        self.components.iter().filter(move |component| component.key.component_type == *component_type)
    }
}
