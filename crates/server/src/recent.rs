//! Answers that may be given again: clients poll, and pages ask the same things over and over.
//!
//! Each connection to the store remembers what it answered since it last saw the store change, so nothing that is given
//! again can be out of date. Only plain reads of rows are remembered; what they answer depends on the request alone.

use std::collections::HashMap;

use strata_ops::{ChangeMark, Workspace};

use crate::answer::Answer;
use crate::service::Request;

/// A connection to the store with what it answered.
#[derive(Debug)]
pub(crate) struct Pooled {
    pub(crate) workspace: Workspace,
    pub(crate) recent: Recent,
}

/// Answers of one state of the store.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    mark: Option<ChangeMark>,
    answers: HashMap<String, Answer>,
    bytes: usize,
}

/// Bytes of bodies that one connection remembers.
const BYTES_MAX: usize = 2 << 20;
/// Answers that it remembers: small ones cost more than their bodies.
const ANSWERS_MAX: usize = 1_000;

impl Recent {
    /// Finds an answer that still holds.
    pub(crate) fn find(&mut self, mark: ChangeMark, key: &str) -> Option<Answer> {
        if self.mark != Some(mark) {
            *self = Self { mark: Some(mark), ..Self::default() };
        }
        self.answers.get(key).cloned()
    }

    /// Remembers an answer that was made in the state of that mark.
    pub(crate) fn keep(&mut self, mark: ChangeMark, key: String, answer: &Answer) {
        if self.mark != Some(mark) || answer.status != 200 || answer.body.len() > BYTES_MAX {
            return;
        }
        if self.bytes + answer.body.len() > BYTES_MAX || self.answers.len() == ANSWERS_MAX {
            // What is asked often is soon there again.
            *self = Self { mark: Some(mark), ..Self::default() };
        }
        self.bytes += answer.body.len();
        self.answers.insert(key, answer.clone());
    }
}

/// What an answer depends on besides the state of the store: all of the request that handlers of rows look at.
pub(crate) fn key(request: &Request) -> String {
    let mut key = format!("{}\n{}\n{}", request.root, request.path, request.query);
    let matters = |name: &str| !["user-agent", "authorization", "host", "connection"].contains(&name);
    for (name, value) in request.headers.iter().filter(|(name, _)| matters(name)) {
        key.push('\n');
        key.push_str(name);
        key.push(':');
        key.push_str(value);
    }
    key
}
