//! Measures operations against the bound, both in the same run, and prints ratios (never bare times).
//!
//! Each measurement runs in a process of its own; each figure is the median of several rounds in which bound
//! and operations take turns.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;
use strata_testkit::generator::{self, Recipe};

use crate::{cargo, root, run as run_command};

#[derive(Args)]
pub(crate) struct Options {
    /// Size of the large package; the small one has a tenth of it
    #[arg(long, default_value_t = 50_000)]
    components: usize,
    /// Rounds per figure
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Milliseconds and bytes.
#[derive(Clone, Copy, Default)]
struct Figure {
    millis: f64,
    memory: u64,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "xtask", "--package", "strata-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let programs = target.join("release");
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let bench = Bench { program: programs.join("xtask"), folder: folder.path().to_owned(), rounds: options.rounds };
    let small = bench.size(options.components / 10)?;
    let large = bench.size(options.components)?;
    println!("Machine: {}\n", machine());
    println!(
        "Packages: {} and {} components; the large one inflates to {:.0} MB. Median of {} rounds.\n",
        options.components / 10,
        options.components,
        megabytes(large.inflated),
        options.rounds
    );
    println!("| measurement | result | goal |\n|---|---|---|");
    let ratio = |figure: Figure| figure.millis / large.bound.millis;
    row("import into an empty environment", &format!("{:.2} × bound", ratio(large.import)), "≤ 2.0 ×");
    row("import of the identical package again", &format!("{:.2} × bound", ratio(large.again)), "≤ 0.8 ×");
    row("plan of an upgrade that changes 1 %", &format!("{:.2} × bound", ratio(large.plan)), "≤ 0.7 ×");
    row("upgrade that changes 1 %, in one step", &format!("{:.2} × bound", ratio(large.upgrade)), "≤ 1.0 ×");
    row("names in the definitions of the import (edges)", &format!("{:.2} × bound", ratio(large.names)), "≤ 0.3 ×");
    let export = large.export.millis / large.export_bound.millis;
    row("export of the solution, unmanaged", &format!("{export:.2} × (read + deflate)"), "≤ 2.5 ×");
    row("reading the package", &format!("{:.2} × bound", ratio(large.read)), "–");
    let growth = large.import.millis / small.import.millis;
    let bound_growth = large.bound.millis / small.bound.millis;
    row("growth from small to large, import", &format!("{growth:.1} × (bound {bound_growth:.1} ×)"), "≤ 11 ×");
    row("layers of one component, in process", &format!("{:.2} ms", large.layers.millis), "≤ 5 ms");
    row("used by of one column, 500,000 references in the store", &format!("{:.2} ms", large.column.millis), "≤ 5 ms");
    row("used by of one table, the same", &format!("{:.2} ms", large.table.millis), "–");
    row("a form of ten layers resolved, in process", &format!("{:.2} ms", large.form_stack.millis), "≤ 1 ms");
    let trees = bench.trees(options.components)?;
    row("unpack", &format!("{:.2} × (inflate and write the same files)", trees.unpack), "≤ 2.0 ×");
    row("pack", &format!("{:.2} × (read and deflate the same files)", trees.pack), "≤ 2.0 ×");
    let above = megabytes(large.import.memory) - megabytes(large.inflated);
    row("peak memory of the import above inflated size", &format!("{above:.0} MB"), "≤ 300 MB");
    let start = bench.start_up(&programs.join("strata"))?;
    row("command start (`solution list`, small store)", &format!("{start:.1} ms"), "≤ 10 ms");
    Ok(())
}

fn row(what: &str, result: &str, goal: &str) {
    println!("| {what} | {result} | {goal} |");
}

struct Bench {
    program: PathBuf,
    folder: PathBuf,
    rounds: usize,
}

/// The figures of one package size.
struct Size {
    inflated: u64,
    bound: Figure,
    read: Figure,
    import: Figure,
    again: Figure,
    plan: Figure,
    layers: Figure,
    upgrade: Figure,
    form_stack: Figure,
    names: Figure,
    column: Figure,
    table: Figure,
    export: Figure,
    export_bound: Figure,
}

/// Ratios of unpacking and packing.
struct Trees {
    unpack: f64,
    pack: f64,
}

impl Bench {
    fn size(&self, components: usize) -> Result<Size, String> {
        let recipe = Recipe { components, version: "1.0.0.0".into(), managed: true, seed: 7, changed_permille: 0 };
        let (package, inflated) = self.package(&format!("{components}.zip"), &recipe)?;
        let next = Recipe { version: "1.1.0.0".into(), changed_permille: 10, ..recipe.clone() };
        let (changed, _) = self.package(&format!("{components}-changed.zip"), &next)?;
        let own = Recipe { managed: false, ..recipe.clone() };
        let (unmanaged, _) = self.package(&format!("{components}-unmanaged.zip"), &own)?;
        let mut rounds = Vec::new();
        for round in 0..self.rounds.max(1) {
            let store = self.folder.join(format!("{components}-{round}.db"));
            let bound = self.measure("bound", &package, None, None)?;
            let read = self.measure("read", &package, None, None)?;
            let import = self.measure("import", &package, Some(&store), None)?;
            let again = self.measure("import", &package, Some(&store), None)?;
            let plan = self.measure("plan", &changed, Some(&store), None)?;
            let layers = self.measure("layers", &package, Some(&store), Some("entity:gen_table00001"))?;
            let upgrade = self.measure("upgrade", &changed, Some(&store), None)?;
            let form_stack = self.measure("form-stack", &package, None, None)?;
            let column = self.measure("used-by", &package, Some(&store), Some("attribute:gen_table00001.gen_name"))?;
            let table = self.measure("used-by", &package, Some(&store), Some("entity:gen_table00001"))?;
            remove_store(&store);
            let names = self.measure("names", &package, Some(&store), None)?;
            remove_store(&store);
            self.measure("unmanaged", &unmanaged, Some(&store), None)?;
            let export = self.measure("export", &unmanaged, Some(&store), None)?;
            let export_bound = self.measure("export-bound", &unmanaged, None, None)?;
            rounds.push([
                bound,
                read,
                import,
                again,
                plan,
                layers,
                upgrade,
                form_stack,
                names,
                column,
                table,
                export,
                export_bound,
            ]);
            remove_store(&store);
        }
        let figure = |index: usize| median(rounds.iter().map(|round| round[index]).collect());
        Ok(Size {
            inflated,
            bound: figure(0),
            read: figure(1),
            import: figure(2),
            again: figure(3),
            plan: figure(4),
            layers: figure(5),
            upgrade: figure(6),
            form_stack: figure(7),
            names: figure(8),
            column: figure(9),
            table: figure(10),
            export: figure(11),
            export_bound: figure(12),
        })
    }

