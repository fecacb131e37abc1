//! Where an unpacked solution keeps what (package-format §7): the one table that reading, unpacking and packing share.
//!
//! A spot is a pattern of paths with what the files there hold. `*` stands for a name, `**` for one or more steps. Paths
//! compare without regard to case, since trees live on file systems that do not regard it.

use crate::customizations_xml::Root;

/// A place in the tree for components of one kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) pattern: &'static str,
    /// What a reader makes of the file.
    pub(crate) root: Root,
    /// The name of the file's root element; empty where any may stand.
    pub(crate) element: &'static str,
    /// The child of the document's root that the content comes from.
    pub(crate) section: &'static str,
    pub(crate) keeps: Keeps,
    /// Managed packages have a file of their own beside, `…_managed.xml`.
    pub(crate) has_twin: bool,
}

impl Spot {
    /// Tells whether files of this spot declare the namespace `xsi` even when they do not use it: real trees have it
    /// everywhere but here.
    pub(crate) fn declares_namespace(&self) -> bool {
        !matches!(self.section, "AppModules" | "Reports")
    }
}

/// What a file of a spot is a piece of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// The whole section.
    Section,
    /// One container of a section.
    Container,
    /// One item of a section.
    Item,
    /// One item of a section, which describes the file beside it.
    Described,
    /// The relationships of one table.
    Relationships,
    /// A table, without its parts.
    Table,
    /// The ribbon of a table.
    Ribbon,
    /// A part of a table, in the container of that name; the file repeats the element between.
    Part { container: &'static str, group: &'static str },
}

const fn spot(pattern: &'static str, root: Root, element: &'static str, section: &'static str, keeps: Keeps) -> Spot {
    Spot { pattern, root, element, section, keeps, has_twin: false }
}

const fn with_twin(spot: Spot) -> Spot {
    Spot { has_twin: true, ..spot }
}

const fn part(container: &'static str, group: &'static str) -> Keeps {
    Keeps::Part { container, group }
}

