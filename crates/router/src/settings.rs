//! What operators can set about sessions and delivery, each with its default.

use std::time::Duration;

/// Limits and behaviour of sessions and messages.
#[derive(Debug, Clone)]
pub struct RouterSettings {
    /// QoS 1 messages stored for one compatible device (facts §1.7).
    pub device_max_queued: u32,
    /// Pause between stored messages replayed to a compatible device, in milliseconds (facts §1.7).
    pub device_replay_spacing_ms: u32,
    /// How long a compatible device's kept session survives its connection (facts §1.7, §7 item 7).
    pub device_session_expiry: Duration,
    /// The longest keep-alive of a compatible device, in seconds (facts §1.7); longer wishes are cut.
    pub device_max_keep_alive_s: u16,
    /// Messages a compatible device may publish a second; 0 means no limit.
    pub device_publish_rate: u32,
    /// Messages stored for one ordinary client.
    pub user_max_queued: u32,
    /// Bytes of messages stored for one client.
    pub max_queued_bytes: u32,
    /// The longest session expiry an ordinary client gets; longer wishes are cut.
    pub user_max_session_expiry: Duration,
    /// Sessions of ordinary clients that survive their connection, in all. Devices are not counted: each has one session,
    /// and their number has a limit of its own.
    pub max_kept_sessions: usize,
    /// Sessions that survive their connection, of one ordinary user.
    pub user_max_kept_sessions: usize,
    /// Subscriptions of one client.
    pub max_subscriptions: u32,
    /// QoS 0 messages that wait for one connection.
    pub max_pending_qos0: usize,
    /// Bytes written to one connection and not taken, beyond which no further message is given to it.
    pub max_unsent_bytes: usize,
    /// QoS 1 and 2 messages that the server takes from one client at once (MQTT 5 receive maximum).
    pub receive_maximum: u16,
    /// QoS 1 and 2 messages on their way to one client at once, at most.
    pub send_maximum: u16,
    /// Topic aliases the server accepts from one connection.
    pub topic_alias_maximum: u16,
    /// Largest MQTT packet accepted, as announced to MQTT 5 clients.
    pub max_packet_bytes: u32,
    /// Retained messages in all.
    pub max_retained: usize,
    /// Bytes of retained messages in all.
    pub max_retained_bytes: usize,
    /// Longest client id accepted from an ordinary client, in bytes.
    pub max_client_id_bytes: usize,
    /// Time given to connections to take their goodbye when the server stops.
    pub drain: Duration,
}

impl Default for RouterSettings {
    fn default() -> Self {
        Self {
            device_max_queued: 150,
            device_replay_spacing_ms: 500,
            device_session_expiry: Duration::from_secs(24 * 3600),
            device_max_keep_alive_s: 900,
            device_publish_rate: 0,
            user_max_queued: 10_000,
            max_queued_bytes: 64 * 1024 * 1024,
            user_max_session_expiry: Duration::from_secs(7 * 24 * 3600),
            max_kept_sessions: 100_000,
            user_max_kept_sessions: 10_000,
            max_subscriptions: 1_000,
            max_pending_qos0: 1_000,
            max_unsent_bytes: 1024 * 1024,
            receive_maximum: 512,
            send_maximum: 512,
            topic_alias_maximum: 32,
            max_packet_bytes: 256 * 1024,
            max_retained: 100_000,
            max_retained_bytes: 256 * 1024 * 1024,
            max_client_id_bytes: 256,
            drain: Duration::from_secs(5),
        }
    }
}
