//! A flow apart from the schema that it is stored in: its row, its script and its files (DF2, DF7, DF8, DF10).
//!
//! Reading either schema gives the same document, and a document can be stored in either: what is a binary in schema v2
//! is a file of the package in schema v1, under the name by which the script calls it. What nobody here knows of the
//! row and the member file is kept.

use serde_json::{Map, Value, json};
use strata_model::id::Guid;
use strata_xml::Element;

use super::archive::{self, PackedFile};
use super::content::{Content, FILE_VERSION_OF_V1, FILE_VERSION_OF_V2, VERSION_OF_V1, VERSION_OF_V2};
use super::given::Given;

/// The script's name in the package.
const SCRIPT: &str = "script.robin";
/// The type of binaries made of files that no type is known for.
const UNKNOWN: &str = "PackageFile";
const CONNECTOR: &str = "ConnectorDefinition";
const DEPENDENCIES: &str = "DependenciesFile";

/// What every flow of schema v2 has: type, reference, name, content when it is new (corpus).
const STANDARD: [(&str, &str, &str, &str); 4] = [
    (
        "ControlRepository",
        "controlRepo.appmask",
        "Desktop flow ui elements",
        "{\r\n  \"Screens\": [],\r\n  \"Version\": 1\r\n}",
    ),
    (
        "ImageRepository",
        "imageRepo.imgrepo",
        "Desktop flow images",
        "{\r\n  \"Folders\": [],\r\n  \"Images\": [],\r\n  \"Version\": 1\r\n}",
    ),
    (
        "ManifestFile",
        "flow.manifest",
        "Desktop flow manifest file",
        "{\"ModuleReferences\":[],\"ConnectorReferences\":[]}",
    ),
    (DEPENDENCIES, "flow.dependencies", "Desktop flow dependencies file", "{\"EnvironmentVariables\":[]}"),
];

/// A desktop flow.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) tree: Element,
    pub(super) json: Value,
    pub(super) script: String,
    pub(super) files: Vec<FlowFile>,
}

/// What the script uses under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FlowFile {
    pub(super) binary_type: String,
    pub(super) reference: String,
    pub(super) name: String,
    /// Connector definitions may have none.
    pub(super) content: Option<Vec<u8>>,
}

/// Packed files that cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable;

impl Document {
    /// Reads a flow as it is stored; `binaries` are those of schema v2.
    pub(super) fn read(content: &Content, binaries: Vec<FlowFile>) -> Result<Self, Unreadable> {
        let json = content.json.clone().unwrap_or_else(stub);
        let mut document = Self { tree: content.tree.clone(), json, script: script_of(&content.tree), files: binaries };
        if let Some(package) = content.package().filter(|package| !package.is_empty()) {
            document.unpack(package)?;
        }
        Ok(document)
    }

    /// Makes an empty flow.
    pub(super) fn new(id: Guid, name: &str, language: u32) -> Self {
        Self { tree: minimal_row(id, name, language), json: stub(), script: String::new(), files: Vec::new() }
    }

    fn unpack(&mut self, package: &str) -> Result<(), Unreadable> {
        for file in archive::unpack(package).ok_or(Unreadable)? {
            if file.name.eq_ignore_ascii_case(SCRIPT) {
                self.script = archive::text(&file.bytes).ok_or(Unreadable)?;
            } else {
                let file = FlowFile::unpacked(file);
                self.files.retain(|known| !known.answers_as(&file));
                self.files.push(file);
            }
        }
        Ok(())
    }

    /// Takes what a maker saves: a row as it stands in a package, a member file of schema v1, or a script.
    pub(super) fn take(&mut self, given: Given) -> Result<(), Unreadable> {
        match given {
            Given::Row(tree) => {
                let file_name = self.tree.child_text("JsonFileName");
                let id = self.tree.attribute("WorkflowId").map(str::to_owned);
                self.script = script_of(&tree);
                self.tree = *tree;
                if let Some(id) = id {
                    self.tree.set_attribute("WorkflowId", &id);
                }
                if let Some(name) = file_name {
                    self.tree.child_or_new("JsonFileName").set_text(&name);
                }
            }
            Given::File(json) => {
                for (column, key) in [("Inputs", "inputs"), ("Outputs", "outputs")] {
                    if let Some(value) = json.get("properties").and_then(|properties| properties.get(key)) {
                        self.tree.child_or_new(column).set_text(&value.to_string());
                    }
                }
                let package = package_in(&json).map(str::to_owned);
                self.json = json;
                if let Some(package) = package.filter(|package| !package.is_empty()) {
                    self.unpack(&package)?;
                }
            }
            Given::Script(script) => self.script = script,
        }
        Ok(())
    }

