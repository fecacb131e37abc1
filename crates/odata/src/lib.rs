//! What a request of the Web API asks, as data: resource paths, query options, expressions, batches (web-api §1–§6).
//!
//! Text in, small trees out. Nothing here knows a table: whether a column is there, and what a bare word means in it, is
//! decided where its type is known. Requests come from anywhere, so lengths and depths are bounded.
//!
//! Not here: answers, transport, and what an expression means for a row.

pub mod apply;
pub mod batch;
pub mod expression;
mod lex;
pub mod path;
pub mod query;
pub mod url;

/// Text that is not what it should be, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What was expected, and at which position, counted in characters from 1.
    pub message: String,
}

impl SyntaxError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
