//! Puts the readers together: container → parts → inventory → package.

use std::ops::Range;
use std::sync::mpsc;
use std::thread;

use strata_model::id::Digest;
use strata_model::package::{Container, Definition, Manifest, Mode, Package, PackageNote, Part, Slice};

use crate::assemble::AssembleError;
use crate::customizations_xml::{Finished, Root, Scan, check_utf8, scan};
use crate::folder::{self, Holds};
use crate::inventory::{Inventory, Surroundings, UNHASHED};
use crate::item::subtract;
use crate::yaml::{self, Detected};
use crate::{Limits, ReadPackageError, container, rows, solution_xml, tree_skeleton};

/// Reads a package from the bytes of a zip or a cabinet.
pub fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Package, ReadPackageError> {
    let (container, files) = if bytes.starts_with(b"PK") {
        (Container::Zip, container::open_zip(&bytes, limits)?)
    } else if bytes.starts_with(b"MSCF") {
        (Container::Cab, container::open_cab(&bytes, limits)?)
    } else {
        return Err(not_a_container(&bytes));
    };
    let digest = Digest::of(&bytes);
    drop(bytes);
    let unverified = files.unverified;
    let found =
        |name: &str| files.files.iter().map(|(path, _)| path).find(|path| path.eq_ignore_ascii_case(name)).cloned();
    let (Some(manifest), Some(customizations), Some(_)) =
        (found("solution.xml"), found("customizations.xml"), found("[Content_Types].xml"))
    else {
        return Err(missing_root_file(&files.files));
    };
    let inventory = Inventory::new(files.files, files.notes);
    let reading = Reading { inventory, limits, container, digest };
    reading.zip(&manifest, &customizations, unverified)
}

/// Returns one file of a zip; `None` where there is none that can be read.
pub fn peek_file(bytes: &[u8], name: &str, limits: &Limits) -> Option<Vec<u8>> {
    container::peek(bytes, name, limits)
}

/// Returns the unique name that a zip's manifest bears, without reading the rest; `None` where that is not plain, which
/// is for [`read`] to say.
pub fn peek_name(bytes: &[u8], limits: &Limits) -> Option<String> {
    let manifest = container::peek(bytes, "solution.xml", limits)?;
    read_manifest(&manifest).ok().map(|manifest| manifest.unique_name)
}

/// Reads a package from the files of an unpacked folder: paths below it with `/`, and contents.
pub fn read_parts(parts: Vec<(String, Vec<u8>)>, limits: &Limits) -> Result<Package, ReadPackageError> {
    read_tree(parts, None, limits)
}

/// Reads one solution of an unpacked folder; only a folder in the YAML layout may hold several.
pub fn read_tree(
    parts: Vec<(String, Vec<u8>)>,
    solution: Option<&str>,
    limits: &Limits,
) -> Result<Package, ReadPackageError> {
    let has = |wanted: &str| parts.iter().any(|(path, _)| path.eq_ignore_ascii_case(wanted));
    let is_xml = has("Other/Solution.xml") || has("src/Other/Solution.xml");
    match yaml::detect(parts.iter().map(|(path, _)| path.as_str())) {
        Detected::Yaml { .. } => read_yaml(&parts, solution, is_xml, limits),
        Detected::Misplaced(message) if !is_xml => Err(ReadPackageError::not_a_package(message)),
        Detected::Misplaced(_) | Detected::No => read_xml(parts, limits),
    }
}

/// Packs a tree in the YAML layout and reads that; what is said of it names the tree's files.
fn read_yaml(
    parts: &[(String, Vec<u8>)],
    solution: Option<&str>,
    is_xml_too: bool,
    limits: &Limits,
) -> Result<Package, ReadPackageError> {
    let options = yaml::PackOptions { solution: solution.map(str::to_owned), managed: None };
    let mut packed = yaml::pack(parts, &options, limits)?;
    packed.refuse_missing_components()?;
    let note = |part: &str, message: &str| PackageNote { part: part.to_owned(), message: message.to_owned() };
    let mut notes: Vec<_> = packed.missing.iter().map(|missing| note(&missing.file, &missing.message)).collect();
    notes.append(&mut packed.notes);
    if is_xml_too {
        notes.push(note("Other/Solution.xml", "the folder is in both layouts; the XML half is ignored"));
    }
    let files = std::mem::take(&mut packed.files);
    let digest = digest_of(&files);
    let mut inventory = Inventory::new(files, notes);
    for part in &mut inventory.parts {
        part.source = packed.members.get(&part.path).cloned();
        if part.path == "customizations.xml" {
            part.pieces.clone_from(&packed.sources);
        }
    }
    let reading = Reading { inventory, limits, container: Container::Folder, digest };
    reading.zip("solution.xml", "customizations.xml", None).map_err(|error| {
        // The document went into the reading; for an error it is made once more.
        let again = yaml::pack(parts, &options, limits).unwrap_or_default();
        blame(error, &again)
    })
}

