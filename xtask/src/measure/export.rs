//! Measurements of the way out: an export, and the file operations that no export can do without.

use std::path::Path;
use std::time::{Duration, Instant};

use libdeflater::{CompressionLvl, Compressor};
use strata_model::options::ImportOptions;
use strata_ops::export::{Target, export as export_solution};
use strata_ops::{ExportOptions, Request, Workspace, carry_out, silent};
use strata_testkit::generator;

use super::{inflated, keeping};

/// Imports a package as unmanaged and publishes it, which is what an export starts from; not measured.
pub(super) fn prepare(workspace: &Workspace, package: &Path) -> Result<(), String> {
    let environment = workspace.environment_to_write().map_err(|error| error.to_string())?;
    let options = ImportOptions { publish_changes: true, ..ImportOptions::pac() };
    let request = Request::Import { package: package.into(), options };
    carry_out(workspace, &environment, &request, &silent).map(|_| ()).map_err(|error| error.to_string())
}

/// Exports the generated solution to a file beside the package.
pub(super) fn export(workspace: &Workspace, package: &Path, started: Instant) -> Result<Duration, String> {
    let options = ExportOptions { solution: generator::SOLUTION.to_owned(), managed: false, version: None, only: None };
    let target = Target { path: Some(package.with_extension("exported.zip")), overwrite: true };
    let view = export_solution(workspace, None, &options, &target, &silent).map_err(|error| error.to_string())?;
    Ok(keeping(started, view))
}

/// Reads and inflates a package and deflates its files again at the level that exports have; one thread.
pub(super) fn bound(package: &Path) -> Result<Vec<Vec<u8>>, String> {
    let files = inflated(package)?;
    let level = CompressionLvl::new(6).map_err(|_| "no such level".to_owned())?;
    let mut compressor = Compressor::new(level);
    let deflate = |(_, bytes): &(String, Vec<u8>)| {
        let mut packed = vec![0; compressor.deflate_compress_bound(bytes.len())];
        let length = compressor.deflate_compress(bytes, &mut packed).map_err(|error| error.to_string())?;
        packed.truncate(length);
        Ok(packed)
    };
    files.iter().map(deflate).collect()
}