    /// Adds what every flow of schema v2 has and this one lacks, and a definition for each connector that it names.
    pub(super) fn complete(&mut self) {
        for (binary_type, reference, name, content) in STANDARD {
            self.add_missing(binary_type, reference, name, Some(content));
        }
        for connector in self.connectors() {
            self.add_missing(CONNECTOR, &connector, "Desktop flow connector definition", None);
        }
    }

    fn add_missing(&mut self, binary_type: &str, reference: &str, name: &str, content: Option<&str>) {
        let file = FlowFile {
            binary_type: binary_type.to_owned(),
            reference: reference.to_owned(),
            name: name.to_owned(),
            content: content.map(|content| content.as_bytes().to_vec()),
        };
        if !self.files.iter().any(|known| known.answers_as(&file)) {
            self.files.push(file);
        }
    }

    /// The connectors of the connections that the script uses.
    fn connectors(&self) -> Vec<String> {
        let references = self.column("ConnectionReferences");
        let ids = references.as_ref().and_then(Value::as_array).into_iter().flatten();
        let id = |reference: &Value| Some(reference.get("api")?.get("name")?.as_str()?.to_owned());
        ids.filter_map(id).collect()
    }

    /// DF8: what schema v1 has no place for, in words.
    pub(super) fn newer_features(&self) -> Vec<&'static str> {
        let dependencies = self.column("Dependencies");
        let in_file =
            |file: &&FlowFile| file.binary_type.eq_ignore_ascii_case(DEPENDENCIES) && !file.is_empty_dependencies();
        let has_variables = has_items(dependencies.as_ref().and_then(|columns| columns.get("environmentVariables")))
            || self.files.iter().any(|file| in_file(&file));
        let has_modules = has_items(self.column("DesktopFlowModules").as_ref());
        [(has_variables, "environment variables"), (has_modules, "modules of their own, as UI element collections are")]
            .into_iter()
            .filter_map(|(has, words)| has.then_some(words))
            .collect()
    }

    /// Stores the flow in schema v2: the row and the member file; the files are binaries with these ids.
    pub(super) fn newer(mut self, binaries: &[Guid]) -> (Element, Value) {
        self.write_script();
        self.tree.child_or_new("SchemaVersion").set_text(VERSION_OF_V2);
        let required = binaries.iter().map(|id| Value::from(id.to_string())).collect();
        self.edit_dependencies(|dependencies| {
            dependencies.insert("requiredBinaries".to_owned(), Value::Array(required));
        });
        set_package(&mut self.json, String::new());
        set_member(&mut self.json, "schemaversion", FILE_VERSION_OF_V2.into());
        (self.tree, self.json)
    }

    /// Stores the flow in schema v1: the row, and the member file with everything packed into it.
    pub(super) fn older(mut self) -> (Element, Value) {
        self.write_script();
        self.tree.child_or_new("SchemaVersion").set_text(VERSION_OF_V1);
        self.edit_dependencies(|dependencies| {
            dependencies.shift_remove("requiredBinaries");
        });
        self.describe_in_file();
        let mut packed = vec![PackedFile { name: SCRIPT.to_owned(), bytes: archive::text_bytes(&self.script) }];
        let mut files = self.files;
        files.sort_by_cached_key(|file| (file.standard_place(), file.binary_type.clone(), file.reference.clone()));
        packed.extend(files.iter().filter(|file| !file.is_empty_dependencies()).map(FlowFile::packed));
        set_package(&mut self.json, archive::pack(&packed));
        set_member(&mut self.json, "schemaversion", FILE_VERSION_OF_V1.into());
        (self.tree, self.json)
    }

    /// The column is a JSON string; one that says the same keeps its spelling.
    fn write_script(&mut self) {
        if self.tree.child("Definition").is_none() || script_of(&self.tree) != self.script {
            let literal = Value::from(self.script.as_str()).to_string();
            self.tree.child_or_new("Definition").set_text(&literal);
        }
    }

    fn edit_dependencies(&mut self, edit: impl FnOnce(&mut Map<String, Value>)) {
        let mut dependencies = match self.column("Dependencies") {
            Some(Value::Object(dependencies)) => dependencies,
            Some(_) | None => {
                Map::from_iter([("childFlows".to_owned(), json!([])), ("workQueues".to_owned(), json!([]))])
            }
        };
        edit(&mut dependencies);
        self.tree.child_or_new("Dependencies").set_text(&Value::Object(dependencies).to_string());
    }

    /// What the member file of schema v1 repeats of the row, where it does not say so yet.
    fn describe_in_file(&mut self) {
        let metadata = self.column("Metadata");
        let dependencies = self.column("Dependencies");
        let of_metadata = |key: &str| metadata.as_ref().and_then(|metadata| metadata.get(key)).cloned();
        let of_dependencies =
            |key: &str| dependencies.as_ref().and_then(|found| found.get(key)).cloned().unwrap_or_else(|| json!([]));
        let name = self.tree.attribute("Name").unwrap_or_default().to_owned();
        let connections = self.column("ConnectionReferences").unwrap_or_else(|| json!([]));
        let (inputs, outputs) = (self.column("Inputs"), self.column("Outputs"));
        if let (Some(version), Value::Object(root)) = (of_metadata("clientversion"), &mut self.json) {
            root.entry("clientversion").or_insert(version);
        }
        let properties = object_in(&mut self.json, "properties");
        for (key, value) in [("inputs", inputs), ("outputs", outputs)] {
            if let Some(value) = value {
                properties.insert(key.to_owned(), value);
            }
        }
        let definition = properties.entry("definition").or_insert_with(|| json!({}));
        let Value::Object(definition) = definition else { return };
        let said = [
            ("connectionReferences", connections),
            ("dependencies", of_dependencies("childFlows")),
            ("workQueueDependencies", of_dependencies("workQueues")),
            ("isvalid", of_metadata("isvalid").unwrap_or(Value::Bool(true))),
            ("name", Value::from(name)),
        ];
        for (key, value) in said {
            definition.entry(key).or_insert(value);
        }
    }

    fn column(&self, name: &str) -> Option<Value> {
        serde_json::from_str(&self.tree.child_text(name)?).ok()
    }
}