/// An error in a document that was put together belongs to the file that the place came from.
fn blame(error: ReadPackageError, packed: &yaml::Packed) -> ReadPackageError {
    let source = match error.part.as_deref() {
        Some("customizations.xml") => error.line.and_then(|line| packed.source_of_line(line)),
        Some("solution.xml") => Some(packed.manifest.as_str()),
        Some(path) => packed.members.get(path).map(String::as_str),
        None => None,
    };
    let Some(source) = source.map(str::to_owned) else { return error };
    let is_document = error.part.as_deref().is_some_and(|path| !packed.members.contains_key(path));
    let error = error.in_part(&source);
    if is_document { error.at_line(1, 1) } else { error }
}

fn digest_of(files: &[(String, Vec<u8>)]) -> Digest {
    let mut hash = Vec::new();
    for (path, bytes) in files {
        hash.extend(path.as_bytes());
        hash.push(0);
        hash.extend(Digest::of(bytes).0);
    }
    Digest::of(&hash)
}

/// Reads a tree in the XML layout.
fn read_xml(parts: Vec<(String, Vec<u8>)>, limits: &Limits) -> Result<Package, ReadPackageError> {
    let mut named = Vec::with_capacity(parts.len());
    for (path, bytes) in parts {
        named.push((container::part_name(&path, limits)?, bytes));
    }
    let tree = folder::find(container::unique(named)?.files)?;
    let manifest_bytes = tree.files.iter().find(|(path, _)| *path == tree.manifest).map(|(_, bytes)| bytes.as_slice());
    let manifest = solution_xml::read(&tree.manifest, manifest_bytes.unwrap_or_default())?;
    let files = folder::choose_variants(tree.files, manifest.mode == Mode::Managed);
    let digest = digest_of(&files);
    let mut inventory = Inventory::new(files, Vec::new());
    inventory.say_sources(tree.prefix);
    let reading = Reading { inventory, limits, container: Container::Folder, digest };
    reading.folder(manifest, &tree.manifest, &tree.customizations)
}

