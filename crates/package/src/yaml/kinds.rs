//! Which elements of `customizations.xml` have files of their own, and where those stand in a tree.
//!
//! A row of [`KINDS`] is one kind of component. Sections without a row are one file each, below `other/`.
//! Tables have parts with files of their own, see [`super::table`].

use strata_model::id::Guid;

use super::doc::{Doc, Id};
use super::path;
use crate::places::{SECTION_ORDER, UNKNOWN_SECTION};

/// A kind of component with a file for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The section of `customizations.xml`.
    pub(crate) section: &'static str,
    /// The element between section and item, where there is one.
    pub(crate) wrapper: &'static str,
    /// The item's element; empty for any.
    pub(crate) item: &'static str,
    /// The folder in the tree.
    pub(crate) folder: &'static str,
    pub(crate) layout: Layout,
    /// What names the item's folder or file.
    name: Naming,
    /// The id that tells items of one name apart.
    id: Naming,
}

/// How the files of a kind lie in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A folder for each item, the file named like its element.
    Folder,
    /// A file for each item, with this before `.yml`.
    Flat(&'static str),
    /// There is one item only, in the kind's folder.
    Single,
    /// A file named after the item's member file, in this folder where the member ends so.
    Beside,
    Assembly,
    Report,
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    None,
    Attribute(&'static str),
    Child(&'static str),
    /// Two children, joined.
    Children(&'static str, &'static str),
}

const fn kind(
    section: &'static str,
    item: &'static str,
    folder: &'static str,
    layout: Layout,
    name: Naming,
    id: Naming,
) -> Kind {
    Kind { section, wrapper: "", item, folder, layout, name, id }
}

const fn wrapped(
    section: &'static str,
    wrapper: &'static str,
    item: &'static str,
    folder: &'static str,
    id: &'static str,
) -> Kind {
    Kind { section, wrapper, item, folder, layout: Layout::Folder, name: Naming::Child(id), id: Naming::Child(id) }
}

use Layout::{Assembly, Beside, Flat, Folder, Report, Single, Table};
use Naming::{Attribute, Child, Children, None as Nothing};

/// Every kind, in the order of the sections.
pub(crate) const KINDS: &[Kind] = &[
    kind("Entities", "Entity", "entities", Table, Child("Name"), Nothing),
    kind("Roles", "Role", "roles", Folder, Attribute("name"), Attribute("id")),
    kind("Workflows", "Workflow", "workflows", Beside, Attribute("Name"), Attribute("WorkflowId")),
    kind(
        "FieldSecurityProfiles",
        "FieldSecurityProfile",
        "fieldsecurityprofiles",
        Folder,
        Attribute("fieldsecurityprofileid"),
        Attribute("fieldsecurityprofileid"),
    ),
    wrapped("Templates", "EmailTemplates", "emailtemplate", "templates/emailtemplates", "templateid"),
    wrapped("Templates", "ContractTemplates", "", "templates/contracttemplates", "templateid"),
    wrapped("Templates", "KBArticleTemplates", "", "templates/kbarticletemplates", "templateid"),
    wrapped("Templates", "ArticleTemplates", "", "templates/articletemplates", "templateid"),
    wrapped("Templates", "MailMergeTemplates", "", "templates/mailmergetemplates", "templateid"),
    kind("RibbonDiffXml", "", "ribbondiffs", Single, Nothing, Nothing),
    wrapped("ConnectionRoles", "ConnectionRoles", "ConnectionRole", "connectionroles", "connectionroleid"),
    kind("SiteMap", "SiteMap", "sitemaps", Single, Nothing, Nothing),
    kind("EntityMaps", "EntityMap", "entitymaps", Folder, Children("EntitySource", "EntityTarget"), Nothing),
    kind("EntityRelationships", "EntityRelationship", "entityrelationships", Folder, Attribute("Name"), Nothing),
    kind("optionsets", "optionset", "optionsets", Folder, Attribute("Name"), Nothing),
    kind("Reports", "Report", "reports", Report, Child("name"), Child("reportid")),
    kind("Dashboards", "", "dashboards", Folder, Child("FormId"), Child("FormId")),
    kind("InteractionCentricDashboards", "", "interactioncentricdashboards", Folder, Child("FormId"), Child("FormId")),
    kind("WebResources", "WebResource", "webresources", Folder, Child("WebResourceId"), Child("WebResourceId")),
    kind("CustomControls", "CustomControl", "controls", Folder, Child("Name"), Nothing),
    kind(
        "SolutionPluginAssemblies",
        "PluginAssembly",
        "pluginassemblies",
        Assembly,
        Attribute("FullName"),
        Attribute("PluginAssemblyId"),
    ),
    kind(
        "SdkMessageProcessingSteps",
        "SdkMessageProcessingStep",
        "sdkmessageprocessingsteps",
        Flat(""),
        Attribute("SdkMessageProcessingStepId"),
        Attribute("SdkMessageProcessingStepId"),
    ),
    kind("AppModuleSiteMaps", "AppModuleSiteMap", "appmodulesitemaps", Folder, Child("SiteMapUniqueName"), Nothing),
    kind("AppModules", "AppModule", "appmodules", Folder, Child("UniqueName"), Nothing),
    kind("CanvasApps", "CanvasApp", "canvasapps", Flat(".meta"), Child("Name"), Nothing),
    kind("Connectors", "Connector", "connectors", Flat(""), Child("name"), Child("connectorid")),
];

/// Where cloud flows and desktop flows lie.
pub(crate) const FLOWS: &str = "modernflows";

/// Sections that stand in every export, empty where nothing is in them.
pub(crate) const ALWAYS: &[&str] = &[
    "Entities",
    "Roles",
    "Workflows",
    "FieldSecurityProfiles",
    "Templates",
    "EntityMaps",
    "EntityRelationships",
    "OrganizationSettings",
    "optionsets",
    "CustomControls",
    "EntityDataProviders",
    "Languages",
];

/// Sections that exports write with two tags when they are empty (package-format §1.4).
pub(crate) const PAIRS: &[&str] = &["Entities", "Roles", "Workflows", "FieldSecurityProfiles"];

/// Returns where a section stands in an export; unknown ones come before `Languages`.
pub(crate) fn rank(section: &str) -> usize {
    let place = |wanted: &str| SECTION_ORDER.iter().position(|name| *name == wanted);
    place(section).or_else(|| place(UNKNOWN_SECTION)).unwrap_or_default()
}

/// Finds the kind of an element by where it stands.
pub(crate) fn find(section: &str, wrapper: &str, element: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| {
        kind.section == section && kind.wrapper == wrapper && (kind.item.is_empty() || kind.item == element)
    })
}

/// Tells whether an element of a section only holds items.
pub(crate) fn is_wrapper(section: &str, element: &str) -> bool {
    !element.is_empty() && KINDS.iter().any(|kind| kind.section == section && kind.wrapper == element)
}

/// Where an item's file stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Up to the step that names the item.
    pub(crate) folder: String,
    /// That step, in characters that a path may hold.
    pub(crate) step: String,
    /// What follows it, without `.yml`: `/role`, `.meta`.
    pub(crate) rest: String,
    /// Tells items of one step apart.
    pub(crate) id: Option<Guid>,
}

