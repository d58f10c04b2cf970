//! Every reason for which something ended, was refused or was dropped, as a closed set of named values.
//! Each has a stable name (for metrics, logs and the console) and, where the vendor shows one, its text.

/// Declares an enum whose variants each carry a stable name, listed in `ALL`.
macro_rules! named_causes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable text of this value.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named_causes! {
    /// Why a connection ended; the texts are those of the online/offline log (console guide, 上下线日志).
    DisconnectCause {
        /// The client sent DISCONNECT or closed the stream in an orderly way.
        ClientDisconnect = "Device disconnect",
        /// Nothing came for one and a half times the keep-alive.
        KeepAliveTimeout = "Device keepalive timeout",
        /// A newer connection with the same client id took over.
        TakenOver = "Device kicked",
        /// The server is stopping.
        ServerShutdown = "Server shutdown",
        /// The transport broke without a DISCONNECT.
        ConnectionLost = "Connection lost",
        /// The client broke the protocol.
        ProtocolViolation = "Protocol violation",
        /// A packet was larger than allowed.
        PacketTooLarge = "Packet too large",
        /// The device or its product was disabled.
        Disabled = "Device disabled",
        /// The device or its product was deleted.
        Deleted = "Device deleted",
        /// The certificate or secret the connection was opened with is no longer valid.
        CredentialRevoked = "Credential revoked",
        /// The client did not take what was sent to it in time.
        SlowReader = "Slow reader",
        /// Too many messages in too short a time.
        RateLimited = "Rate limited",
        /// An operator closed it.
        Kicked = "Closed by operator",
        /// The server failed inside.
        ServerError = "Server error",
    }
}

named_causes! {
    /// Why a connection was refused before or at CONNECT. Shown to operators; the wire carries a code only.
    ConnectRefusal {
        /// The user name or client id is not of the required form.
        MalformedIdentity = "malformed_identity",
        /// No such product or device.
        UnknownDevice = "unknown_device",
        /// The signature is wrong.
        BadSignature = "bad_signature",
        /// The signature method is not supported.
        UnknownMethod = "unknown_method",
        /// The signature's expiry lies in the past.
        Expired = "expired",
        /// The device or its product is disabled.
        Disabled = "disabled",
        /// Client id, user name and TLS identity name different devices.
        IdentityMismatch = "identity_mismatch",
        /// The client certificate is not registered, revoked or expired.
        CertificateRefused = "certificate_refused",
        /// The product authenticates in another way.
        WrongAuthMode = "wrong_auth_mode",
        /// No password where one is needed.
        MissingPassword = "missing_password",
        /// No such MQTT user or a wrong password.
        BadUser = "bad_user",
        /// Too many failures from this address or for this identity.
        Throttled = "throttled",
        /// The server holds as many connections as it may.
        TooManyConnections = "too_many_connections",
        /// The server cannot store anything now.
        StorageUnavailable = "storage_unavailable",
        /// The protocol name or level is not supported.
        UnsupportedProtocol = "unsupported_protocol",
        /// An empty client id where one is needed, or one that is too long.
        ClientIdRefused = "client_id_refused",
        /// Enhanced authentication is not offered.
        UnsupportedAuthMethod = "unsupported_auth_method",
        /// The first packet was not a well-formed CONNECT.
        NotConnect = "not_connect",
        /// The handshake took too long.
        HandshakeTimeout = "handshake_timeout",
        /// TLS failed.
        TlsFailed = "tls_failed",
        /// As many sessions are kept as may be, of this user or in all.
        TooManySessions = "too_many_sessions",
        /// The client may not publish to the topic of its will.
        WillNotAuthorized = "will_not_authorized",
        /// The payload of the will is not the text that its format indicator says.
        WillPayloadInvalid = "will_payload_invalid",
    }
}