/// Returns the files of a zip or a cabinet, checked to be safe but not read.
pub fn read_files(bytes: &[u8], limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, ReadPackageError> {
    let files = match bytes {
        [b'P', b'K', ..] => container::open_zip(bytes, limits)?,
        [b'M', b'S', b'C', b'F', ..] => container::open_cab(bytes, limits)?,
        _ => return Err(not_a_container(bytes)),
    };
    if let Some((index, crc)) = files.unverified
        && libdeflater::crc32(&files.files[index].1) != crc
    {
        return Err(container::checksum_differs(&files.files[index].0));
    }
    let has = |name: &str| files.files.iter().any(|(path, _)| path.eq_ignore_ascii_case(name));
    if !["solution.xml", "customizations.xml", "[Content_Types].xml"].into_iter().all(has) {
        return Err(missing_root_file(&files.files));
    }
    Ok(files.files)
}

/// Reads a manifest that stands at the beginning of some bytes, as the residue of an installed solution does.
pub fn read_manifest(bytes: &[u8]) -> Result<Manifest, ReadPackageError> {
    solution_xml::read("solution.xml", bytes)
}

fn not_a_container(bytes: &[u8]) -> ReadPackageError {
    let what = match bytes {
        [] => "the file is empty",
        [b'<', ..] | [0xef, 0xbb, 0xbf, b'<', ..] => "the file is XML",
        [0x1f, 0x8b, ..] => "the file is a gzip archive",
        [b'7', b'z', 0xbc, 0xaf, ..] => "the file is a 7z archive",
        [b'R', b'a', b'r', b'!', ..] => "the file is a RAR archive",
        [b'M', b'Z', ..] => "the file is a program",
        _ => "the file is neither a zip nor a cabinet",
    };
    ReadPackageError::not_a_package(format!("{what}, not a solution package"))
        .hint("a solution package is a .zip, a .cab, or an unpacked folder")
}

/// Says which root file is missing and what the file seems to be instead (L58).
fn missing_root_file(files: &[(String, Vec<u8>)]) -> ReadPackageError {
    let has = |name: &str| files.iter().any(|(path, _)| path.eq_ignore_ascii_case(name));
    let ends = |suffix: &str| files.iter().any(|(path, _)| path.to_lowercase().ends_with(suffix));
    let missing: Vec<_> =
        ["solution.xml", "customizations.xml", "[Content_Types].xml"].into_iter().filter(|name| !has(name)).collect();
    let error = ReadPackageError::not_a_package(format!(
        "the solution file is invalid: solution.xml, customizations.xml and [Content_Types].xml must be at its root, \
         and it lacks {}",
        missing.join(" and ")
    ));
    if ends("other/solution.xml") {
        return error.hint("it seems to be a zipped source tree: unzip it and give the folder");
    }
    let wrapped = files.iter().find_map(|(path, _)| {
        let folder = path.len().checked_sub("/solution.xml".len())?;
        path.is_char_boundary(folder)
            .then(|| path.split_at(folder))
            .filter(|(_, name)| name.eq_ignore_ascii_case("/solution.xml"))
    });
    if let Some((folder, _)) = wrapped {
        return error.hint(format!(
            "the package seems to be wrapped in the folder `{folder}`: zip its content, not the folder"
        ));
    }
    if ends("importconfig.xml") || files.iter().any(|(path, _)| path.to_lowercase().contains("pkgfolder/")) {
        return error.hint("it seems to be a Package Deployer bundle: import the solution zips inside it one by one");
    }
    if has("data_schema.xml") {
        return error.hint("it seems to be a data-migration zip (data.xml, data_schema.xml), not a solution");
    }
    if ends(".nuspec") {
        return error.hint("it seems to be a NuGet package");
    }
    if has("Header.json") || has("Properties.json") {
        return error.hint("it seems to be a canvas app (.msapp), not a solution");
    }
    error
}

/// What the second core finds out while the first scans.
struct Beside {
    /// In the order of the parts.
    parts: Vec<Digest>,
    items: Vec<(usize, Digest)>,
    /// A part whose checksum is not the declared one.
    damaged: Option<usize>,
    /// Whether the scanned document is UTF-8.
    text: Result<(), ReadPackageError>,
}

impl Beside {
    fn run(
        parts: &[Part],
        scanned: usize,
        unverified: Option<(usize, u32)>,
        found: &mpsc::Receiver<Vec<Finished>>,
    ) -> Self {
        let damaged = unverified.filter(|(part, crc)| libdeflater::crc32(&parts[*part].bytes) != *crc);
        // The scanned document is hashed component by component; as a whole nobody asks for it.
        let hash_part = |(index, part): (usize, &Part)| {
            if index == scanned { UNHASHED } else { Digest::of(&part.bytes) }
        };
        let digests = parts.iter().enumerate().map(hash_part).collect();
        let Part { path, bytes, .. } = &parts[scanned];
        let text = check_utf8(path, bytes);
        let hash = |finished: Finished| {
            let digest = Digest::of_definition([&bytes[finished.range]], finished.home.as_deref(), []);
            (finished.item, digest)
        };
        let items = found.iter().flatten().map(hash).collect();
        Self { parts: digests, items, damaged: damaged.map(|(part, _)| part), text }
    }
}

struct Reading<'a> {
    inventory: Inventory,
    limits: &'a Limits,
    container: Container,
    digest: Digest,
}

