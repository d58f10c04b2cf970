//! The four ports. All are taken before anything is made of one, so that a start names every port that it cannot have.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use yizhan_link::{BindError, bind};

use crate::config::Config;

/// Listeners on all ports; those for devices once for each core.
#[derive(Debug)]
pub struct Ports {
    /// MQTT over TCP.
    pub mqtt: Vec<TcpListener>,
    /// MQTT over TLS.
    pub mqtts: Vec<TcpListener>,
    /// HTTP and MQTT over WebSocket.
    pub http: TcpListener,
    /// The same inside TLS.
    pub https: TcpListener,
}

impl Ports {
    /// Takes all of them, or says of each that cannot be had with which option to choose another.
    pub fn take(config: &Config) -> anyhow::Result<Self> {
        let (listen, cores) = (&config.listen, config.cores());
        let mut refused = Vec::new();
        let mut take = |option: &str, address: SocketAddr, count: usize| {
            bind(address, count).unwrap_or_else(|error| {
                refused.push(explain(option, &error));
                Vec::new()
            })
        };
        let mqtt = take("--mqtt", listen.mqtt, cores);
        let mqtts = take("--mqtts", listen.mqtts, cores);
        let http = take("--http", listen.http, 1).pop();
        let https = take("--https", listen.https, 1).pop();
        match (http, https) {
            (Some(http), Some(https)) if refused.is_empty() => Ok(Self { mqtt, mqtts, http, https }),
            _ => anyhow::bail!(refused.join("\n")),
        }
    }
}

fn explain(option: &str, error: &BindError) -> String {
    let address = error.address;
    // Port 65535 has no next one.
    let other = SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(1024));
    match error.source.kind() {
        ErrorKind::AddrInUse => {
            format!("{error}: another program uses the port; choose another with {option} {other}")
        }
        ErrorKind::PermissionDenied => format!(
            "{error}: only root may use ports below 1024; choose another with {option} {}:8{:03}",
            address.ip(),
            address.port() % 1000
        ),
        _ => format!(
            "{error}: {}; name an address of this machine with {option}",
            error.source().map(ToString::to_string).unwrap_or_default()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_that_is_taken_is_named_with_its_option() {
        let others = ["127.0.0.1:0"; 2].map(|address| TcpListener::bind(address).unwrap());
        let [first, second] = others.each_ref().map(|other| other.local_addr().unwrap());
        let mut config = Config::default();
        let free = "127.0.0.1:0".parse().unwrap();
        config.listen.mqtt = first;
        config.listen.mqtts = free;
        config.listen.http = free;
        config.listen.https = second;
        let text = Ports::take(&config).unwrap_err().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains(&first.to_string()) && lines[0].contains("--mqtt 127.0.0.1:"), "{text}");
        assert!(lines[1].contains(&second.to_string()) && lines[1].contains("--https 127.0.0.1:"), "{text}");
    }
}
