//! The numbered normative statements of both specifications, each with a one-line paraphrase in our own words and
//! either the duty to be tested or the reason why a test cannot hold the server to it.
//!
//! Which test covers which statement is written at the test, in a doc comment line `3.1.1: <numbers>` or
//! `5.0: <numbers>`; the guard test joins both sides and fails on a gap.

mod v311;
mod v5;

pub use v5::V5;
pub use v311::V311;

/// What can be done about a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// A server can violate it observably: at least one test must name it.
    Tested,
    /// No test can show a violation by a server; the text says why.
    Exempt(&'static str),
}

/// One normative statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The number without the `MQTT-` prefix.
    pub number: &'static str,
    /// What it demands, in our own words.
    pub demand: &'static str,
    /// Tested or not.
    pub duty: Duty,
}

const CLIENT: &str = "binds the client only";

const fn server(number: &'static str, demand: &'static str) -> Statement {
    Statement { number, demand, duty: Duty::Tested }
}

const fn client(number: &'static str, demand: &'static str) -> Statement {
    Statement { number, demand, duty: Duty::Exempt(CLIENT) }
}

const fn exempt(number: &'static str, demand: &'static str, reason: &'static str) -> Statement {
    Statement { number, demand, duty: Duty::Exempt(reason) }
}