impl FlowFile {
    /// DF27: whether two would answer for the same reference.
    pub(super) fn answers_as(&self, other: &Self) -> bool {
        self.binary_type.eq_ignore_ascii_case(&other.binary_type)
            && self.reference.eq_ignore_ascii_case(&other.reference)
    }

    fn standard_place(&self) -> usize {
        let is_this = |(kind, reference, ..): &(&str, &str, &str, &str)| {
            self.binary_type.eq_ignore_ascii_case(kind) && self.reference.eq_ignore_ascii_case(reference)
        };
        STANDARD.iter().position(is_this).unwrap_or(STANDARD.len())
    }

    /// A list of no environment variables says nothing that schema v1 would have to keep.
    fn is_empty_dependencies(&self) -> bool {
        let said = self.content.as_deref().and_then(super::content::json);
        self.binary_type.eq_ignore_ascii_case(DEPENDENCIES)
            && said.is_none_or(|said| !has_items(said.get("EnvironmentVariables")))
    }

    fn unpacked(file: PackedFile) -> Self {
        let PackedFile { name, bytes } = file;
        let content = match archive::text(&bytes) {
            _ if bytes.is_empty() => None,
            Some(text) => Some(text.into_bytes()),
            None => Some(bytes),
        };
        let standard = STANDARD.iter().find(|(_, reference, ..)| reference.eq_ignore_ascii_case(&name));
        let (binary_type, reference, label) = match (standard, name.split_once('/')) {
            (Some((kind, _, label, _)), _) => ((*kind).to_owned(), name, *label),
            (None, Some((kind, rest))) => (kind.to_owned(), unescaped(rest), "Desktop flow file"),
            (None, None) => (UNKNOWN.to_owned(), name, "Desktop flow file"),
        };
        Self { name: label.to_owned(), binary_type, reference, content }
    }

    fn packed(&self) -> PackedFile {
        let name = match self.standard_place() < STANDARD.len() || self.binary_type == UNKNOWN {
            true => self.reference.clone(),
            false => format!("{}/{}", self.binary_type, escaped(&self.reference)),
        };
        let bytes = match self.content.as_deref() {
            Some(content) => match std::str::from_utf8(content) {
                Ok(text) => archive::text_bytes(text),
                Err(_) => content.to_vec(),
            },
            None => Vec::new(),
        };
        PackedFile { name, bytes }
    }
}

