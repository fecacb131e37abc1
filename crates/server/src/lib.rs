//! The Web API over HTTP (D11): requests in, one function of `ops` each, answers out.
//!
//! A request becomes an [`ask::Ask`], whether it came alone or in a batch; `route` finds its handler, which asks `ops`
//! and gives an [`answer::Answer`] or a [`fault::Fault`]. Handlers are synchronous and know no sockets; `http` runs them
//! beside the connections.
//!
//! Not here: rules, SQL, text for people.

pub mod access;
pub mod actions;
pub mod answer;
pub mod ask;
mod batch;
pub mod body;
mod clock;
mod exchange;
pub mod fault;
pub mod functions;
mod given;
pub mod http;
pub mod jobs;
mod log;
pub mod message;
mod metadata;
mod metrics;
mod operate;
mod own;
mod recent;
mod route;
mod rows;
mod schemas;
pub mod service;
mod step_back;
pub mod tls;
pub mod trouble;
mod url;

pub use log::{LogLevel, log};
