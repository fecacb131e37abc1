//! From scanned items and row files to the components of a package: who each one is and which files it has.

use std::collections::BTreeMap;
use std::ops::Range;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::{Digest, Guid};
use strata_model::package::{Definition, PackageNote, PackagedComponent, Part, Presence, Slice};
use strata_xml::{Element, Node};

use crate::ReadPackageError;
use crate::customizations_xml::Scan;
use crate::item::Item;

/// Stands in for a digest that is still to be computed.
pub(crate) const UNHASHED: Digest = Digest([0; 32]);

/// Components and who owns which part.
pub(crate) struct Inventory {
    pub(crate) parts: Vec<Part>,
    pub(crate) components: Vec<PackagedComponent>,
    pub(crate) notes: Vec<PackageNote>,
    /// Ranges of parts that components own: part, range.
    pub(crate) claimed: Vec<(usize, Range<usize>)>,
    owned: Vec<bool>,
    by_path: BTreeMap<String, usize>,
}

/// What the place of a file says about the components in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// The table whose folder the file stands in.
    pub(crate) table: Option<String>,
    pub(crate) home: Option<String>,
    /// Files that belong to the component in any case.
    pub(crate) files: Vec<usize>,
}

impl Inventory {
    /// Starts with every file of the package; their digests are filled in later.
    pub(crate) fn new(files: Vec<(String, Vec<u8>)>, notes: Vec<PackageNote>) -> Self {
        let by_path = files.iter().enumerate().map(|(index, (path, _))| (path.to_lowercase(), index)).collect();
        let owned = vec![false; files.len()];
        let parts = files
            .into_iter()
            .map(|(path, bytes)| Part { path, source: None, pieces: Vec::new(), bytes, digest: UNHASHED })
            .collect();
        Self { parts, components: Vec::new(), notes, claimed: Vec::new(), owned, by_path }
    }

