//! What a rule sees: the package, its components with their trees and files, and what stands beside it.
//!
//! Trees and JSON are read once, when a rule first asks, and kept. Every place a rule may point at is a part and an
//! offset in it ([`Place`]); lines and columns are counted when a finding is finished.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Deref;

use serde_json::Value;
use strata_engine::needs::{self, Need};
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::package::{Manifest, Package, PackagedComponent};
use strata_model::rules::Rules;

use crate::against::Against;
use crate::declared::Declared;
use crate::finding::no_environment;
use crate::json;
use crate::tree::{Element, Tree};

/// An offset in a part of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(crate) part: usize,
    pub(crate) offset: usize,
}

/// By part: where components begin and end in it, and which ones; a whole file is one range.
type Owners = BTreeMap<usize, Vec<(usize, usize, usize)>>;

/// What a rule sees.
#[derive(Debug)]
pub struct Context<'a> {
    package: &'a Package,
    others: &'a [&'a Package],
    against: Option<&'a Against<'a>>,
    size: u64,
    /// Definitions of more than one piece, joined, by component.
    joined: Vec<OnceCell<Vec<u8>>>,
    /// By component.
    trees: Vec<OnceCell<Option<Tree>>>,
    /// By part.
    part_trees: Vec<OnceCell<Option<Tree>>>,
    part_json: Vec<OnceCell<Option<Value>>>,
    /// By part, where JSON values begin.
    part_offsets: Vec<OnceCell<BTreeMap<String, usize>>>,
    by_key: BTreeMap<&'a ComponentKey, usize>,
    /// Folded paths.
    by_path: BTreeMap<String, usize>,
    owners: OnceCell<Owners>,
    undeclared: OnceCell<Vec<Need>>,
    declared: OnceCell<Declared>,
    /// Where the roots stand in the manifest, in its order.
    root_offsets: OnceCell<Vec<usize>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        package: &'a Package,
        size: u64,
        others: &'a [&'a Package],
        against: Option<&'a Against<'a>>,
    ) -> Self {
        let components = package.components.iter().enumerate();
        let parts = package.parts.iter().enumerate();
        Self {
            package,
            size,
            others,
            against,
            joined: vec![OnceCell::new(); package.components.len()],
            trees: package.components.iter().map(|_| OnceCell::new()).collect(),
            part_trees: package.parts.iter().map(|_| OnceCell::new()).collect(),
            part_json: vec![OnceCell::new(); package.parts.len()],
            part_offsets: vec![OnceCell::new(); package.parts.len()],
            by_key: components.map(|(index, component)| (&component.key, index)).collect(),
            by_path: parts.map(|(index, part)| (part.path.to_lowercase(), index)).collect(),
            owners: OnceCell::new(),
            undeclared: OnceCell::new(),
            declared: OnceCell::new(),
            root_offsets: OnceCell::new(),
        }
    }

    /// Returns the package.
    pub fn package(&self) -> &'a Package {
        self.package
    }

    /// Returns how large the file is that the package came in; of a folder, how large its files are together.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns what `solution.xml` says.
    pub fn manifest(&self) -> &'a Manifest {
        &self.package.manifest
    }

    /// Returns the publisher's prefix in lower case, with the underscore; `None` where it has none.
    pub fn prefix(&self) -> Option<String> {
        let prefix = self.manifest().publisher.prefix.trim().to_lowercase();
        (!prefix.is_empty()).then(|| format!("{prefix}_"))
    }

    /// Returns the other packages that are checked in the same run.
    pub fn others(&self) -> &'a [&'a Package] {
        self.others
    }

    /// Returns what `--against` names.
    pub fn against(&self) -> Option<&'a Against<'a>> {
        self.against
    }

    /// Returns every component, in key order.
    pub fn components(&self) -> impl Iterator<Item = Component<'_>> {
        (0..self.package.components.len()).map(|index| Component { context: self, index })
    }

    /// Returns the components of a type, by the type's lower-case name.
    pub fn of_type(&self, name: &str) -> impl Iterator<Item = Component<'_>> {
        let component_type = ComponentType::named(name);
        // Components are in the order of their types.
        let all = &self.package.components;
        let start = all.partition_point(|component| component.key.component_type < component_type);
        let end = start + all[start..].partition_point(|component| component.key.component_type == component_type);
        (start..end).map(|index| Component { context: self, index })
    }

    /// Finds a component by its key.
    pub fn find(&self, key: &ComponentKey) -> Option<Component<'_>> {
        self.by_key.get(key).map(|index| Component { context: self, index: *index })
    }

    /// Finds a component by type and name.
    pub fn find_named(&self, component_type: &str, name: &str) -> Option<Component<'_>> {
        self.find(&ComponentKey::new(ComponentType::named(component_type), name))
    }

    /// Returns every file that came with the package, in its order.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        (0..self.package.parts.len()).map(|index| File { context: self, index }).filter(|file| !file.is_made())
    }

    /// Returns the file that is a part of the package; `None` for parts that the reader made itself.
    pub(crate) fn file_at(&self, part: usize) -> Option<File<'_>> {
        Some(File { context: self, index: part }).filter(|file| part < self.package.parts.len() && !file.is_made())
    }

    /// Finds a file by path, without regard to case; a leading `/` is dropped.
    pub fn file(&self, path: &str) -> Option<File<'_>> {
        let path = path.trim().trim_start_matches('/').replace('\\', "/").to_lowercase();
        self.by_path.get(&path).map(|index| File { context: self, index: *index })
    }

    /// Returns the component whose definition or file holds a place.
    pub fn owner(&self, place: Place) -> Option<Component<'_>> {
        let of_part = self.owners.get_or_init(|| self.find_owners()).get(&place.part)?;
        let after = of_part.partition_point(|(start, ..)| *start <= place.offset);
        let (_, end, index) = of_part.get(after.checked_sub(1)?)?;
        (place.offset < *end).then_some(Component { context: self, index: *index })
    }

    fn find_owners(&self) -> Owners {
        let mut owners = Owners::new();
        for (index, component) in self.package.components.iter().enumerate() {
            for slice in &component.definition.slices {
                owners.entry(slice.part).or_default().push((slice.range.start, slice.range.end, index));
            }
            for file in &component.definition.files {
                owners.entry(*file).or_default().push((0, usize::MAX, index));
            }
        }
        owners.values_mut().for_each(|ranges| ranges.sort_unstable());
        owners
    }

    /// Returns what definitions name and neither the package nor its declarations nor the system layer has, without what
    /// stands where leftovers stand.
    pub fn undeclared(&self) -> &[Need] {
        self.undeclared.get_or_init(|| {
            let mut needs = needs::undeclared(self.package, &needs::Nothing, &Rules::OURS);
            needs.retain(|need| !need.is_weak);
            needs
        })
    }

    pub(crate) fn declared(&self) -> &Declared {
        self.declared.get_or_init(|| Declared::of(self.manifest()))
    }

    /// Returns the manifest's file, `solution.xml`.
    pub fn manifest_file(&self) -> Option<File<'_>> {
        let slice = self.package.residue.slices.first()?;
        (slice.part < self.package.parts.len()).then_some(File { context: self, index: slice.part })
    }

    /// Returns the `SolutionManifest` element.
    pub fn manifest_element(&self) -> Option<Element<'_>> {
        self.manifest_file()?.tree()?.child("SolutionManifest")
    }

    /// Returns where a root stands in the manifest, by its position in it.
    pub(crate) fn root_offset(&self, root: usize) -> Option<usize> {
        let find = || {
            let roots = self.manifest_element().and_then(|manifest| manifest.child("RootComponents"));
            let has_type = |root: &Element<'_>| root.name() == "RootComponent" && root.attribute("type").is_some();
            roots.into_iter().flat_map(Element::elements).filter(has_type).map(Element::offset).collect()
        };
        self.root_offsets.get_or_init(find).get(root).copied()
    }

    /// Names a component that is not in the package.
    pub fn reference(&self, key: &ComponentKey, name: &str) -> ComponentRef {
        ComponentRef::new(no_environment(), key, name, None, None)
    }
}

