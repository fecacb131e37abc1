//! Requests and their answers, without sockets.

mod service;