fn script_of(tree: &Element) -> String {
    let text = tree.child_text("Definition").unwrap_or_default();
    match serde_json::from_str(&text) {
        Ok(Value::String(script)) => script,
        Ok(_) | Err(_) => text,
    }
}

fn has_items(value: Option<&Value>) -> bool {
    value.and_then(Value::as_array).is_some_and(|items| !items.is_empty())
}

/// The member file of a flow of schema v2.
pub(super) fn stub() -> Value {
    let nothing = json!({ "schema": { "required": null, "properties": {}, "type": "object" } });
    let outputs = json!({ "schema": { "properties": {}, "type": "object" } });
    json!({
        "properties": { "definition": { "package": "" }, "inputs": nothing, "outputs": outputs },
        "schemaversion": FILE_VERSION_OF_V2,
    })
}

pub(super) fn package_in(json: &Value) -> Option<&str> {
    json.get("properties")?.get("definition")?.get("package")?.as_str()
}

pub(super) fn set_package(json: &mut Value, package: String) {
    let definition = object_in(json, "properties").entry("definition").or_insert_with(|| json!({}));
    set_member(definition, "package", package.into());
}

fn set_member(json: &mut Value, key: &str, value: Value) {
    if let Value::Object(object) = json {
        object.insert(key.to_owned(), value);
    }
}

/// Returns the object under a key, made where there is none.
fn object_in<'a>(json: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    if !json.is_object() {
        *json = json!({});
    }
    let root = json.as_object_mut().expect("it was just made an object");
    let inner = root.entry(key).or_insert_with(|| json!({}));
    if !inner.is_object() {
        *inner = json!({});
    }
    inner.as_object_mut().expect("it was just made an object")
}

/// A reference as one segment of a path: connectors have slashes in theirs.
fn escaped(reference: &str) -> String {
    reference.replace('%', "%25").replace('/', "%2F").replace('\\', "%5C")
}

fn unescaped(segment: &str) -> String {
    segment.replace("%5C", "\\").replace("%2F", "/").replace("%25", "%")
}

/// The row of a new flow, in the shape that packages give it.
fn minimal_row(id: Guid, name: &str, language: u32) -> Element {
    let mut row = Element::new("Workflow");
    row.set_attribute("WorkflowId", &format!("{{{id}}}"));
    row.set_attribute("Name", name);
    let texts = [
        ("JsonFileName", format!("/{}", file_path(id, name))),
        ("Type", "1".to_owned()),
        ("Subprocess", "0".to_owned()),
        ("Category", super::CATEGORY.to_string()),
        ("Mode", "0".to_owned()),
        ("Scope", "4".to_owned()),
        ("StateCode", "1".to_owned()),
        ("StatusCode", "2".to_owned()),
        ("IsCustomizable", "1".to_owned()),
        ("UIFlowType", "2".to_owned()),
        ("Metadata", "{\"isvalid\":true}".to_owned()),
        ("Inputs", "{\"schema\":null}".to_owned()),
        ("Outputs", "{\"schema\":null}".to_owned()),
        ("Dependencies", "{\"childFlows\":[],\"workQueues\":[],\"environmentVariables\":[]}".to_owned()),
        ("ConnectionReferences", "[]".to_owned()),
        ("Definition", "\"\"".to_owned()),
        ("SchemaVersion", VERSION_OF_V2.to_owned()),
        ("DesktopFlowModules", "[]".to_owned()),
        ("PrimaryEntity", "none".to_owned()),
    ];
    for (column, text) in texts {
        row.child_or_new(column).set_text(&text);
    }
    let label = row.child_or_new("LocalizedNames").child_or_new("LocalizedName");
    label.set_attribute("description", name);
    label.set_attribute("languagecode", &language.to_string());
    row
}