/// Where a section's second name stands, the first that fits is written.
pub(crate) static SPOTS: &[Spot] = &[
    spot("Entities/*/Entity.xml", Root::Item("entity"), "Entity", "Entities", Keeps::Table),
    spot("Entities/*/RibbonDiff.xml", Root::Item("ribboncustomization"), "RibbonDiffXml", "Entities", Keeps::Ribbon),
    with_twin(spot(
        "Entities/*/FormXml/*/*.xml",
        Root::Container("systemform"),
        "forms",
        "Entities",
        part("FormXml", "forms"),
    )),
    spot(
        "Entities/*/SavedQueries/*.xml",
        Root::Container("savedquery"),
        "savedqueries",
        "Entities",
        part("SavedQueries", "savedqueries"),
    ),
    spot(
        "Entities/*/Visualizations/*.xml",
        Root::Item("savedqueryvisualization"),
        "visualization",
        "Entities",
        part("Visualizations", ""),
    ),
    spot("Roles/*.xml", Root::Item("role"), "Role", "Roles", Keeps::Item),
    spot("Workflows/**.data.xml", Root::Item("workflow"), "Workflow", "Workflows", Keeps::Described),
    spot(
        "Other/FieldSecurityProfiles.xml",
        Root::Container("fieldsecurityprofile"),
        "FieldSecurityProfiles",
        "FieldSecurityProfiles",
        Keeps::Section,
    ),
    spot("Templates/EmailTemplates.xml", Root::Container("template"), "EmailTemplates", "Templates", Keeps::Container),
    spot(
        "Templates/ContractTemplates.xml",
        Root::Container("contracttemplate"),
        "ContractTemplates",
        "Templates",
        Keeps::Container,
    ),
    spot(
        "Templates/KBArticleTemplates.xml",
        Root::Container("kbarticletemplate"),
        "KBArticleTemplates",
        "Templates",
        Keeps::Container,
    ),
    spot(
        "Templates/ArticleTemplates.xml",
        Root::Container("kbarticletemplate"),
        "ArticleTemplates",
        "Templates",
        Keeps::Container,
    ),
    spot(
        "Templates/MailMergeTemplates.xml",
        Root::Container("mailmergetemplate"),
        "MailMergeTemplates",
        "Templates",
        Keeps::Container,
    ),
    spot(
        "Other/RibbonCustomization.xml",
        Root::Item("ribboncustomization"),
        "RibbonDiffXml",
        "RibbonDiffXml",
        Keeps::Section,
    ),
    spot(
        "Other/RibbonCustomizations.xml",
        Root::Item("ribboncustomization"),
        "RibbonDiffXml",
        "RibbonDiffXml",
        Keeps::Section,
    ),
    spot("Other/ConnectionRoles.xml", Root::ConnectionRoles, "ConnectionRoles", "ConnectionRoles", Keeps::Section),
    with_twin(spot("Other/SiteMap.xml", Root::SiteMap, "SiteMap", "SiteMap", Keeps::Section)),
    spot("Other/EntityMaps.xml", Root::Container("entitymap"), "EntityMaps", "EntityMaps", Keeps::Section),
    spot(
        "Other/Relationships/*.xml",
        Root::Container("entityrelationship"),
        "EntityRelationships",
        "EntityRelationships",
        Keeps::Relationships,
    ),
    spot("OptionSets/*.xml", Root::Item("optionset"), "optionset", "optionsets", Keeps::Item),
    spot(
        "Reports/ReportSignatureIdMappings.xml",
        Root::Container(""),
        "ReportSignatureIdMappings",
        "Reports",
        Keeps::Container,
    ),
    spot("Reports/**.data.xml", Root::Item("report"), "Report", "Reports", Keeps::Described),
    spot("Dashboards/*.xml", Root::Item("systemform"), "", "Dashboards", Keeps::Item),
    spot(
        "InteractionCentricDashboards/*.xml",
        Root::Item("systemform"),
        "",
        "InteractionCentricDashboards",
        Keeps::Item,
    ),
    spot("WebResources/**.data.xml", Root::Item("webresource"), "WebResource", "WebResources", Keeps::Described),
    spot("Controls/**.data.xml", Root::Item("customcontrol"), "CustomControl", "CustomControls", Keeps::Described),
    spot(
        "PluginAssemblies/**.data.xml",
        Root::Item("pluginassembly"),
        "PluginAssembly",
        "SolutionPluginAssemblies",
        Keeps::Described,
    ),
    spot(
        "SdkMessageProcessingSteps/*.xml",
        Root::Item("sdkmessageprocessingstep"),
        "SdkMessageProcessingStep",
        "SdkMessageProcessingSteps",
        Keeps::Item,
    ),
    with_twin(spot(
        "AppModuleSiteMaps/*/AppModuleSiteMap.xml",
        Root::Item("sitemap"),
        "AppModuleSiteMap",
        "AppModuleSiteMaps",
        Keeps::Item,
    )),
    with_twin(spot("AppModules/*/AppModule.xml", Root::Item("appmodule"), "AppModule", "AppModules", Keeps::Item)),
    spot("CanvasApps/*.meta.xml", Root::Item("canvasapp"), "CanvasApp", "CanvasApps", Keeps::Item),
    spot("Connectors/*.xml", Root::Item("connector"), "Connector", "Connectors", Keeps::Item),
];

/// A path that stands in a spot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match<'p> {
    pub(crate) spot: &'static Spot,
    /// What the stars stand for, without endings.
    pub(crate) names: Vec<&'p str>,
    pub(crate) is_twin: bool,
}

/// Finds the spot of a path.
pub(crate) fn find(path: &str) -> Option<Match<'_>> {
    SPOTS.iter().find_map(|spot| {
        if let Some(names) = spot.has_twin.then(|| twin_names(spot.pattern, path)).flatten() {
            return Some(Match { spot, names, is_twin: true });
        }
        names_in(spot.pattern, path).map(|names| Match { spot, names, is_twin: false })
    })
}

/// Returns the path of the plain file that a managed one stands beside.
pub(crate) fn plain_of(path: &str) -> Option<String> {
    find(path).filter(|found| found.is_twin)?;
    let stem = path.len() - TWIN.len();
    Some(format!("{}.xml", &path[..stem]))
}

