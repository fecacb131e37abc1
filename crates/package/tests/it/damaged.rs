//! Damaged packages: whatever is broken, the reader answers, and answers soon.
//!
//! A deterministic mutator, so that a failure repeats; `STRATA_FUZZ_ITERATIONS` makes it work longer.

use strata_package::{Limits, read, read_parts};
use strata_testkit::corpus::Corpus;

use crate::made::{self, Entry};

/// The xorshift generator: no quality is needed, only repetition.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

fn iterations() -> usize {
    std::env::var("STRATA_FUZZ_ITERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

/// Flips, deletes, doubles or moves some bytes.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let length = random.below(64).min(bytes.len() - at);
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let piece = bytes[at..at + length].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => bytes[at] = *b"<>&;\"'/= \0".get(random.below(10)).unwrap_or(&0),
            _ => bytes.truncate(at),
        }
    }
}

fn limits() -> Limits {
    Limits { inflated_bytes_max: 64 << 20, ..Limits::default() }
}

/// Whatever can be read is sound; whatever cannot is refused with a message.
fn answer(result: Result<strata_model::package::Package, strata_package::ReadPackageError>) {
    match result {
        Ok(package) => {
            for component in package.components {
                for slice in component.definition.slices {
                    assert!(slice.range.end <= package.parts[slice.part].bytes.len());
                }
                assert!(component.definition.files.iter().all(|file| *file < package.parts.len()));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[test]
fn d13_damaged_containers_are_answered() {
    let Some(corpus) = Corpus::find() else { return };
    let samples: Vec<_> = corpus.packages().filter(|sample| sample.bytes.len() < 30_000).collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..iterations() {
        let mut bytes = samples[random.below(samples.len())].bytes.clone();
        mutate(&mut random, &mut bytes);
        answer(read(bytes, &limits()));
    }
}

#[test]
fn d13_damaged_documents_are_answered() {
    let Some(corpus) = Corpus::find() else { return };
    let samples: Vec<_> = corpus.packages().filter(|sample| sample.bytes.len() < 20_000).collect();
    let packages: Vec<_> =
        samples.into_iter().map(|sample| read(sample.bytes, &limits()).expect("a real package")).collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..iterations() {
        let package = &packages[random.below(packages.len())];
        let parts = package.parts.iter().filter(|part| !part.path.contains('#'));
        let mut parts: Vec<_> = parts.map(|part| (part.path.clone(), part.bytes.clone())).collect();
        let chosen = random.below(parts.len());
        mutate(&mut random, &mut parts[chosen].1);
        let entries: Vec<_> = parts.iter().map(|(path, bytes)| Entry::stored(path, bytes)).collect();
        answer(read(made::zip(&entries), &limits()));
    }
}

#[test]
fn d13_damaged_trees_are_answered() {
    let Some(corpus) = Corpus::find() else { return };
    let trees: Vec<_> = corpus.trees().filter(|tree| tree.files.len() < 100).collect();
    let mut random = Random(0xd134_2543_de82_ef95);
    for _ in 0..iterations() / 3 {
        let mut files = trees[random.below(trees.len())].files.clone();
        let chosen = random.below(files.len());
        mutate(&mut random, &mut files[chosen].1);
        answer(read_parts(files, &limits()));
    }
}

#[test]
fn l58_a_package_cut_short_anywhere_is_refused() {
    let whole = made::of_sections("<Entities />");
    for length in 0..whole.len() {
        assert!(read(whole[..length].to_vec(), &limits()).is_err(), "{length} of {}", whole.len());
    }
}
