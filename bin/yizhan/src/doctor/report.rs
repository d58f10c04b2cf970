//! What an examination found, in the order in which it looked.

use std::process::ExitCode;

use serde::Serialize;

use crate::output::printable;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// As it should be.
    Ok,
    /// Works now, needs attention.
    Warning,
    /// The server will not start, or data cannot be read.
    Problem,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// What was looked at.
    pub(super) subject: &'static str,
    pub(super) message: String,
    /// What to do, where the message does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

/// All findings.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn ok(&mut self, subject: &'static str, message: impl Into<String>) {
        self.add(Severity::Ok, subject, message.into(), None);
    }

    pub(super) fn warning(&mut self, subject: &'static str, message: impl Into<String>, advice: &str) {
        self.add(Severity::Warning, subject, message.into(), Some(advice));
    }

    pub(super) fn problem(&mut self, subject: &'static str, message: impl Into<String>, advice: &str) {
        self.add(Severity::Problem, subject, message.into(), Some(advice));
    }

    /// For messages of other parts, which say themselves what to do.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        subject: &'static str,
        message: String,
        advice: Option<&str>,
    ) {
        self.findings.push(Finding { severity, subject, message, advice: advice.map(ToOwned::to_owned) });
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether something is broken.
    pub fn has_problems(&self) -> bool {
        self.count(Severity::Problem) > 0
    }

    /// 1 when something is broken.
    pub fn exit_code(&self) -> ExitCode {
        if self.has_problems() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    /// The findings for people.
    pub fn text(&self) -> String {
        let widest = self.findings.iter().map(|finding| finding.subject.len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for finding in &self.findings {
            let mark = match finding.severity {
                Severity::Ok => "ok      ",
                Severity::Warning => "warning ",
                Severity::Problem => "PROBLEM ",
            };
            let message = printable(&finding.message);
            lines.push(format!("{mark} {:<widest$}  {message}", finding.subject));
            let indent = " ".repeat(widest + 11);
            lines.extend(finding.advice.as_ref().map(|advice| format!("{indent}-> {advice}")));
        }
        lines.push(match (self.count(Severity::Problem), self.count(Severity::Warning)) {
            (0, 0) => "no problems".to_owned(),
            (problems, warnings) => format!("problems: {problems}, warnings: {warnings}"),
        });
        lines.join("\n")
    }
}
