//! What is wrong with a request, and where.

use std::fmt;

use crate::failure::{Code, Failure};

/// Why a request cannot be read.
#[derive(Debug)]
pub(super) struct Problem {
    /// The member, outermost first; empty for the request itself.
    path: Vec<String>,
    missing: Option<&'static str>,
    what: String,
}

impl Problem {
    /// The same problem, seen from one level further out.
    pub fn inside(mut self, member: &str) -> Self {
        self.path.insert(0, member.to_owned());
        self
    }

    pub fn of_json(error: serde_json::Error) -> Self {
        Self { path: Vec::new(), missing: None, what: error.to_string() }
    }

    pub fn into_failure(mut self) -> Failure {
        if let Some(missing) = self.missing {
            self.path.push(missing.to_owned());
            return Failure::new(Code::MissingParameter).because(self.path.join("."));
        }
        Failure::new(Code::InvalidParameter).because(format!("{}: {}", self.path.join("."), self.what))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.join("."), self.what)
    }
}

impl std::error::Error for Problem {}

impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self { path: Vec::new(), missing: None, what: what.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: Vec::new(), missing: Some(field), what: String::new() }
    }
}
