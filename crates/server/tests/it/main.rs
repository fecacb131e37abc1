//! Requests and their answers, without sockets.

mod clients;
mod definitions;
mod fuzz;
mod service;