impl Place {
    /// Returns the path of the file without `.yml`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}{}", self.folder, self.step, self.rest)
    }

    /// Returns the folder that is the item's own, or nothing where items share one.
    pub(crate) fn own_folder(&self) -> Option<String> {
        self.rest.contains('/').then(|| format!("{}/{}", self.folder, self.step))
    }

    /// Makes the step different from that of another item of the same name.
    pub(crate) fn tell_apart(&mut self) {
        let id = self.id.map(|id| id.to_string());
        let text = id.unwrap_or_else(|| strata_model::id::Digest::of(self.step.as_bytes()).to_string());
        let short: String = text.chars().filter(char::is_ascii_hexdigit).take(8).collect();
        self.step = format!("{}~{short}", self.step);
    }
}

impl Kind {
    /// Returns where an item belongs; `None` for one that has no name, which then stays in its section.
    pub(crate) fn place(&self, doc: &Doc<'_>, id: Id) -> Option<Place> {
        let guid = self.id.text(doc, id).as_deref().and_then(Guid::parse);
        let file = doc.name(id).to_lowercase();
        let place =
            |folder: String, step: &str, rest: String| Place { folder, step: path::encode(step), rest, id: guid };
        let named = || {
            let name = self.name.text(doc, id)?;
            Some(Guid::parse(&name).map_or(name, |guid| guid.to_string()))
        };
        Some(match self.layout {
            Layout::Folder => place(self.folder.to_owned(), &named()?, format!("/{file}")),
            Layout::Flat(end) => place(self.folder.to_owned(), &named()?, end.to_owned()),
            Layout::Single => {
                let name = if self.section == "SiteMap" { "sitemap" } else { "ribbondiff" };
                Place { folder: self.folder.to_owned(), step: name.to_owned(), rest: String::new(), id: None }
            }
            Layout::Table => place(self.folder.to_owned(), &named()?.to_lowercase(), "/entity".to_owned()),
            Layout::Beside => process(self, doc, id, guid)?,
            Layout::Assembly => {
                let (folder, file) = assembly(doc, id, &named()?, guid);
                place(self.folder.to_owned(), &folder, format!("/{}.data", path::encode(&file)))
            }
            Layout::Report => {
                let language = doc.child_text(id, "languagecode").unwrap_or_else(|| "0".to_owned());
                let file = report_file(doc, id)?;
                place(
                    format!("{}/{}", self.folder, path::encode(&language)),
                    &guid?.to_string(),
                    format!("/{file}.data"),
                )
            }
        })
    }
}

