//! Packages as clients send them.

use std::path::Path;

use strata_ops::base64;
use strata_testkit::{examples, zipped};

/// A package from a few lines, as Base64.
pub(crate) fn package(text: &str) -> String {
    base64::encode(&zipped::package(text))
}

/// One of the examples, packed, as Base64.
pub(crate) fn example(name: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = folder.path().join("package.zip");
    pack(&examples::path(name), &zip);
    base64::encode(&std::fs::read(zip).expect("a package"))
}

fn pack(tree: &Path, zip: &Path) {
    let request = strata_ops::trees::PackRequest::new(tree.to_owned(), zip.to_owned());
    strata_ops::trees::pack(&request, &strata_ops::silent).expect("packed");
}
