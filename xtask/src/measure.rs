//! One measurement, alone in its process, so that peak memory is its own.
//!
//! Prints one line: milliseconds, peak resident memory in bytes.

mod export;
mod names;
pub(crate) mod trees;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use strata_engine::layering::{self, StackedLayer};
use strata_model::component::ComponentType;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::Body;
use strata_model::rules::Rules;
use strata_ops::{Location, Request, Workspace, carry_out, components, prepare, silent};

#[derive(Args)]
pub(crate) struct Options {
    what: What,
    #[arg(long)]
    package: Option<PathBuf>,
    #[arg(long)]
    store: Option<PathBuf>,
    #[arg(long)]
    component: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Read, inflate, tokenise, hash once, append all bodies, fsync once; single thread
    Bound,
    Import,
    /// As an upgrade in one step
    Upgrade,
    /// Of an upgrade in one step
    Plan,
    Layers,
    /// Layers of a form with ten layers, in process
    FormStack,
    Read,
    /// What an import takes longer for the names in its definitions: reading them, and writing them to an index
    Names,
    /// Imports as unmanaged and publishes, for the exports to come
    Unmanaged,
    /// Of the solution that the package brought, to a file
    Export,
    /// Read, inflate, deflate at the level of exports; single thread
    ExportBound,
    /// Who uses a component, in process, when the store holds half a million references besides its own
    UsedBy,
    /// A package into the folder that `--store` names
    Unpack,
    /// A zip of the same files into that folder, without a thought
    Inflate,
    /// That folder into a package
    Pack,
    /// The same files into a zip, without a thought
    Deflate,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    // Time ends when the answer is there: nobody waits for memory to be given back.
    let started = Instant::now();
    let elapsed = match options.what {
        What::Bound => {
            let kept = bound(wanted(options.package.as_deref(), "--package")?)?;
            keeping(started, kept)
        }
        What::Read => {
            let package = strata_ops::read_package(wanted(options.package.as_deref(), "--package")?);
            keeping(started, package.map_err(|error| error.to_string())?)
        }
        What::Import | What::Upgrade | What::Plan => operation(options, started)?,
        What::Layers => layers(options)?,
        What::FormStack => form_stack()?,
        What::Names => names::names(options)?,
        What::Unmanaged => {
            export::prepare(&workspace(options)?, wanted(options.package.as_deref(), "--package")?)?;
            started.elapsed()
        }
        What::Export => {
            export::export(&workspace(options)?, wanted(options.package.as_deref(), "--package")?, started)?
        }
        What::ExportBound => keeping(started, export::bound(wanted(options.package.as_deref(), "--package")?)?),
        What::UsedBy => names::used_by(options)?,
        What::Unpack | What::Inflate | What::Pack | What::Deflate => {
            let package = wanted(options.package.as_deref(), "--package")?;
            trees::measured(options.what, package, wanted(options.store.as_deref(), "--store")?, started)?
        }
    };
    println!("{} {}", elapsed.as_secs_f64() * 1000.0, peak_memory());
    Ok(())
}

/// Reads the clock before what was made is dropped.
fn keeping<T>(started: Instant, made: T) -> Duration {
    let elapsed = started.elapsed();
    drop(made);
    elapsed
}

fn wanted<'a, T: ?Sized>(value: Option<&'a T>, name: &str) -> Result<&'a T, String> {
    value.ok_or_else(|| format!("{name} is needed"))
}

fn workspace(options: &Options) -> Result<Workspace, String> {
    let store = wanted(options.store.as_deref(), "--store")?.display().to_string();
    Workspace::open_or_create(&Location { store, environment: None }).map_err(|error| error.to_string())
}

fn operation(options: &Options, started: Instant) -> Result<Duration, String> {
    let workspace = workspace(options)?;
    let environment = workspace.environment_to_write().map_err(|error| error.to_string())?;
    let path = wanted(options.package.as_deref(), "--package")?.to_owned();
    let is_upgrade = matches!(options.what, What::Upgrade | What::Plan);
    let action = is_upgrade.then_some(ImportAction::Upgrade);
    let request = Request::Import { package: path.into(), options: ImportOptions { action, ..ImportOptions::pac() } };
    if options.what == What::Plan {
        let prepared = prepare(&workspace, &environment, &request, &silent).map_err(|error| error.to_string())?;
        let elapsed = started.elapsed();
        return if prepared.plan.is_refused() { Err("the plan is refused".to_owned()) } else { Ok(elapsed) };
    }
    let applied = carry_out(&workspace, &environment, &request, &silent).map_err(|error| error.to_string())?;
    Ok(keeping(started, applied))
}

fn layers(options: &Options) -> Result<Duration, String> {
    let workspace = workspace(options)?;
    let component = wanted(options.component.as_deref(), "--component")?;
    let started = Instant::now();
    components::layers(&workspace, None, component, false).map_err(|error| error.to_string())?;
    Ok(started.elapsed())
}

/// How often a stack is resolved for one figure.
const STACKS: u32 = 50;

