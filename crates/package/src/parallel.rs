//! The same work for many things on as many threads as there are cores, with the answers in the order of the things.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many things a thread takes at once.
const BATCH: usize = 64;

/// Below so many things a second thread costs more than it saves.
const THREADS_FROM: usize = 256;

/// Does the work for each thing.
pub(crate) fn map<'t, T: Sync, R: Send>(things: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    if things.len() < THREADS_FROM || threads == 1 {
        return things.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let batches: Vec<_> = things.chunks(BATCH).collect();
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(index) else { return done };
            done.push((index, batch.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            done.extend(other.join().expect("the work panics for nothing"));
        }
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().flat_map(|(_, answers)| answers).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn answers_stand_in_the_order_of_the_things() {
        let things: Vec<usize> = (0..10_000).collect();
        assert_eq!(super::map(&things, |thing| thing * 2), things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
    }
}
