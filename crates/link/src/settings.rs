//! Limits and deadlines of connections, each with its default.

use std::time::Duration;

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerKind {
    /// MQTT over TCP.
    Mqtt,
    /// MQTT over TLS: PSK, client certificate or server certificate with password, on one port.
    MqttTls,
}

/// Limits and deadlines of every connection of one server.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// Connections the whole server holds at most.
    pub max_connections: usize,
    /// Connections of one address that have not finished CONNECT, at most.
    pub max_handshakes_per_address: u32,
    /// New connections a second from one address, over all cores; 0 means no limit.
    pub max_rate_per_address: u32,
    /// Time for the TLS handshake.
    pub tls_deadline: Duration,
    /// Time from the end of the transport's handshake to a complete CONNECT.
    pub connect_deadline: Duration,
    /// Time in which a peer must take what was written for it.
    pub write_deadline: Duration,
    /// Largest MQTT packet accepted, in bytes (facts §1.7: 64 KiB of payload and its header).
    pub max_packet_bytes: u32,
    /// Largest CONNECT, in bytes: what a peer that nobody knows yet may make the server hold.
    pub max_connect_bytes: u32,
    /// Bytes waiting for one peer at most; beyond that the connection closes as a slow reader.
    pub max_unsent_bytes: usize,
    /// Bytes read from one connection in one turn at most, so that no peer starves the others.
    pub read_quantum_bytes: usize,
}

impl LinkSettings {
    /// Bytes of a packet taken from a peer before its CONNECT was accepted.
    pub(crate) fn connect_limit(&self) -> u32 {
        self.max_connect_bytes.min(self.max_packet_bytes)
    }
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            max_connections: 100_000,
            max_handshakes_per_address: 2_000,
            max_rate_per_address: 0,
            tls_deadline: Duration::from_secs(10),
            connect_deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            max_packet_bytes: 256 * 1024,
            // The largest will payload that the protocol can say (two bytes of length), and 16 KiB for all the rest.
            max_connect_bytes: 80 * 1024,
            max_unsent_bytes: 4 * 1024 * 1024,
            read_quantum_bytes: 64 * 1024,
        }
    }
}