/// Resolves a form that one full layer and nine differences make up, once they are read.
fn form_stack() -> Result<Duration, String> {
    let bodies: Vec<_> = (0..10).map(|layer| if layer == 0 { full_form() } else { form_difference(layer) }).collect();
    let form = ComponentType::named("systemform");
    let stack: Vec<_> = (0_usize..)
        .zip(&bodies)
        .map(|(layer, xml)| {
            let body = Body { bytes: xml.as_bytes().into(), ..Body::default() };
            StackedLayer::read(&form, format!("Layer{layer}"), &body, layer > 0, &[1033])
        })
        .collect();
    let started = Instant::now();
    for _ in 0..STACKS {
        let resolved = layering::resolve(&form, &stack, &Rules::OURS);
        if std::hint::black_box(resolved).is_empty() {
            return Err("the form resolves to nothing".to_owned());
        }
    }
    Ok(started.elapsed() / STACKS)
}

const TABS: usize = 3;
const SECTIONS: usize = 6;
const CELLS: usize = 8;

fn full_form() -> String {
    let cell = |tab: usize, section: usize, cell: usize| {
        format!(
            "<row><cell id=\"{{{tab}{section}{cell}}}\"><labels><label description=\"Label\" languagecode=\"1033\" />\
             </labels><control id=\"contoso_{tab}{section}{cell}\" classid=\"{{c}}\" \
             datafieldname=\"contoso_{tab}{section}{cell}\" /></cell></row>"
        )
    };
    let section = |tab: usize, section: usize| {
        let cells: String = (0..CELLS).map(|number| cell(tab, section, number)).collect();
        format!("<section id=\"{{s{tab}{section}}}\" name=\"s\"><rows>{cells}</rows></section>")
    };
    let tab = |tab: usize| {
        let sections: String = (0..SECTIONS).map(|number| section(tab, number)).collect();
        format!(
            "<tab id=\"{{t{tab}}}\"><columns><column width=\"100%\"><sections>{sections}</sections></column></columns></tab>"
        )
    };
    let tabs: String = (0..TABS).map(tab).collect();
    format!("<systemform><formid>{{f}}</formid><form><tabs>{tabs}</tabs></form></systemform>")
}

/// A difference that adds a cell to every section and changes another.
fn form_difference(layer: usize) -> String {
    let section = |tab: usize, section: usize| {
        let added = format!(
            "<row><cell id=\"{{a{layer}{tab}{section}}}\" solutionaction=\"Added\" ordinalvalue=\"{}\"><control \
             id=\"contoso_a{layer}\" /></cell></row>",
            10_000 + CELLS + layer - 1
        );
        let changed = format!(
            "<row><cell id=\"{{{tab}{section}0}}\" solutionaction=\"Modified\" ordinalvalue=\"10000\" \
             showlabel=\"{}\" /></row>",
            layer.is_multiple_of(2)
        );
        format!(
            "<section id=\"{{s{tab}{section}}}\" ordinalvalue=\"{section}\"><rows>{changed}{added}</rows></section>"
        )
    };
    let tab = |tab: usize| {
        let sections: String = (0..SECTIONS).map(|number| section(tab, number)).collect();
        format!(
            "<tab id=\"{{t{tab}}}\" ordinalvalue=\"{tab}\"><columns><column id=\"0\"><sections>{sections}</sections>\
             </column></columns></tab>"
        )
    };
    let tabs: String = (0..TABS).map(tab).collect();
    format!("<systemform><formid>{{f}}</formid><form><tabs>{tabs}</tabs></form></systemform>")
}

/// The fresh-import bound of the performance budget.
fn bound(package: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let inflated = inflated(package)?;
    for (_, bytes) in inflated.iter().filter(|(name, _)| name == "customizations.xml") {
        tokenise(bytes)?;
    }
    let mut hashed = 0_usize;
    for (_, bytes) in &inflated {
        hashed += usize::from(blake3::hash(bytes).as_bytes()[0]);
    }
    std::hint::black_box(hashed);
    let mut file = tempfile::tempfile().map_err(|error| text(&error))?;
    for (_, bytes) in &inflated {
        file.write_all(bytes).map_err(|error| text(&error))?;
    }
    sync(&file)?;
    Ok(inflated)
}

/// Reads a package and inflates its files, one after the other.
fn inflated(package: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let zip = std::fs::read(package).map_err(|error| text(&error))?;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&zip)).map_err(|error| text(&error))?;
    let mut inflated = Vec::with_capacity(archive.len());
    let mut decompressor = libdeflater::Decompressor::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| text(&error))?;
        let size = usize::try_from(entry.size()).map_err(|error| text(&error))?;
        let packed = usize::try_from(entry.compressed_size()).map_err(|error| text(&error))?;
        let start = usize::try_from(entry.data_start().unwrap_or_default()).map_err(|error| text(&error))?;
        let bytes = zip.get(start..start + packed).ok_or("an entry reaches past the end")?;
        let mut out = vec![0; size];
        if entry.compression() == zip::CompressionMethod::Stored {
            out.copy_from_slice(bytes);
        } else {
            decompressor.deflate_decompress(bytes, &mut out).map_err(|error| text(&error))?;
        }
        if libdeflater::crc32(&out) != entry.crc32() {
            return Err("an entry's checksum differs".to_owned());
        }
        let name = entry.name().map_err(|error| text(&error))?.into_owned();
        inflated.push((name, out));
    }
    Ok(inflated)
}

fn tokenise(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            quick_xml::events::Event::Eof => return Ok(()),
            event => std::hint::black_box(event),
        };
    }
}

fn sync(file: &File) -> Result<(), String> {
    file.sync_all().map_err(|error| error.to_string())
}

/// Returns the peak resident memory of this process in bytes, 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kilobytes * 1024
}
