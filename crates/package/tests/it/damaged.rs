//! Damaged trees: whatever is broken, the reader answers, and answers soon. Zips are in `mutation`.

use strata_package::{Limits, read_parts};
use strata_testkit::corpus::Corpus;

use crate::mutation::{Dice, damage, iterations};

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
fn d13_damaged_trees_are_answered() {
    let Some(corpus) = Corpus::find() else { return };
    let trees: Vec<_> = corpus.trees().filter(|tree| tree.files.len() < 100).collect();
    let mut dice = Dice(0x5eed_0003);
    for _ in 0..iterations() / 3 {
        let mut files = trees[dice.throw(trees.len())].files.clone();
        let chosen = dice.throw(files.len());
        damage(&mut dice, &mut files[chosen].1);
        answer(read_parts(files, &limits()));
    }
}