    /// Finds a part by path, without regard to case; a leading `/` is dropped.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(&path.trim().trim_start_matches('/').replace('\\', "/").to_lowercase()).copied()
    }

    /// Notes where the files stand in the folder, when the tree is not at its root.
    pub(crate) fn say_sources(&mut self, prefix: &str) {
        for part in self.parts.iter_mut().filter(|_| !prefix.is_empty()) {
            part.source = Some(format!("{prefix}{}", part.path));
        }
    }

    /// Gives a part another path.
    pub(crate) fn rename(&mut self, part: usize, path: String) {
        let old = std::mem::replace(&mut self.parts[part].path, path.clone());
        self.by_path.remove(&old.to_lowercase());
        self.by_path.insert(path.to_lowercase(), part);
        self.parts[part].source.get_or_insert(old);
    }

    pub(crate) fn own(&mut self, part: usize) {
        self.owned[part] = true;
    }

    pub(crate) fn is_owned(&self, part: usize) -> bool {
        self.owned[part]
    }

    pub(crate) fn note(&mut self, part: &str, message: impl Into<String>) {
        self.notes.push(PackageNote { part: part.to_owned(), message: message.into() });
    }

    /// Adds the components that a scan found in a part.
    pub(crate) fn add_scan(&mut self, part: usize, scan: Scan, around: &Surroundings) {
        // Only tables and assemblies have components inside.
        let mut parents: BTreeMap<usize, (ComponentKey, String)> = BTreeMap::new();
        self.components.reserve(scan.items.len());
        for (index, item) in scan.items.iter().enumerate() {
            if item.type_name == "ribboncustomization" && !self.has_ribbon(part, item) {
                continue;
            }
            let parent = item.parent.and_then(|parent| parents.get(&parent));
            let table = parent.map(|(_, name)| name.as_str()).or(around.table.as_deref());
            let component_type = ComponentType::named(&item.type_name);
            let (name, id) = identify(item, table);
            let key = ComponentKey::new(component_type, &name);
            let parent_key = parent.map(|(key, _)| key.clone()).or_else(|| {
                around.table.as_ref().map(|table| ComponentKey::new(ComponentType::named("entity"), table))
            });
            if matches!(&*item.type_name, "entity" | "pluginassembly") {
                parents.insert(index, (key.clone(), name.clone()));
            }
            self.add_item(part, item, key, name, id, parent_key, around);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "everything that was found out about one component")]
    fn add_item(
        &mut self,
        part: usize,
        item: &Item,
        key: ComponentKey,
        name: String,
        id: Option<Guid>,
        parent: Option<ComponentKey>,
        around: &Surroundings,
    ) {
        let slices = item.slices();
        let presence = self.presence(part, item);
        let mut files = self.files_of(part, item, &name);
        // Documents stand in folders named after the one component that they belong to.
        let documents = around.files.iter().copied();
        files.extend(documents.filter(|file| self.parts[*file].path.to_lowercase().contains(key.as_str())));
        files.sort_by(|left, right| self.parts[*left].path.cmp(&self.parts[*right].path));
        files.dedup();
        // What is there for reference makes no layer: the skeleton keeps it. Of a table it keeps the element, so that what
        // stands in it keeps its place.
        if presence != Presence::Reference {
            files.iter().for_each(|file| self.owned[*file] = true);
            match &item.kept_out {
                Some(range) => self.claimed.push((part, range.clone())),
                None if item.type_name == "entity" => {}
                None => self.claimed.push((part, item.range.clone())),
            }
        }
        // The scan's own digest holds while nothing was added to the piece.
        let digest = item.digest.filter(|_| files.is_empty() && around.home.is_none() && item.cuts.is_empty());
        self.components.push(PackagedComponent {
            display_name: display_name(item),
            category: item.text("Category").and_then(|text| text.parse().ok()),
            key,
            name,
            id,
            parent,
            presence,
            definition: Definition {
                slices: slices.into_iter().map(|range| Slice { part, range }).collect(),
                home: around.home.clone().or_else(|| item.home.clone()),
                files,
            },
            digest: digest.unwrap_or(UNHASHED),
        });
    }

    fn presence(&self, part: usize, item: &Item) -> Presence {
        let is_shell = item.type_name == "entity" && (item.kept_out.is_none() || !item.has_own_content);
        if item.unmodified || is_shell {
            return Presence::Reference;
        }
        let may_differ = matches!(&*item.type_name, "systemform" | "sitemap" | "appmodule");
        let bytes = &self.parts[part].bytes[item.range.clone()];
        if may_differ && contains(bytes, b"solutionaction=") { Presence::Diff } else { Presence::Full }
    }

    /// An empty skeleton of a ribbon is written for every table; it is no component.
    fn has_ribbon(&self, part: usize, item: &Item) -> bool {
        const SIGNS: [&[u8]; 8] = [
            b"<CustomAction ",
            b"<HideCustomAction ",
            b"<CommandDefinition ",
            b"<TabDisplayRule ",
            b"<DisplayRule ",
            b"<EnableRule ",
            b"<LocLabel ",
            b"<RibbonTemplate ",
        ];
        let bytes = &self.parts[part].bytes[item.range.clone()];
        SIGNS.iter().any(|sign| contains(bytes, sign))
    }

    /// Returns the member files that a definition names.
    fn files_of(&mut self, part: usize, item: &Item, name: &str) -> Vec<usize> {
        let mut named: Vec<String> = match &*item.type_name {
            "attribute" => item.text("FormulaDefinitionFileName").map(str::to_owned).into_iter().collect(),
            "workflow" => {
                let texts = [item.text("JsonFileName"), item.text("XamlFileName")];
                texts.into_iter().flatten().map(str::to_owned).collect()
            }
            "entity"
            | "systemform"
            | "savedquery"
            | "entityrelationship"
            | "optionset"
            | "role"
            | "connectionreference" => return Vec::new(),
            _ => {
                let bytes = &self.parts[part].bytes[item.range.clone()];
                strata_xml::parse(bytes).map(|tree| paths_in(&tree)).unwrap_or_default()
            }
        };
        named.retain(|path| path.contains('/') || path.contains('.'));
        let mut files = Vec::new();
        for path in named {
            match self.find(&path) {
                Some(file) => files.push(file),
                None if path.starts_with('/') && !item.unmodified => {
                    self.note(&path, format!("named by {} {name}, but not in the package", item.type_name));
                }
                None => {}
            }
        }
        if item.type_name == "customcontrol" {
            let folder = format!("controls/{}/", name.to_lowercase());
            let below = self.by_path.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder));
            files.extend(below.map(|(_, index)| *index).filter(|index| *index != part));
        }
        files
    }

    /// Orders components by key and makes keys unique: two definitions of one component are an error unless they
    /// are the same.
    pub(crate) fn settle(&mut self) -> Result<(), ReadPackageError> {
        self.components.sort_by(|left, right| left.key.cmp(&right.key));
        for pair in self.components.windows(2) {
            let [first, second] = pair else { continue };
            if first.key != second.key || first.digest == second.digest {
                continue;
            }
            let label = second.key.component_type.label();
            let message = format!("two definitions of {label} {}", second.name);
            let error = ReadPackageError::new(ErrorCode::DUPLICATE_CUSTOM_COMPONENT_INSTANCE, message);
            let Some(slice) = second.definition.slices.first() else { return Err(error) };
            let part = &self.parts[slice.part];
            return Err(error.in_part(&part.path).at(&part.bytes, slice.range.start));
        }
        let mut doubles = Vec::new();
        self.components.dedup_by(|second, first| {
            let is_double = second.key == first.key;
            if is_double {
                doubles.push(format!("{} stands twice, identical", second.key));
            }
            is_double
        });
        for message in doubles {
            self.note("customizations.xml", message);
        }
        Ok(())
    }
}

