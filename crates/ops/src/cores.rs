//! The same work for many things, on as many threads as there are cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does the work for each item; answers come in the order of the items.
pub(crate) fn on_every_core<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let chunks: Vec<_> = items.chunks(items.len().div_ceil(threads * 64).max(64)).collect();
    let next = AtomicUsize::new(0);
    // Items differ in weight, so each thread takes the next chunk that is left.
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(index) else { return done };
            done.push((index, chunk.iter().map(&work).collect::<Vec<_>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(chunks.len())).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        done.extend(others.into_iter().flat_map(|other| other.join().expect("the work panics for nothing")));
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    let mut answers = Vec::with_capacity(items.len());
    done.into_iter().for_each(|(_, chunk)| answers.extend(chunk));
    answers
}