/// Where a package keeps the member file (package-format §4.1): the name, cut, and the id.
pub(super) fn file_path(id: Guid, name: &str) -> String {
    let kept: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(50).collect();
    format!("Workflows/{kept}-{}.json", id.to_string().to_uppercase())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use strata_model::environment::DesktopFlowSchema;
    use strata_model::id::Digest;
    use strata_model::plan::{Bodies, Body};

    use super::*;

    struct OneFile(Vec<u8>);

    impl Bodies for OneFile {
        fn definition(&self, _: &Digest) -> Option<Body<'_>> {
            None
        }

        fn file(&self, _: &Digest) -> Option<Cow<'_, [u8]>> {
            Some(Cow::Borrowed(&self.0))
        }
    }

    fn content(tree: &Element, json: &Value) -> Content {
        let file = json.to_string().into_bytes();
        let files = vec![("Workflows/x.json".to_owned(), Digest::of(&file))];
        let body = Body { bytes: strata_xml::write(tree).into(), home: None, files };
        Content::read(&body, &OneFile(file)).expect("a row")
    }

    /// A flow of schema v1 as a client packed it, with things that nobody here knows.
    fn packed() -> Content {
        let row = b"<Workflow WorkflowId='{11111111-0000-4000-8000-00000000000f}' Name='Entry'><Category>6</Category>\
            <Definition>\"WAIT 1\\r\\n\"</Definition><SchemaVersion>2022.06</SchemaVersion>\
            <Dependencies>{\"childFlows\":[\"a\"],\"unheardOf\":1}</Dependencies><UnheardOf>x</UnheardOf></Workflow>";
        let text = |name: &str, text: &str| PackedFile { name: name.to_owned(), bytes: archive::text_bytes(text) };
        let files = [
            text(SCRIPT, "WAIT 1\r\n"),
            text("controlRepo.appmask", "{\"Screens\":[1]}"),
            text("flow.manifest", "{\"M\":1}"),
            PackedFile { name: "picture.png".to_owned(), bytes: vec![0x89, b'P', b'N', b'G'] },
        ];
        let json = json!({
            "clientversion": "2.43.204.24107",
            "properties": { "definition": { "name": "Entry", "package": archive::pack(&files) }, "inputs": {} },
            "schemaversion": FILE_VERSION_OF_V1,
            "unheardof": [1, 2],
        });
        content(&strata_xml::parse(row).expect("well formed"), &json)
    }

    fn file<'a>(document: &'a Document, reference: &str) -> &'a FlowFile {
        document.files.iter().find(|file| file.reference == reference).unwrap_or_else(|| panic!("{reference}"))
    }

    #[test]
    fn df2_df8_a_flow_comes_back_from_v2_as_it_was_in_v1() {
        let before = Document::read(&packed(), Vec::new()).expect("readable");
        assert_eq!((before.script.as_str(), before.files.len()), ("WAIT 1\r\n", 3));
        let mut document = before.clone();
        document.complete();
        assert_eq!(document.files.len(), 5, "images and dependencies besides");
        let files = document.files.clone();
        let ids: Vec<_> = (0..5).map(|n| Guid::minted(Guid::of_environment("x"), "b", &n.to_string())).collect();
        let (tree, json) = document.newer(&ids);
        let newer = content(&tree, &json);
        assert_eq!(newer.schema(), DesktopFlowSchema::V2);
        assert_eq!(super::super::content::required(&tree), ids);
        let between = Document::read(&newer, files).expect("readable");
        assert_eq!((between.script.as_str(), between.newer_features()), ("WAIT 1\r\n", Vec::new()));
        let (tree, json) = between.older();
        let older = content(&tree, &json);
        assert_eq!(older.schema(), DesktopFlowSchema::V1);
        let after = Document::read(&older, Vec::new()).expect("readable");
        assert_eq!(after.script, before.script);
        for known in &before.files {
            assert_eq!(file(&after, &known.reference), known);
        }
        assert_eq!(json["unheardof"], json!([1, 2]));
        assert_eq!(json["properties"]["definition"]["name"], "Entry");
        assert_eq!(tree.child_text("UnheardOf").as_deref(), Some("x"));
        assert_eq!(tree.child_text("Dependencies"), before.tree.child_text("Dependencies"));
        assert_eq!(tree.child_text("Definition"), before.tree.child_text("Definition"));
    }

    #[test]
    fn df4_connectors_keep_their_reference_on_the_way() {
        let id = "/providers/Microsoft.PowerApps/apis/shared_50%";
        let connector = FlowFile {
            binary_type: CONNECTOR.to_owned(),
            reference: id.to_owned(),
            name: "Desktop flow file".to_owned(),
            content: None,
        };
        assert_eq!(FlowFile::unpacked(connector.packed()), connector);
        let mut named = Document::new(Guid::of_environment("x"), "Entry", 1033);
        let references = json!([{ "api": { "name": id } }, { "api": { "name": id } }, {}]);
        named.tree.child_or_new("ConnectionReferences").set_text(&references.to_string());
        named.complete();
        assert_eq!(named.files.len(), 5, "{:?}", named.files);
        assert_eq!(file(&named, id).binary_type, CONNECTOR);
    }
}