/// Returns the texts of leaves that look like a path inside the package.
fn paths_in(element: &Element) -> Vec<String> {
    let mut paths = Vec::new();
    collect_paths(element, &mut paths);
    paths
}

fn collect_paths(element: &Element, paths: &mut Vec<String>) {
    for node in &element.children {
        match node {
            Node::Element(child) => collect_paths(child, paths),
            Node::Text(text) if text.starts_with('/') && text.len() < 400 => paths.push(text.trim().to_owned()),
            Node::Text(_) | Node::Comment(_) => {}
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Returns the key and the name of a component that stands in a document; parts of tables need their table's name.
pub(crate) fn key_of(item: &Item, table: Option<&str>) -> (ComponentKey, String) {
    let (name, _) = identify(item, table);
    (ComponentKey::new(ComponentType::named(&item.type_name), &name), name)
}

/// Returns what a component is called and the id that travels with it.
pub(crate) fn identify(item: &Item, table: Option<&str>) -> (String, Option<Guid>) {
    let attribute = |name: &str| item.attribute(name).map(str::to_owned);
    let text = |name: &str| item.text(name).map(str::to_owned);
    let in_table = |column: Option<String>| Some(format!("{}.{}", table?, column?));
    let (name, id) = match &*item.type_name {
        "entity" => (text("Name").or_else(|| attribute("entity@Name")), None),
        "attribute" => {
            let column = text("LogicalName").or_else(|| text("Name")).or_else(|| attribute("PhysicalName"));
            (in_table(column), None)
        }
        "entitykey" => (in_table(text("LogicalName").or_else(|| text("Name")).or_else(|| attribute("Name"))), None),
        "systemform" => (text("formid").or_else(|| text("FormId")), None),
        "savedquery" => (text("savedqueryid"), None),
        "savedqueryvisualization" => (text("savedqueryvisualizationid"), None),
        "ribboncustomization" => (Some(table.unwrap_or("application").to_owned()), None),
        "customcontroldefaultconfig" => {
            let name = table.unwrap_or("table");
            (Some(if item.ordinal > 1 { format!("{name}#{}", item.ordinal) } else { name.to_owned() }), None)
        }
        "role" => (attribute("id"), None),
        "workflow" => (attribute("WorkflowId"), None),
        "fieldsecurityprofile" => (attribute("fieldsecurityprofileid"), None),
        "connectionrole" => (text("connectionroleid"), None),
        "connectionroleassociation" => {
            let ends = text("connectionroleid").zip(text("associatedconnectionroleid"));
            (ends.map(|(from, to)| format!("{from}~{to}")), None)
        }
        "report" => (text("reportid"), None),
        "reportsignatureidmapping" => {
            let language = attribute("signaturelcid").unwrap_or_default();
            (attribute("reportid").map(|report| format!("{report}~{language}")), None)
        }
        "template" | "contracttemplate" | "kbarticletemplate" | "mailmergetemplate" => (text("templateid"), None),
        "webresource" => (text("Name"), text("WebResourceId")),
        "pluginassembly" => (attribute("FullName"), attribute("PluginAssemblyId")),
        "plugintype" => (attribute("AssemblyQualifiedName").or_else(|| attribute("Name")), attribute("PluginTypeId")),
        "sdkmessageprocessingstep" => (attribute("SdkMessageProcessingStepId"), None),
        "sitemap" => (Some(text("SiteMapUniqueName").unwrap_or_else(|| "sitemap".to_owned())), None),
        "appmodule" => (text("UniqueName"), None),
        "optionset" | "entityrelationship" => (attribute("Name"), None),
        "entitymap" => {
            let source = text("EntitySource");
            (source.zip(text("EntityTarget")).map(|(source, target)| format!("{source}.{target}")), None)
        }
        "entityimageconfig" => (text("parententitylogicalname"), None),
        "attributeimageconfig" => {
            let table = text("parententitylogicalname");
            (table.zip(text("attributelogicalname")).map(|(table, column)| format!("{table}.{column}")), None)
        }
        "connector" => (text("name"), text("connectorid")),
        "connectionreference" => (attribute("connectionreferencelogicalname"), None),
        "aimodel" => (text("msdyn_aimodelid"), None),
        "workqueue" => (attribute("workqueueid"), None),
        "customcontrol" | "canvasapp" => (text("Name"), None),
        _ => (generic_name(item), None),
    };
    let name = name.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| {
        let container = item.home.as_deref().unwrap_or(&item.type_name);
        format!("{container}#{}", item.ordinal)
    });
    (name, id.as_deref().and_then(Guid::parse))
}

/// The identity of an item of a section that nobody knows: an id, else a name.
fn generic_name(item: &Item) -> Option<String> {
    let is_id = |name: &str, value: &str| name.to_lowercase().ends_with("id") && Guid::parse(value).is_some();
    let by_id = item.attributes.iter().find(|(name, value)| is_id(name, value)).map(|(_, value)| value.clone());
    let by_attribute =
        || ["UniqueName", "SchemaName", "Name", "id"].iter().find_map(|name| item.attribute(name)).map(str::to_owned);
    let by_text = || {
        let names = ["UniqueName", "uniquename", "schemaname", "LogicalName", "Name", "name", "id"];
        names.iter().find_map(|name| item.text(name)).map(str::to_owned)
    };
    by_id.or_else(by_attribute).or_else(by_text)
}

fn display_name(item: &Item) -> Option<String> {
    let by_attribute = match &*item.type_name {
        "role" | "fieldsecurityprofile" => item.attribute("name"),
        "workflow" | "sdkmessageprocessingstep" | "routingrule" | "sla" => item.attribute("Name"),
        "optionset" => item.attribute("localizedName"),
        "pluginassembly" | "plugintype" => item.attribute("Name"),
        _ => None,
    };
    let by_text = || {
        let names =
            ["DisplayName", "displayname", "connectionreferencedisplayname", "msdyn_name", "title", "name", "Name"];
        match &*item.type_name {
            "entity" | "attribute" | "entitykey" => None,
            _ => names.iter().find_map(|name| item.text(name)),
        }
    };
    let own = item.label.as_deref().or(by_attribute).or_else(by_text);
    own.map(str::to_owned)
}
