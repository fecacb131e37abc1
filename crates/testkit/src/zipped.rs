//! Solution packages as zips, from a few lines of text: what scenarios import.
//!
//! ```text
//! ContosoCore 1.0.0.0 managed contoso
//! patch-of ContosoBase 1.0.0.0
//! needs attribute:contoso_order.contoso_x from Other 1.0.0.0
//! entity contoso_order <IsAuditEnabled>1</IsAuditEnabled>
//! attribute contoso_order.contoso_notes <MaxLength>100</MaxLength>
//! systemform contoso_order 11111111-0000-4000-8000-000000000001 <form><tabs /></form>
//! savedquery contoso_order 11111111-0000-4000-8000-000000000002 <name>Open</name>
//! optionset contoso_status <options><option value="1" /></options>
//! workflow 11111111-0000-4000-8000-000000000003 Invoices <Category>6</Category>
//! desktopflowbinary 11111111-0000-4000-8000-000000000004 11111111-0000-4000-8000-000000000003 ManifestFile flow.manifest
//! ```
//!
//! A column is a text column unless it says `<Type>`. A table that has columns, forms or views but no line of its own
//! is there as a root that is extended (behavior 2).
//!
//! Not here: packages as values, for tests of rules ([`crate::fixture`]).

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Writes the package that a text describes.
///
/// # Panics
///
/// Panics on a line it does not know: scenarios are written by hand.
pub fn package(text: &str) -> Vec<u8> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let header: Vec<_> = lines.next().expect("a first line").split_whitespace().collect();
    let [name, version, mode, publisher] = header.as_slice() else {
        panic!("`NAME VERSION managed|unmanaged PUBLISHER` is expected, not {header:?}");
    };
    let mut content = Content::default();
    lines.for_each(|line| content.line(line));
    let managed = u8::from(*mode == "managed");
    let publisher = format!(
        "<Publisher><UniqueName>{publisher}</UniqueName><LocalizedNames><LocalizedName description=\"{publisher}\" \
         languagecode=\"1033\" /></LocalizedNames><CustomizationPrefix>{publisher}</CustomizationPrefix>\
         <CustomizationOptionValuePrefix>10000</CustomizationOptionValuePrefix></Publisher>"
    );
    let manifest = format!(
        "<ImportExportXml version=\"9.2.25012.140\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\">\
         <SolutionManifest><UniqueName>{name}</UniqueName><LocalizedNames><LocalizedName description=\"{name}\" \
         languagecode=\"1033\" /></LocalizedNames><Version>{version}</Version><Managed>{managed}</Managed>{publisher}\
         {}<RootComponents>{}</RootComponents><MissingDependencies>{}</MissingDependencies></SolutionManifest>\
         </ImportExportXml>",
        content.parent,
        content.roots(),
        content.missing,
    );
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\" />".to_owned();
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), types.into_bytes()),
        ("solution.xml".to_owned(), manifest.into_bytes()),
        ("customizations.xml".to_owned(), content.customizations().into_bytes()),
    ];
    files.extend(content.rows.into_iter().map(|(path, row)| (path, row.into_bytes())));
    zipped(&files)
}

/// Writes a package again with its texts changed: `edit` gets the path and the text of each file that is one.
///
/// # Panics
///
/// Panics on what is no zip: the corpus is.
pub fn rewritten(package: &[u8], mut edit: impl FnMut(&str, String) -> String) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(package)).expect("a zip");
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let path = entry.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("readable");
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => edit(&path, text).into_bytes(),
            Err(error) => error.into_bytes(),
        };
        files.push((path, bytes));
    }
    zipped(&files)
}

/// Writes files as a zip.
///
/// # Panics
///
/// Memory takes everything that is written to it.
pub fn zipped<P: AsRef<str>, B: AsRef<[u8]>>(files: &[(P, B)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(path.as_ref(), SimpleFileOptions::default()).expect("memory takes a file");
        zip.write_all(bytes.as_ref()).expect("memory takes bytes");
    }
    zip.finish().expect("memory takes the directory").into_inner()
}

#[derive(Default)]
struct Content {
    parent: String,
    missing: String,
    tables: BTreeMap<String, Table>,
    optionsets: Vec<(String, String)>,
    /// Id, name, content.
    workflows: Vec<(String, String, String)>,
    /// Rows of tables, by their paths.
    rows: Vec<(String, String)>,
}

#[derive(Default)]
struct Table {
    /// Content of a table with a definition of its own.
    own: Option<String>,
    columns: String,
    forms: String,
    views: String,
}