/// A component of the package.
#[derive(Debug, Clone, Copy)]
pub struct Component<'c> {
    context: &'c Context<'c>,
    index: usize,
}

impl Deref for Component<'_> {
    type Target = PackagedComponent;

    fn deref(&self) -> &PackagedComponent {
        &self.context.package.components[self.index]
    }
}

impl<'c> Component<'c> {
    /// Returns the component as the package has it, for as long as the package lives.
    pub fn packaged(self) -> &'c PackagedComponent {
        &self.context.package.components[self.index]
    }

    /// Returns the bytes of the definition.
    pub fn bytes(self) -> &'c [u8] {
        let package = self.context.package;
        match self.packaged().definition.slices.as_slice() {
            [] => &[],
            [one] => package.parts[one.part].bytes.get(one.range.clone()).unwrap_or_default(),
            _ => {
                let join = || package.bytes(&self.packaged().definition).into_owned();
                self.context.joined[self.index].get_or_init(join)
            }
        }
    }

    /// Returns the outermost element of the definition; `None` for those that are no XML.
    pub fn tree(self) -> Option<Element<'c>> {
        let tree = self.context.trees[self.index].get_or_init(|| Tree::parse(self.bytes()));
        tree.as_ref().map(|tree| tree.root(self.bytes()))
    }

    /// Returns the definition as JSON, for those that are a JSON file.
    pub fn json(self) -> Option<&'c Value> {
        match self.packaged().definition.slices.as_slice() {
            [one] => File { context: self.context, index: one.part }.json(),
            _ => None,
        }
    }

    /// Returns where the definition begins.
    pub fn place(self) -> Option<Place> {
        self.place_at(0)
    }

    /// Returns the place of an offset in the definition's bytes.
    pub fn place_at(self, offset: usize) -> Option<Place> {
        let mut left = offset;
        for slice in &self.packaged().definition.slices {
            if left < slice.range.len() {
                return Some(Place { part: slice.part, offset: slice.range.start + left });
            }
            left -= slice.range.len();
        }
        None
    }

    /// Returns the place of an element of the definition.
    pub fn place_of(self, element: Element<'_>) -> Option<Place> {
        self.place_at(element.offset())
    }

    /// Returns the member files, in path order.
    pub fn files(self) -> impl Iterator<Item = File<'c>> {
        let context = self.context;
        self.packaged().definition.files.iter().map(move |index| File { context, index: *index })
    }

    /// Returns the file that the definition is, for rows.
    pub fn own_file(self) -> Option<File<'c>> {
        let slice = self.packaged().definition.slices.first()?;
        Some(File { context: self.context, index: slice.part })
    }

    /// Returns the component as answers name it.
    pub fn reference(self) -> ComponentRef {
        let display = self.display_name.as_deref();
        ComponentRef::new(no_environment(), &self.key, &self.name, self.id, display)
    }

    /// Names the component in a message: its type's label and the name that people know.
    pub fn label(self) -> String {
        let label = self.key.component_type.label();
        match &self.display_name {
            Some(display) if self.key.guid().is_some() => format!("{label} “{display}”"),
            _ => format!("{label} {}", self.name),
        }
    }

    /// Returns the component that this one is a part of, where the package has it.
    pub fn parent_component(self) -> Option<Component<'c>> {
        let parent = self.packaged().parent.clone().or_else(|| self.packaged().key.parent())?;
        self.context.find(&parent)
    }
}

