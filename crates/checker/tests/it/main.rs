//! The rules, each with a smallest package that fails and one that passes; the framework; the corpus.

mod cloud_flows;
mod code;
mod connectors;
mod corpus;
mod damage;
mod dependencies;
mod desktop_flows;
mod docs;
mod framework;
mod kit;
mod layers;
mod leaks;
mod names;
mod package;
mod sarif;
mod security;
