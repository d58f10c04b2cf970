//! Every counter of the server, declared once with its name and its sentence.

/// Declares the counters.
macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $help:literal;)+) => {
        /// A thing that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Counter { $($(#[$doc])* $variant,)+ }

        impl Counter {
            /// Every counter.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The metric's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// One sentence for people.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

counters! {
    /// Connections whose CONNECT was accepted.
    Connects = "yizhan_connects_total", "Connections whose CONNECT was accepted.";
    /// MQTT packets taken from peers.
    PacketsIn = "yizhan_packets_received_total", "MQTT packets taken from peers.";
    /// PUBLISH packets taken from peers.
    MessagesIn = "yizhan_messages_received_total", "PUBLISH packets taken from peers.";
    /// Messages handed to sessions.
    MessagesOut = "yizhan_messages_sent_total", "Messages handed to connected clients.";
    /// Payload bytes taken from peers.
    PayloadBytesIn = "yizhan_payload_received_bytes_total", "Payload bytes taken from peers.";
    /// Messages on platform topics that a feature handled.
    Uplinks = "yizhan_uplinks_total", "Messages on platform topics that a feature handled.";
    /// Replies and commands for devices.
    Downlinks = "yizhan_downlinks_total", "Replies and commands for devices.";
    /// Messages stored for sessions that are away.
    MessagesQueued = "yizhan_messages_queued_total", "Messages stored for kept sessions.";
    /// Packets that broke the protocol.
    Malformed = "yizhan_malformed_packets_total", "Packets that broke the protocol.";
    /// Subscriptions refused for lack of rights.
    SubscribesRefused = "yizhan_subscribes_refused_total", "Subscriptions refused for lack of rights.";
    /// Batches of records made durable for a core.
    Batches = "yizhan_batches_total", "Batches of records that a core submitted to the journal.";
    /// HTTP connections closed at once because there were too many.
    HttpRefused = "yizhan_http_connections_refused_total", "HTTP connections not taken because there were too many.";
    /// Signed requests forgotten for want of room while they could still have been used again.
    ReplaysForgotten = "yizhan_replay_memory_evictions_total", "Signed requests forgotten, for want of room, while they could be used again.";
    /// WebSockets inside TLS closed because there were too many.
    BridgesRefused = "yizhan_websocket_tls_refused_total", "WebSockets inside TLS not taken because there were too many.";
}
