//! Charts: the query behind them.

use super::Definition;
use super::fetch::Fetch;
use super::sink::Sink;
use super::walk::{Step, Walk};

pub(super) fn mentions(definition: &Definition<'_>, sink: &mut Sink<'_>) {
    let (mut fetch, mut walk) = (Fetch::default(), Walk::new(&definition.body.bytes));
    while let Some(step) = walk.step() {
        match step {
            Step::Start(tag) => fetch.start(&tag, walk.depth(), sink),
            Step::End => fetch.end(walk.depth()),
            Step::Text { .. } => {}
        }
    }
    fetch.finish(sink);
}