impl Naming {
    fn text(self, doc: &Doc<'_>, id: Id) -> Option<String> {
        let text = match self {
            Self::None => None,
            Self::Attribute(name) => doc.attribute(id, name).map(str::to_owned),
            Self::Child(name) => doc.child_text(id, name),
            Self::Children(first, second) => {
                Some(format!("{}_{}", doc.child_text(id, first)?, doc.child_text(id, second)?))
            }
        };
        text.filter(|text| !text.trim().is_empty())
    }
}

/// A process lies beside its file; one that has none takes the name it would have.
fn process(kind: &Kind, doc: &Doc<'_>, id: Id, guid: Option<Guid>) -> Option<Place> {
    let named = ["JsonFileName", "XamlFileName"].iter().find_map(|name| doc.child_text(id, name));
    let is_flow = match doc.child_text(id, "Category").as_deref() {
        Some("5" | "6") => true,
        Some(_) => false,
        None => named.as_deref().is_some_and(|name| name.to_lowercase().ends_with(".json")),
    };
    let file = match named {
        Some(path) => path.rsplit(['/', '\\']).next().unwrap_or(&path).to_owned(),
        None => {
            let name = doc.attribute(id, "Name").unwrap_or_default();
            let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let short: String = name.chars().filter(kept).take(50).collect();
            let end = if is_flow { "json" } else { "xaml" };
            format!("{short}-{}.{end}", guid?.to_string().to_uppercase())
        }
    };
    let folder = if is_flow { FLOWS } else { kind.folder };
    Some(Place { folder: folder.to_owned(), step: path::encode(&file), rest: ".data".to_owned(), id: guid })
}

/// The folder and the file of an assembly: as its path says, or as a path of it would.
fn assembly(doc: &Doc<'_>, id: Id, full_name: &str, guid: Option<Guid>) -> (String, String) {
    let named = doc.child_text(id, "FileName");
    let mut steps = named.as_deref().unwrap_or_default().trim_start_matches('/').rsplit(['/', '\\']);
    if let (Some(file), Some(folder), Some(_)) = (steps.next(), steps.next(), steps.next()) {
        return (folder.to_owned(), file.to_owned());
    }
    let name: String = full_name.split(',').next().unwrap_or_default().trim().to_owned();
    let short: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(50).collect();
    let id = guid.map(|guid| guid.to_string().to_uppercase()).unwrap_or_default();
    (format!("{short}-{id}"), format!("{short}.dll"))
}

/// The report's own file name, as it is unpacked.
pub(crate) fn report_file(doc: &Doc<'_>, id: Id) -> Option<String> {
    let name = doc.child_text(id, "filename").or_else(|| doc.child_text(id, "name"))?;
    let name = path::encode(&name);
    Some(if name.to_lowercase().ends_with(".rdl") { name } else { format!("{name}.rdl") })
}
