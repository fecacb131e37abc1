//! Packages for tests of rules: what matters of the manifest, of `customizations.xml`, and of the files.

use strata_checker::{Against, Checked, Finding, Options, Severity, check};
use strata_model::package::Package;
use strata_package::{Limits, read, read_parts};
use strata_testkit::zipped::zipped;

/// A package as text.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    name: String,
    version: String,
    managed: u8,
    prefix: String,
    roots: String,
    missing: String,
    more_manifest: String,
    publisher: Option<String>,
    sections: String,
    languages: Vec<u32>,
    files: Vec<(String, String)>,
}

/// A package of publisher `contoso`, unmanaged, in version 1.0.0.0, that holds nothing.
pub(crate) fn sample() -> Sample {
    Sample {
        name: "ContosoCore".to_owned(),
        version: "1.0.0.0".to_owned(),
        managed: 0,
        prefix: "contoso".to_owned(),
        roots: String::new(),
        missing: String::new(),
        more_manifest: String::new(),
        publisher: None,
        sections: String::new(),
        languages: vec![1033],
        files: Vec::new(),
    }
}

impl Sample {
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(crate) fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    pub(crate) fn managed(mut self) -> Self {
        self.managed = 1;
        self
    }

    pub(crate) fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// LCIDs of `Languages`; the base language is 1033.
    pub(crate) fn languages(mut self, languages: &[u32]) -> Self {
        self.languages = languages.to_vec();
        self
    }

    /// A root by schema name.
    pub(crate) fn root(mut self, number: &str, name: &str, behavior: u8) -> Self {
        self.roots += &format!("<RootComponent type=\"{number}\" schemaName=\"{name}\" behavior=\"{behavior}\" />");
        self
    }

    /// A root by id.
    pub(crate) fn root_id(mut self, number: &str, id: &str) -> Self {
        self.roots += &format!("<RootComponent type=\"{number}\" id=\"{{{id}}}\" behavior=\"0\" />");
        self
    }

    /// A declared dependency: attributes of the required and of the dependent component.
    pub(crate) fn missing(mut self, required: &str, dependent: &str) -> Self {
        self.missing +=
            &format!("<MissingDependency><Required {required} /><Dependent {dependent} /></MissingDependency>");
        self
    }

    /// More elements of the manifest.
    pub(crate) fn manifest(mut self, xml: &str) -> Self {
        self.more_manifest += xml;
        self
    }

    /// The whole `Publisher` element, without its unique name and prefix.
    pub(crate) fn own_publisher(mut self, xml: &str) -> Self {
        let names = format!("<UniqueName>{0}</UniqueName><CustomizationPrefix>{0}</CustomizationPrefix>", self.prefix);
        self.publisher = Some(xml.replacen("<Publisher>", &format!("<Publisher>{names}"), 1));
        self
    }

    /// A section of `customizations.xml`.
    pub(crate) fn section(mut self, xml: &str) -> Self {
        self.sections += xml;
        self
    }

    /// A table with these children of its `entity` element, its root, and behavior 0.
    pub(crate) fn table(self, name: &str, inside: &str) -> Self {
        let xml = format!(
            "<Entities><Entity><Name LocalizedName=\"{name}\" OriginalName=\"{name}\">{name}</Name><EntityInfo>\
             <entity Name=\"{name}\"><EntitySetName>{name}s</EntitySetName>{inside}</entity></EntityInfo></Entity></Entities>"
        );
        self.root("1", name, 0).section(&xml)
    }

    /// A cloud flow with its root and its file.
    pub(crate) fn flow(self, name: &str, id: &str, definition: &str) -> Self {
        let file = format!("Workflows/{name}-{}.json", id.to_uppercase());
        let xml = format!(
            "<Workflows><Workflow WorkflowId=\"{{{id}}}\" Name=\"{name}\"><JsonFileName>/{file}</JsonFileName><Type>1</Type>\
             <Category>5</Category><StateCode>1</StateCode><StatusCode>2</StatusCode><PrimaryEntity>none</PrimaryEntity>\
             </Workflow></Workflows>"
        );
        self.root_id("29", id).section(&xml).file(&file, definition)
    }

