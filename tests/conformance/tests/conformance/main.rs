//! The conformance suite. One executable, so that all chapters share one server; one module a chapter.
//!
//! A doc comment line `3.1.1: <numbers>` or `5.0: <numbers>` above a test names the statements it covers; `guard`
//! joins them with the tables. Statements about the bytes of a server's packets (flags, sizes, property lists, reason
//! codes, texts) are checked by the testkit's reader on every packet of every test; the test that names such a
//! statement is the one that provokes the packet.

mod authentication;
mod cloud;
mod connect;
mod data;
mod delivery;
mod doors;
mod expiry;
mod flow;
mod guard;
mod hostile;
mod interaction;
mod lifetime;
mod limits;
mod login;
mod ordering;
mod platform;
mod properties;
mod publish;
mod restart;
mod retain;
mod session;
mod shared;
mod steps;
mod subscribe;
mod takeover;
mod topics;
mod unsubscribe;
mod websocket;
mod will;
