//! Reading real, odd and hostile packages. Tests bear rule ids.

mod assembled;
mod containers;
mod corpus;
mod damaged;
mod forms;
mod hostile;
mod lossless;
mod made;
mod mutation;
mod trees;
mod trees_laws;
mod trees_made;
mod written;
mod yaml_corpus;
mod yaml_damage;
mod yaml_join;
mod yaml_layout;
mod yaml_mapping;
mod yaml_report;

use std::io::{Cursor, Write as _};

use strata_model::package::Package;
use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::Corpus;
use zip::write::SimpleFileOptions;

/// Reads every zip of the corpus.
fn each_zip(mut check: impl FnMut(&str, &Package)) {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.packages() {
        let package = read(sample.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", sample.path));
        check(&sample.path, &package);
    }
}

/// Reads every tree of the corpus.
fn each_tree(mut check: impl FnMut(&str, &Package)) {
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.trees() {
        let package =
            read_parts(tree.files, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", tree.path));
        check(&tree.path, &package);
    }
}

const SOLUTION: &str = "<ImportExportXml version=\"9.2.1.1\" SolutionPackageVersion=\"9.2\" languagecode=\"1033\">\
    <SolutionManifest><UniqueName>Contoso</UniqueName><Version>1.0</Version><Managed>1</Managed>\
    <Publisher><UniqueName>contoso</UniqueName></Publisher></SolutionManifest></ImportExportXml>";
const CUSTOMIZATIONS: &str = "<ImportExportXml><Entities></Entities></ImportExportXml>";
const CONTENT_TYPES: &str = "<Types />";

/// Packs files into a zip, deflated.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(*path, SimpleFileOptions::default()).expect("a new entry");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

/// A package with one customizations file and further files.
fn package_of(customizations: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files: Vec<(&str, &[u8])> = vec![
        ("customizations.xml", customizations.as_bytes()),
        ("solution.xml", SOLUTION.as_bytes()),
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
    ];
    files.extend(more);
    zipped(&files)
}