named_causes! {
    /// Why a request was refused at a door of HTTP, before an operation looked at it.
    AccessRefusal {
        /// No token came with it.
        MissingToken = "missing_token",
        /// There is no such token.
        UnknownToken = "unknown_token",
        /// A request is not signed with the key that it names.
        BadSignature = "bad_signature",
        /// There is no such device.
        UnknownDevice = "unknown_device",
        /// The device is disabled.
        DeviceDisabled = "device_disabled",
        /// Too many failed attempts.
        Throttled = "throttled",
        /// A request that must be signed is not.
        UnsignedRequest = "unsigned_request",
        /// A part that every signed request needs is missing or malformed.
        MalformedRequest = "malformed_request",
        /// The request was signed too long ago, or with a clock that is wrong.
        StaleSignature = "stale_signature",
        /// There is no such API key.
        UnknownKey = "unknown_key",
        /// The API key, its account or the account above it is disabled.
        DisabledKey = "disabled_key",
        /// The same signed request was used before.
        ReplayedRequest = "replayed_request",
        /// The request carries a session token, which is not used here.
        SessionToken = "session_token",
        /// There is no such version of the API.
        UnknownVersion = "unknown_version",
        /// The version has no such action.
        UnknownAction = "unknown_action",
        /// The vendor has the action and this server does not serve it.
        UnsupportedAction = "unsupported_action",
        /// The request is larger than it may be.
        RequestTooLarge = "request_too_large",
        /// The key is used more often than it may be.
        RateLimited = "rate_limited",
        /// As much is being received as may be at once.
        Busy = "busy",
        /// The caller may not do this with the object.
        NotPermitted = "not_permitted",
        /// Somebody logged in with a name that no account has.
        UnknownAccount = "unknown_account",
        /// Somebody logged in with an account that has no password.
        NoPassword = "no_password",
        /// Somebody logged in with a disabled account.
        AccountDisabled = "account_disabled",
        /// Somebody logged in with a wrong password.
        WrongPassword = "wrong_password",
        /// Somebody logged in with a wrong or used code of the second factor.
        WrongCode = "wrong_code",
        /// Somebody gave a wrong code for the first password.
        WrongSetupCode = "wrong_setup_code",
        /// Somebody has to wait after failed logins.
        LockedOut = "locked_out",
        /// A session of the console is over or was never there.
        UnknownSession = "unknown_session",
        /// A request with a session does not come from the console.
        CrossSite = "cross_site",
        /// The password must be changed first.
        PasswordChangeNeeded = "password_change_needed",
    }
}

named_causes! {
    /// Why a message was not taken, not delivered or given up.
    DropReason {
        /// The sender may not publish to this topic.
        NotAuthorized = "not_authorized",
        /// The payload is larger than the platform allows.
        PayloadTooLarge = "payload_too_large",
        /// The sender exceeded its rate.
        RateExceeded = "rate_exceeded",
        /// Nobody subscribes to the topic.
        NoSubscriber = "no_subscriber",
        /// The receiver's queue is full.
        QueueFull = "queue_full",
        /// The receiver is offline and the message has QoS 0 or the session is not kept.
        ReceiverOffline = "receiver_offline",
        /// The message's expiry passed while it waited.
        MessageExpired = "message_expired",
        /// The session ended while the message waited.
        SessionEnded = "session_ended",
        /// The message is larger than the receiver accepts.
        LargerThanReceiver = "larger_than_receiver",
        /// The receiver's connection could not take a QoS 0 message in time.
        SlowReader = "slow_reader",
        /// Storage refused the write.
        StorageUnavailable = "storage_unavailable",
        /// The topic belongs to a feature that this server does not serve.
        FeatureNotServed = "feature_not_served",
        /// The payload is not what the topic's protocol allows.
        MalformedPayload = "malformed_payload",
        /// There is no room to retain the message.
        NotRetained = "not_retained",
        /// The receiver refused the message with a reason code.
        RefusedByReceiver = "refused_by_receiver",
    }
}