/// A file of the package.
#[derive(Debug, Clone, Copy)]
pub struct File<'c> {
    context: &'c Context<'c>,
    index: usize,
}

impl<'c> File<'c> {
    /// Returns the path that the file has in a zip.
    pub fn path(self) -> &'c str {
        &self.context.package.parts[self.index].path
    }

    /// Returns the content.
    pub fn bytes(self) -> &'c [u8] {
        &self.context.package.parts[self.index].bytes
    }

    /// Returns the content as text, without a byte order mark; `None` where it is not UTF-8.
    pub fn text(self) -> Option<&'c str> {
        let bytes = self.bytes();
        std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()
    }

    /// Returns the place of an offset.
    pub fn place(self, offset: usize) -> Place {
        Place { part: self.index, offset }
    }

    /// Returns the outermost element; `None` where the file is no XML.
    pub fn tree(self) -> Option<Element<'c>> {
        let tree = self.context.part_trees[self.index].get_or_init(|| Tree::parse(self.bytes()));
        tree.as_ref().map(|tree| tree.root(self.bytes()))
    }

    /// Returns the content as JSON; `None` where it is none.
    pub fn json(self) -> Option<&'c Value> {
        let read = || serde_json::from_str(self.text()?).ok();
        self.context.part_json[self.index].get_or_init(read).as_ref()
    }

    /// Returns where the value of a JSON pointer stands; the beginning where it is not found.
    pub fn place_in_json(self, pointer: &str) -> Place {
        let offsets = self.context.part_offsets[self.index].get_or_init(|| json::offsets(self.bytes()));
        self.place(offsets.get(pointer).copied().unwrap_or(0))
    }

    /// Tells whether the reader made this part itself.
    fn is_made(self) -> bool {
        self.path().contains('#')
    }
}