impl Reading<'_> {
    fn zip(
        mut self,
        manifest_path: &str,
        customizations_path: &str,
        unverified: Option<(usize, u32)>,
    ) -> Result<Package, ReadPackageError> {
        let (manifest_part, part) = (self.part(manifest_path), self.part(customizations_path));
        let (limits, parts) = (self.limits, &self.inventory.parts);
        let mut manifest = solution_xml::read(manifest_path, &parts[manifest_part].bytes)?;
        let language = manifest.base_language;
        let (found, beside) = thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let beside = scope.spawn(move || Beside::run(parts, part, unverified, &receiver));
            let bytes = &parts[part].bytes;
            (scan(customizations_path, bytes, Root::Document, language, limits, Some(sender)), beside.join())
        });
        let beside = beside.map_err(|_| ReadPackageError::not_a_package("the package could not be hashed"))?;
        if let Some(damaged) = beside.damaged {
            return Err(container::checksum_differs(&self.inventory.parts[damaged].path));
        }
        beside.text?;
        let mut found = found?;
        for (item, digest) in beside.items {
            found.items[item].digest = Some(digest);
        }
        self.set_part_digests(&beside.parts);
        manifest.languages.clone_from(&found.languages);
        self.inventory.own(part);
        self.inventory.own(manifest_part);
        self.inventory.add_scan(part, found, &Surroundings::default());
        rows::add(&mut self.inventory, &|_| false, limits)?;
        self.finish(manifest, manifest_part, part)
    }

    fn folder(
        mut self,
        mut manifest: Manifest,
        manifest_path: &str,
        customizations_path: &str,
    ) -> Result<Package, ReadPackageError> {
        let (manifest_part, part) = (self.part(manifest_path), self.part(customizations_path));
        self.rename_members();
        let language = manifest.base_language;
        let found = self.scan_part(part, Root::Document, language)?;
        manifest.languages.clone_from(&found.languages);
        self.inventory.own(part);
        self.inventory.own(manifest_part);
        self.inventory.add_scan(part, found, &Surroundings::default());
        let mut held = Vec::new();
        for index in 0..self.inventory.parts.len() {
            match folder::holds(&self.inventory.parts[index].path) {
                Holds::Components { root, table, home } => held.push((index, root, table, home)),
                Holds::Nothing | Holds::Other => {}
            }
        }
        // Tables first: their own spelling names what stands in their folders.
        held.sort_by_key(|(_, root, ..)| *root != Root::Item("entity"));
        for (index, root, table, home) in held {
            let found = self.scan_part(index, root, language)?;
            let files = self.documents_of(index);
            let table = table.map(|table| self.table_name(&table));
            let before = self.inventory.components.len();
            self.inventory.add_scan(index, found, &Surroundings { table, home, files });
            // The empty ribbon of a table is no component and stays in the residue.
            if self.inventory.components.len() > before {
                self.inventory.own(index);
            }
        }
        let is_layout = |path: &str| {
            let top = path.split('/').next().unwrap_or(path).to_lowercase();
            let own = [
                "other",
                "entities",
                "optionsets",
                "roles",
                "dashboards",
                "interactioncentricdashboards",
                "sdkmessageprocessingsteps",
                "connectors",
                "appmodules",
                "appmodulesitemaps",
                "templates",
            ];
            own.contains(&top.as_str())
        };
        rows::add(&mut self.inventory, &is_layout, self.limits)?;
        let digests: Vec<_> = self.inventory.parts.iter().map(|part| Digest::of(&part.bytes)).collect();
        self.set_part_digests(&digests);
        self.finish(manifest, manifest_part, part)
    }

    fn part(&self, path: &str) -> usize {
        self.inventory.find(path).unwrap_or(0)
    }

    fn scan_part(&self, part: usize, root: Root, language: u32) -> Result<Scan, ReadPackageError> {
        let Part { path, bytes, .. } = &self.inventory.parts[part];
        scan(path, bytes, root, language, self.limits, None)
    }

    /// The name of the table in whose folder a part stands, where its `Entity.xml` was read; else the folder's own.
    fn table_name(&self, folder: &str) -> String {
        let path = format!("Entities/{folder}/Entity.xml");
        let is_own = |slice: &Slice| self.inventory.parts[slice.part].path.eq_ignore_ascii_case(&path);
        let own = self.inventory.components.iter().find(|component| {
            component.key.component_type.is("entity") && component.definition.slices.iter().any(is_own)
        });
        own.map_or_else(|| folder.to_owned(), |component| component.name.clone())
    }

    /// Gives member files the paths that they have in a zip.
    fn rename_members(&mut self) {
        let mut renamed: Vec<(usize, String)> = Vec::new();
        for (index, part) in self.inventory.parts.iter().enumerate() {
            if let Some((payload, path)) = folder::payload(&part.path, &part.bytes) {
                match self.inventory.find(&payload) {
                    Some(file) => renamed.push((file, path)),
                    None => renamed.push((usize::MAX, payload)),
                }
            } else if folder::holds(&part.path) == Holds::Other {
                let path = folder::zip_path(&part.path);
                if path != part.path {
                    renamed.push((index, path));
                }
            }
        }
        for (index, path) in renamed {
            if index == usize::MAX {
                self.inventory.note(&path, "described by metadata, but not in the folder");
            } else {
                self.inventory.rename(index, path);
            }
        }
    }

    /// The documents of e-mail templates stand in folders named after the template.
    fn documents_of(&self, index: usize) -> Vec<usize> {
        if !self.inventory.parts[index].path.eq_ignore_ascii_case("Templates/EmailTemplates.xml") {
            return Vec::new();
        }
        let parts = self.inventory.parts.iter().enumerate();
        parts
            .filter(|(_, part)| part.path.to_lowercase().starts_with("templates/emaildocuments/"))
            .map(|(i, _)| i)
            .collect()
    }

    fn set_part_digests(&mut self, digests: &[Digest]) {
        for (part, digest) in self.inventory.parts.iter_mut().zip(digests) {
            part.digest = *digest;
        }
    }

    fn finish(
        mut self,
        manifest: Manifest,
        manifest_part: usize,
        customizations: usize,
    ) -> Result<Package, ReadPackageError> {
        hash_components(&mut self.inventory);
        self.inventory.settle()?;
        let residue = self.residue(manifest_part, customizations)?;
        let parts = &self.inventory.parts;
        let slices = residue.slices.iter().map(|slice| &parts[slice.part].bytes[slice.range.clone()]);
        let files = residue.files.iter().map(|file| (parts[*file].path.as_str(), parts[*file].digest));
        let residue_digest = Digest::of_definition(slices, residue.home.as_deref(), files);
        Ok(Package {
            container: self.container,
            digest: self.digest,
            manifest,
            components: self.inventory.components,
            parts: self.inventory.parts,
            residue,
            residue_digest,
            notes: self.inventory.notes,
        })
    }

    /// What no component owns: the manifest, the document without its components, and stray parts.
    fn residue(&mut self, manifest: usize, customizations: usize) -> Result<Definition, ReadPackageError> {
        let mut claimed: Vec<Range<usize>> = self
            .inventory
            .claimed
            .iter()
            .filter(|(part, _)| *part == customizations)
            .map(|(_, range)| range.clone())
            .collect();
        claimed.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let bytes = &self.inventory.parts[customizations].bytes;
        let mut skeleton = Vec::new();
        for range in subtract(&(0..bytes.len()), &claimed) {
            skeleton.extend(&bytes[range]);
        }
        if self.container == Container::Folder {
            let incomplete = |error: AssembleError| {
                ReadPackageError::not_a_package(error.message).in_part(&self.inventory.parts[customizations].path)
            };
            skeleton = tree_skeleton::complete(&skeleton, &self.inventory).map_err(incomplete)?;
        }
        let mut files: Vec<_> =
            (0..self.inventory.parts.len()).filter(|part| !self.inventory.is_owned(*part)).collect();
        let path = format!("{}#skeleton", self.inventory.parts[customizations].path);
        let digest = Digest::of(&skeleton);
        files.push(self.inventory.parts.len());
        self.inventory.parts.push(Part { path, source: None, pieces: Vec::new(), bytes: skeleton, digest });
        files.sort_by(|left, right| self.inventory.parts[*left].path.cmp(&self.inventory.parts[*right].path));
        let range = 0..self.inventory.parts[manifest].bytes.len();
        let slices = vec![Slice { part: manifest, range }];
        Ok(Definition { slices, home: Some("solution.xml".to_owned()), files })
    }
}

/// Gives a digest to each component that has none yet: those of several pieces, with files, or of folders.
fn hash_components(inventory: &mut Inventory) {
    let parts = &inventory.parts;
    for component in inventory.components.iter_mut().filter(|component| component.digest == UNHASHED) {
        let definition = &component.definition;
        let slices = definition.slices.iter().map(|slice| &parts[slice.part].bytes[slice.range.clone()]);
        let files = definition.files.iter().map(|file| (parts[*file].path.as_str(), parts[*file].digest));
        component.digest = Digest::of_definition(slices, definition.home.as_deref(), files);
    }
}