/// Returns the path of a spot with names in the place of its stars.
pub(crate) fn path_of(spot: &Spot, names: &[String], is_twin: bool) -> String {
    let pattern = spot.pattern.replace("**", "*");
    let mut names = names.iter();
    let mut path = String::new();
    for piece in pattern.split_inclusive('*') {
        match piece.strip_suffix('*') {
            Some(before) => {
                path.push_str(before);
                path.push_str(names.next().map_or("", String::as_str));
            }
            None => path.push_str(piece),
        }
    }
    if is_twin { path.strip_suffix(".xml").map(|stem| format!("{stem}{TWIN}")).unwrap_or(path) } else { path }
}

const TWIN: &str = "_managed.xml";

fn twin_names<'p>(pattern: &str, path: &'p str) -> Option<Vec<&'p str>> {
    names_in(&pattern.replace(".xml", TWIN), path).filter(|names| names.iter().all(|name| !name.is_empty()))
}

/// Returns what the stars of a pattern stand for in a path.
fn names_in<'p>(pattern: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let mut names = Vec::new();
    let mut steps = path;
    let mut patterns = pattern.split('/').peekable();
    while let Some(pattern) = patterns.next() {
        if let Some(ending) = pattern.strip_prefix("**") {
            names.push(without_ending(steps, ending)?);
            return Some(names);
        }
        let (step, rest) = match (steps.split_once('/'), patterns.peek()) {
            (Some((step, rest)), Some(_)) => (step, rest),
            (None, None) => (steps, ""),
            (Some(_), None) | (None, Some(_)) => return None,
        };
        match pattern.strip_prefix('*') {
            Some(ending) => names.push(without_ending(step, ending)?),
            None if step.eq_ignore_ascii_case(pattern) => {}
            None => return None,
        }
        steps = rest;
    }
    Some(names)
}

fn without_ending<'p>(text: &'p str, ending: &str) -> Option<&'p str> {
    let length = text.len().checked_sub(ending.len())?;
    let fits = text.is_char_boundary(length) && text[length..].eq_ignore_ascii_case(ending);
    (fits && length > 0).then(|| &text[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_spot_and_back() {
        for (path, section, names, is_twin) in [
            ("Entities/new_t/Entity.xml", "Entities", vec!["new_t"], false),
            ("entities/New_t/formxml/main/{1}.xml", "Entities", vec!["New_t", "main", "{1}"], false),
            ("Entities/t/FormXml/main/{1}_managed.xml", "Entities", vec!["t", "main", "{1}"], true),
            ("WebResources/new_/a/b.js.data.xml", "WebResources", vec!["new_/a/b.js"], false),
            ("AppModules/x/AppModule_managed.xml", "AppModules", vec!["x"], true),
            ("Other/SiteMap_managed.xml", "SiteMap", vec![], true),
            ("OptionSets/new_managed.xml", "optionsets", vec!["new_managed"], false),
            ("Reports/1033/{1}/a.rdl.data.xml", "Reports", vec!["1033/{1}/a.rdl"], false),
            ("CanvasApps/a.meta.xml", "CanvasApps", vec!["a"], false),
        ] {
            let found = find(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((found.spot.section, &found.names, found.is_twin), (section, &names, is_twin), "{path}");
            let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
            assert!(path_of(found.spot, &names, is_twin).eq_ignore_ascii_case(path), "{path}");
        }
        for path in
            ["Entities/t/FormXml/main/x/y.xml", "Roles/a/b.xml", "Roles/.xml", "Other/Else.xml", "WebResources/a.js"]
        {
            assert_eq!(find(path), None, "{path}");
        }
        assert_eq!(plain_of("Other/SiteMap_managed.xml").as_deref(), Some("Other/SiteMap.xml"));
        assert_eq!(plain_of("WebResources/a_managed.xml"), None);
    }

    #[test]
    fn every_section_of_a_spot_has_its_place_in_the_order() {
        for spot in SPOTS {
            assert!(crate::places::SECTION_ORDER.contains(&spot.section), "{}", spot.pattern);
        }
    }
}
