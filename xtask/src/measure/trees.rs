//! Unpacking and packing, and the same files moved without a thought.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use strata_ops::silent;
use strata_ops::trees::{PackRequest, UnpackRequest, pack, unpack};
use zip::write::SimpleFileOptions;

use super::{What, keeping};

/// The level that packages are deflated with.
const LEVEL: i32 = 6;

/// Measures one of the four.
pub(super) fn measured(what: What, zip: &Path, folder: &Path, started: Instant) -> Result<Duration, String> {
    let text = |error: strata_ops::OpsError| error.to_string();
    match what {
        What::Unpack => {
            Ok(keeping(started, unpack(&UnpackRequest::new(zip.to_owned(), folder.to_owned()), &silent).map_err(text)?))
        }
        What::Pack => {
            Ok(keeping(started, pack(&PackRequest::new(folder.to_owned(), zip.to_owned()), &silent).map_err(text)?))
        }
        What::Inflate => Ok(keeping(started, inflate(zip, folder)?)),
        _ => Ok(keeping(started, deflate(zip, folder)?)),
    }
}

/// Inflates every entry and writes it below a folder.
fn inflate(zip: &Path, folder: &Path) -> Result<usize, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let bytes = fs::read(zip).map_err(|error| text(&error))?;
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).map_err(|error| text(&error))?;
    let mut decompressor = libdeflater::Decompressor::new();
    let mut made = std::collections::BTreeSet::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| text(&error))?;
        let size = usize::try_from(entry.size()).map_err(|error| text(&error))?;
        let packed = usize::try_from(entry.compressed_size()).map_err(|error| text(&error))?;
        let start = usize::try_from(entry.data_start().unwrap_or_default()).map_err(|error| text(&error))?;
        let from = bytes.get(start..start + packed).ok_or("an entry reaches past the end")?;
        let mut out = vec![0; size];
        if entry.compression() == zip::CompressionMethod::Stored {
            out.copy_from_slice(from);
        } else {
            decompressor.deflate_decompress(from, &mut out).map_err(|error| text(&error))?;
        }
        let path = folder.join(&*entry.name().map_err(|error| text(&error))?);
        if let Some(parent) = path.parent()
            && made.insert(parent.to_owned())
        {
            fs::create_dir_all(parent).map_err(|error| text(&error))?;
        }
        fs::write(&path, &out).map_err(|error| text(&error))?;
    }
    Ok(archive.len())
}

/// Reads every file below a folder, deflates it, and writes all of them into one file.
fn deflate(zip: &Path, folder: &Path) -> Result<usize, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let level = libdeflater::CompressionLvl::new(LEVEL).map_err(|error| format!("{error:?}"))?;
    let mut compressor = libdeflater::Compressor::new(level);
    let mut out = Vec::new();
    for path in files(folder)? {
        let bytes = fs::read(&path).map_err(|error| text(&error))?;
        let mut packed = vec![0; compressor.deflate_compress_bound(bytes.len())];
        let length = compressor.deflate_compress(&bytes, &mut packed).map_err(|error| text(&error))?;
        out.extend(&packed[..length]);
        out.extend(libdeflater::crc32(&bytes).to_le_bytes());
    }
    fs::write(zip, &out).map_err(|error| text(&error))?;
    Ok(out.len())
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// Packs the files of a folder as they are, to be inflated again.
pub(crate) fn zip_folder(folder: &Path, zip: &Path) -> Result<(), String> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for path in files(folder)? {
        let name = path.strip_prefix(folder).map_err(|error| error.to_string())?.to_string_lossy().replace('\\', "/");
        writer.start_file(name, SimpleFileOptions::default()).map_err(|error| error.to_string())?;
        let bytes = fs::read(&path).map_err(|error| error.to_string())?;
        writer.write_all(&bytes).map_err(|error| error.to_string())?;
    }
    let bytes = writer.finish().map_err(|error| error.to_string())?.into_inner();
    fs::write(zip, bytes).map_err(|error| error.to_string())
}