    /// Measures unpacking and packing against the same files moved without a thought.
    fn trees(&self, components: usize) -> Result<Trees, String> {
        let package = self.folder.join(format!("{components}.zip"));
        let (tree, files) = (self.folder.join("tree"), self.folder.join("files.zip"));
        self.measure("unpack", &package, Some(&tree), None)?;
        crate::measure::trees::zip_folder(&tree, &files)?;
        let mut rounds = Vec::new();
        for _ in 0..self.rounds.max(1) {
            // Each time into a folder that is not there yet.
            std::fs::remove_dir_all(&tree).map_err(|error| error.to_string())?;
            let inflate = self.measure("inflate", &files, Some(&tree), None)?;
            std::fs::remove_dir_all(&tree).map_err(|error| error.to_string())?;
            let unpack = self.measure("unpack", &package, Some(&tree), None)?;
            let out = self.folder.join("packed.zip");
            let deflate = self.measure("deflate", &out, Some(&tree), None)?;
            let pack = self.measure("pack", &out, Some(&tree), None)?;
            rounds.push([inflate, unpack, deflate, pack]);
        }
        std::fs::remove_dir_all(&tree).map_err(|error| error.to_string())?;
        let figure = |index: usize| median(rounds.iter().map(|round| round[index]).collect()).millis;
        Ok(Trees { unpack: figure(1) / figure(0), pack: figure(3) / figure(2) })
    }

    /// Writes a generated package; returns its path and inflated size.
    fn package(&self, name: &str, recipe: &Recipe) -> Result<(PathBuf, u64), String> {
        let bytes = generator::package(recipe);
        let path = self.folder.join(name);
        std::fs::write(&path, &bytes).map_err(|error| error.to_string())?;
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).map_err(|error| error.to_string())?;
        let mut inflated = 0;
        for index in 0..archive.len() {
            inflated += archive.by_index_raw(index).map_err(|error| error.to_string())?.size();
        }
        Ok((path, inflated))
    }

    fn measure(
        &self,
        what: &str,
        package: &Path,
        store: Option<&Path>,
        component: Option<&str>,
    ) -> Result<Figure, String> {
        let mut command = Command::new(&self.program);
        command.args(["measure", what, "--package"]).arg(package);
        if let Some(store) = store {
            command.arg("--store").arg(store);
        }
        if let Some(component) = component {
            command.args(["--component", component]);
        }
        let output = command.output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut words = text.split_whitespace();
        let figure = words.next().and_then(|word| word.parse().ok()).zip(words.next().and_then(|w| w.parse().ok()));
        let (millis, memory) =
            figure.ok_or_else(|| format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
        Ok(Figure { millis, memory })
    }

    fn start_up(&self, program: &Path) -> Result<f64, String> {
        let store = self.folder.join("small.db");
        let strata = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command.arg("--store").arg(&store).args(arguments).output().map_err(|error| error.to_string())
        };
        strata(&["publisher", "create", "--name", "Contoso", "--prefix", "contoso"])?;
        strata(&["solution", "create", "--name", "Core", "--publisher", "Contoso"])?;
        let mut times = Vec::new();
        for _ in 0..20 {
            let started = Instant::now();
            let output = strata(&["solution", "list"])?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
        }
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    }
}

fn median(mut figures: Vec<Figure>) -> Figure {
    figures.sort_by(|left, right| left.millis.total_cmp(&right.millis));
    let middle = figures.get(figures.len() / 2).copied().unwrap_or_default();
    let memory = figures.iter().map(|figure| figure.memory).max().unwrap_or(0);
    Figure { memory, ..middle }
}

fn remove_store(store: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        // What is left over goes with the scratch folder.
        std::fs::remove_file(format!("{}{suffix}", store.display())).ok();
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.trim_start_matches([' ', '\t', ':']))
}