impl Content {
    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "patch-of" => {
                let (name, version) = rest.split_once(' ').unwrap_or((rest, "1.0.0.0"));
                self.parent = format!(
                    "<ParentSolution><UniqueName>{name}</UniqueName><Version>{version}</Version></ParentSolution>"
                );
            }
            "needs" => self.needs(rest),
            "entity" => {
                let (name, content) = split(rest);
                self.tables.entry(name.to_owned()).or_default().own = Some(content.to_owned());
            }
            "attribute" => {
                let (name, content) = split(rest);
                let (table, column) = name.split_once('.').expect("table.column");
                let kind = if content.contains("<Type>") { "" } else { "<Type>nvarchar</Type>" };
                self.tables.entry(table.to_owned()).or_default().columns.push_str(&format!(
                    "<attribute PhysicalName=\"{column}\">{kind}<Name>{column}</Name><LogicalName>{column}\
                     </LogicalName>{content}</attribute>"
                ));
            }
            "systemform" => {
                let (table, id, content) = in_table(rest);
                let form = format!("<systemform><formid>{{{id}}}</formid>{content}</systemform>");
                self.tables.entry(table.to_owned()).or_default().forms.push_str(&form);
            }
            "savedquery" => {
                let (table, id, content) = in_table(rest);
                let view = format!("<savedquery><savedqueryid>{{{id}}}</savedqueryid>{content}</savedquery>");
                self.tables.entry(table.to_owned()).or_default().views.push_str(&view);
            }
            "optionset" => {
                let (name, content) = split(rest);
                self.optionsets.push((name.to_owned(), content.to_owned()));
            }
            "workflow" => {
                let (id, name, content) = in_table(rest);
                self.workflows.push((id.to_owned(), name.to_owned(), content.to_owned()));
            }
            "desktopflowbinary" => self.binary(rest),
            other => panic!("a scenario's package holds no `{other}`"),
        }
    }

    fn binary(&mut self, rest: &str) {
        let words: Vec<_> = rest.split_whitespace().collect();
        let [id, flow, kind, reference] = words.as_slice() else {
            panic!("`desktopflowbinary ID FLOW TYPE REFERENCE` is expected, not {rest}");
        };
        let folder = format!("desktopflowbinaries/{id}");
        let data = format!("{kind}_{id}.json");
        let row = format!(
            "<desktopflowbinary desktopflowbinaryid=\"{id}\"><data mimetype=\"application/json\">{data}</data>\
             <name>{kind}</name><process><workflowid>{flow}</workflowid></process><reference>{reference}</reference>\
             <type>{kind}</type></desktopflowbinary>"
        );
        self.rows.push((format!("{folder}/desktopflowbinary.xml"), row));
        self.rows.push((format!("{folder}/data/{data}"), "{}".to_owned()));
    }

    fn needs(&mut self, rest: &str) {
        let words: Vec<_> = rest.split_whitespace().collect();
        let [component, "from", solution, version] = words.as_slice() else {
            panic!("`needs TYPE:NAME from SOLUTION VERSION` is expected, not {rest}");
        };
        let (kind, name) = component.split_once(':').expect("type:name");
        let number = match kind {
            "entity" => 1,
            "attribute" => 2,
            other => panic!("a scenario's package needs no `{other}`"),
        };
        let parent = name.split_once('.').map(|(table, column)| {
            format!("schemaName=\"{column}\" parentSchemaName=\"{table}\" displayName=\"{column}\"")
        });
        let named = parent.unwrap_or_else(|| format!("schemaName=\"{name}\" displayName=\"{name}\""));
        // A table of the package, where one was named before.
        let dependent = self.tables.keys().next().map_or("dependent", String::as_str);
        self.missing.push_str(&format!(
            "<MissingDependency><Required type=\"{number}\" {named} solution=\"{solution} ({version})\" />\
             <Dependent type=\"1\" schemaName=\"{dependent}\" displayName=\"{dependent}\" /></MissingDependency>"
        ));
    }

    fn roots(&self) -> String {
        let tables = self.tables.iter().map(|(name, table)| {
            let behavior = if table.own.is_some() { 0 } else { 2 };
            format!("<RootComponent type=\"1\" schemaName=\"{name}\" behavior=\"{behavior}\" />")
        });
        let optionsets = self
            .optionsets
            .iter()
            .map(|(name, _)| format!("<RootComponent type=\"9\" schemaName=\"{name}\" behavior=\"0\" />"));
        let workflows = self
            .workflows
            .iter()
            .map(|(id, ..)| format!("<RootComponent type=\"29\" id=\"{{{id}}}\" behavior=\"0\" />"));
        tables.chain(optionsets).chain(workflows).collect()
    }

    fn customizations(&self) -> String {
        let entities: String = self.tables.iter().map(|(name, table)| table.element(name)).collect();
        let optionsets: String = self
            .optionsets
            .iter()
            .map(|(name, content)| format!("<optionset Name=\"{name}\">{content}</optionset>"))
            .collect();
        let workflows: String = self
            .workflows
            .iter()
            .map(|(id, name, content)| {
                format!("<Workflow WorkflowId=\"{{{id}}}\" Name=\"{name}\">{content}</Workflow>")
            })
            .collect();
        let workflows = if workflows.is_empty() { workflows } else { format!("<Workflows>{workflows}</Workflows>") };
        format!(
            "<ImportExportXml><Entities>{entities}</Entities>{workflows}<optionsets>{optionsets}</optionsets><Languages>\
             <Language>1033</Language></Languages></ImportExportXml>"
        )
    }
}

impl Table {
    fn element(&self, name: &str) -> String {
        let Self { own, columns, forms, views } = self;
        // What makes a table's definition one of its own, and not a place for columns of somebody else's table.
        let set_name = own.as_ref().map(|_| format!("<EntitySetName>{name}s</EntitySetName>")).unwrap_or_default();
        let own = own.as_deref().unwrap_or_default();
        format!(
            "<Entity><Name>{name}</Name><EntityInfo><entity Name=\"{name}\">{set_name}{own}<attributes>{columns}</attributes>\
             </entity></EntityInfo><FormXml><forms type=\"main\">{forms}</forms></FormXml><SavedQueries><savedqueries>\
             {views}</savedqueries></SavedQueries></Entity>"
        )
    }
}

fn split(rest: &str) -> (&str, &str) {
    rest.split_once(' ').unwrap_or((rest, ""))
}

/// `TABLE ID CONTENT`
fn in_table(rest: &str) -> (&str, &str, &str) {
    let (table, rest) = split(rest);
    let (id, content) = split(rest);
    (table, id, content)
}