    pub(crate) fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((path.to_owned(), content.to_owned()));
        self
    }

    fn solution_xml(&self) -> String {
        let Self { name, version, managed, prefix, roots, missing, more_manifest, .. } = self;
        let publisher = self.publisher.clone().unwrap_or_else(|| {
            format!(
                "<Publisher><UniqueName>{prefix}</UniqueName><CustomizationPrefix>{prefix}</CustomizationPrefix>\
                 <CustomizationOptionValuePrefix>10000</CustomizationOptionValuePrefix></Publisher>"
            )
        });
        format!(
            "<ImportExportXml version=\"9.2.25012.140\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\">\n\
             <SolutionManifest><UniqueName>{name}</UniqueName><LocalizedNames><LocalizedName description=\"{name}\" \
             languagecode=\"1033\" /></LocalizedNames><Version>{version}</Version><Managed>{managed}</Managed>{publisher}{more_manifest}\
             <RootComponents>{roots}</RootComponents>\n<MissingDependencies>{missing}</MissingDependencies>\
             </SolutionManifest></ImportExportXml>"
        )
    }

    fn customizations_xml(&self) -> String {
        let languages: String =
            self.languages.iter().map(|language| format!("<Language>{language}</Language>")).collect();
        format!("<ImportExportXml>\n{}<Languages>{languages}</Languages></ImportExportXml>", self.sections)
    }

    /// Reads the package as a zip.
    pub(crate) fn package(&self) -> Package {
        let (solution, customizations) = (self.solution_xml(), self.customizations_xml());
        let mut files = vec![("solution.xml", solution.as_str()), ("customizations.xml", customizations.as_str())];
        if !self.files.iter().any(|(path, _)| path == "[Content_Types].xml") {
            files.push(("[Content_Types].xml", "<Types />"));
        }
        files.extend(self.files.iter().map(|(path, content)| (path.as_str(), content.as_str())));
        read(zipped(&files), &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads the package as the folder of a source tree, below `src`.
    pub(crate) fn folder(&self) -> Package {
        let mut files = vec![
            ("src/Other/Solution.xml".to_owned(), self.solution_xml().into_bytes()),
            ("src/Other/Customizations.xml".to_owned(), self.customizations_xml().into_bytes()),
        ];
        files.extend(self.files.iter().map(|(path, content)| (format!("src/{path}"), content.clone().into_bytes())));
        files.sort();
        read_parts(files, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns what a rule finds in the package.
    pub(crate) fn finds(&self, rule: &str) -> Vec<Finding> {
        finds(&self.package(), rule, None)
    }

    /// Returns the messages of a rule.
    pub(crate) fn says(&self, rule: &str) -> Vec<String> {
        self.finds(rule).into_iter().map(|finding| finding.message).collect()
    }

    /// Returns which components a rule finds, as `type:name`, each once per finding.
    pub(crate) fn blames(&self, rule: &str) -> Vec<String> {
        names(&self.finds(rule))
    }
}

/// Returns what a rule finds in a package.
pub(crate) fn finds(package: &Package, rule: &str, against: Option<&Against<'_>>) -> Vec<Finding> {
    let options = Options { rules: Some(only(rule)), ..Options::plain() };
    check(&[Checked { package, name: None, size: 1, against }], &options).findings
}

/// Runs only one rule.
pub(crate) fn only(rule: &str) -> std::collections::BTreeSet<&'static str> {
    strata_checker::options::selected(&[rule.to_owned()]).unwrap_or_else(|error| panic!("{error}"))
}

/// Names the components of findings, as `type:name`.
pub(crate) fn names(findings: &[Finding]) -> Vec<String> {
    let name = |finding: &Finding| {
        finding.component.as_ref().map(|component| format!("{}:{}", component.type_name, component.name))
    };
    findings.iter().map(|finding| name(finding).unwrap_or_else(|| finding.path.clone())).collect()
}

/// Tells how bad each finding is.
pub(crate) fn severities(findings: &[Finding]) -> Vec<Severity> {
    findings.iter().map(|finding| finding.severity).collect()
}
