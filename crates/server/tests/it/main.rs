//! Requests and their answers, without sockets.

mod authoring;
mod batch;
mod clients;
mod definitions;
mod fuzz;
mod service;
mod writes;
