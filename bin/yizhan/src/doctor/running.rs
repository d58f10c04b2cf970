//! The running server, if there is one: whether it answers, and whether it can accept what devices report.

use std::path::Path as FilePath;

use super::report::Report;
use crate::data_dir::DataDir;
use crate::local_client::{ClientError, LocalClient, Path};

const SUBJECT: &str = "server";

pub(super) fn check(data: &DataDir, report: &mut Report) {
    let listeners = match data.listeners() {
        Ok(listeners) => listeners,
        Err(error) => {
            let advice = "stop the server, remove the file and start it again";
            return report.warning(SUBJECT, format!("{error:#}"), advice);
        }
    };
    let process = listeners.filter(|listeners| FilePath::new(&format!("/proc/{}", listeners.pid)).exists());
    match (LocalClient::new(data).get(&Path::of(["products"])), process) {
        (Ok(_), Some(listeners)) => {
            let shown = [
                ("mqtt", listeners.mqtt),
                ("mqtts", listeners.mqtts),
                ("http", listeners.http),
                ("https", listeners.https),
            ];
            let shown = shown.iter().filter_map(|(name, at)| at.map(|at| format!("{name} {at}")));
            let shown = shown.collect::<Vec<_>>().join(", ");
            report.ok(SUBJECT, format!("runs as process {}: {shown}", listeners.pid));
        }
        (Ok(_), None) => report.ok(SUBJECT, "runs, and is starting or stopping"),
        (Err(ClientError::NotRunning { .. }), None) => report.ok(SUBJECT, "does not run"),
        (Err(ClientError::NotRunning { socket, .. }), Some(listeners)) => {
            let message =
                format!("process {} should run, but nobody listens on {}", listeners.pid, socket.display());
            report.warning(SUBJECT, message, "if the server was killed, this goes with its next start");
        }
        (Err(error @ ClientError::NoAccess(_)), _) => {
            report.warning(SUBJECT, "runs, but cannot be asked", &error.to_string());
        }
        (Err(error), _) => {
            report.problem(SUBJECT, error.to_string(), "look at the server's own output for the reason");
        }
    }
}
