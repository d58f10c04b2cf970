//! Refusals before a CONNECT was accepted: the code the client gets, the counter, and the entry people can look up.

use yizhan_devices::Diagnostic;
use yizhan_link::Link;
use yizhan_mqtt::encode::{self, ConnAckProperties};
use yizhan_mqtt::{Connect, DecodeError, Version, reason};
use yizhan_observe::Refusal;
use yizhan_vocabulary::causes::{ConnectRefusal, DropReason};
use yizhan_vocabulary::ids::split_client_id;

use super::connect::transport_name;
use super::{ConnectionState, CoreHandler, Stage};
use crate::sessions::Principal;

/// Forbidden topics of one connection that are put into the list of refusals.
const FORBIDDEN_NOTED: u8 = 10;

impl CoreHandler {
    pub(super) fn refuse_connect(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        connect: &Connect,
        refusal: ConnectRefusal,
    ) {
        let code = connack_reason(refusal);
        let properties = connect.version.is_v5().then(|| ConnAckProperties {
            reason_string: Some(explanation(refusal).into()),
            ..ConnAckProperties::default()
        });
        let before = link.out.len();
        let limit = connect.properties.max_packet_size.map_or(usize::MAX, |limit| limit.get() as usize);
        encode::connack(connect.version, false, code, properties.as_ref(), link.out);
        if link.out.len() - before > limit {
            // The explanation is too long for this client (MQTT-3.2.2-19).
            link.out.truncate(before);
            encode::connack(connect.version, false, code, None, link.out);
        }
        if link.out.len() - before > limit {
            link.out.truncate(before);
        }
        self.note_refusal(link, refusal, &connect.client_id, explanation_for_operators(refusal));
        self.diagnose_refusal(connect, refusal);
        state.detail = refusal.as_str();
        link.close();
    }

    /// The first packet was not a CONNECT: the connection closes without a word (MQTT-3.1.0-1).
    pub(super) fn refuse_first_packet(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        detail: &'static str,
    ) {
        self.note_refusal(link, ConnectRefusal::NotConnect, "", detail);
        state.detail = detail;
        link.close();
    }

    pub(super) fn refuse_malformed(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        error: &DecodeError,
    ) {
        let refusal = match error {
            DecodeError::UnsupportedVersion(_) | DecodeError::ProtocolName => {
                ConnectRefusal::UnsupportedProtocol
            }
            DecodeError::ClientIdRefused => ConnectRefusal::ClientIdRefused,
            _ => ConnectRefusal::NotConnect,
        };
        // A version that nobody knows is answered in the words of 3.1.1 (MQTT-3.1.2-2).
        let version = link.version.unwrap_or(Version::V311);
        if error.deserves_connack(version) {
            encode::connack(version, false, error.reason(), None, link.out);
        }
        self.note_refusal(link, refusal, "", &error.to_string());
        state.detail = refusal.as_str();
    }

    fn note_refusal(&self, link: &Link<'_>, refusal: ConnectRefusal, identity: &str, detail: &str) {
        self.counters.refused(refusal);
        self.shared.metrics.refusals.push(Refusal {
            time: self.now,
            reason: refusal.as_str(),
            identity: identity.to_owned(),
            address: link.peer.address.to_string(),
            transport: transport_name(link.peer),
            detail: detail.to_owned(),
        });
    }

    /// An ordinary user was refused a topic. Devices have their own log for that. A client that goes on trying is noted a
    /// few times only, because it would push out everything else.
    pub(super) fn note_forbidden(
        &self,
        link: &Link<'_>,
        state: &mut ConnectionState,
        what: &str,
        topic: &str,
    ) {
        let Stage::Connected(client) = &mut state.stage else { return };
        let Principal::User(user) = &client.principal else { return };
        if client.forbidden_noted == FORBIDDEN_NOTED {
            return;
        }
        client.forbidden_noted += 1;
        self.shared.metrics.refusals.push(Refusal {
            time: self.now,
            reason: DropReason::NotAuthorized.as_str(),
            identity: user.name.to_string(),
            address: link.peer.address.to_string(),
            transport: transport_name(link.peer),
            detail: format!("this MQTT user may not {what} {topic}"),
        });
    }

    /// A known device's own log says when the platform itself was the reason.
    fn diagnose_refusal(&mut self, connect: &Connect, refusal: ConnectRefusal) {
        if refusal != ConnectRefusal::StorageUnavailable {
            return;
        }
        let Ok((product, name)) = split_client_id(&connect.client_id) else { return };
        if let Some(device) = self.shared.devices.find(&product, name.as_str()) {
            self.shared.devices.diagnose(&device, Diagnostic::ConnectSystemError, self.now, &mut self.batch);
        }
    }
}

/// The MQTT 5 reason code; 3.x clients get the nearest of theirs (facts §1.8).
fn connack_reason(refusal: ConnectRefusal) -> u8 {
    match refusal {
        ConnectRefusal::MalformedIdentity
        | ConnectRefusal::UnknownDevice
        | ConnectRefusal::UnknownMethod
        | ConnectRefusal::Expired
        | ConnectRefusal::MissingPassword
        | ConnectRefusal::BadUser => reason::BAD_USER_NAME_OR_PASSWORD,
        ConnectRefusal::BadSignature
        | ConnectRefusal::Disabled
        | ConnectRefusal::IdentityMismatch
        | ConnectRefusal::CertificateRefused
        | ConnectRefusal::WrongAuthMode
        | ConnectRefusal::WillNotAuthorized
        | ConnectRefusal::Throttled => reason::NOT_AUTHORIZED,
        ConnectRefusal::TooManySessions => reason::QUOTA_EXCEEDED,
        ConnectRefusal::WillPayloadInvalid => reason::PAYLOAD_FORMAT_INVALID,
        ConnectRefusal::TooManyConnections | ConnectRefusal::StorageUnavailable => reason::SERVER_UNAVAILABLE,
        ConnectRefusal::UnsupportedProtocol => reason::UNSUPPORTED_PROTOCOL_VERSION,
        ConnectRefusal::ClientIdRefused => reason::CLIENT_IDENTIFIER_NOT_VALID,
        ConnectRefusal::UnsupportedAuthMethod => reason::BAD_AUTHENTICATION_METHOD,
        ConnectRefusal::NotConnect | ConnectRefusal::HandshakeTimeout | ConnectRefusal::TlsFailed => {
            reason::PROTOCOL_ERROR
        }
    }
}

/// What an MQTT 5 client is told; nothing that helps to guess which devices exist.
fn explanation(refusal: ConnectRefusal) -> &'static str {
    match refusal {
        ConnectRefusal::MalformedIdentity => "user name or client id is not of the required form",
        ConnectRefusal::Expired => "the signature has expired; check the device's clock",
        ConnectRefusal::UnknownMethod => "the password must end in ;hmacsha1 or ;hmacsha256",
        ConnectRefusal::MissingPassword => "a password is required",
        ConnectRefusal::IdentityMismatch => "client id, user name and TLS identity name different devices",
        ConnectRefusal::CertificateRefused => {
            "the client certificate is not registered for this device or not valid"
        }
        ConnectRefusal::Throttled => "too many failures; wait before trying again",
        ConnectRefusal::StorageUnavailable => "the server cannot store sessions now",
        ConnectRefusal::TooManySessions => {
            "too many sessions are kept; end some, or connect with a session expiry of 0"
        }
        ConnectRefusal::WillNotAuthorized => "the topic of the will is not one that this user may publish to",
        ConnectRefusal::WillPayloadInvalid => "the payload of the will is not UTF-8 as it says",
        ConnectRefusal::ClientIdRefused => "the client id is missing or too long",
        ConnectRefusal::UnsupportedAuthMethod => "enhanced authentication is not offered",
        ConnectRefusal::Disabled => "the device is disabled",
        _ => "the client is not known or its credentials are wrong",
    }
}

/// What is told to operators, who may know more than a client that is perhaps guessing.
fn explanation_for_operators(refusal: ConnectRefusal) -> &'static str {
    match refusal {
        ConnectRefusal::MalformedIdentity => {
            "the client id is not PRODUCTID followed by the device's name, or the user name is not \
             CLIENTID;APPID;CONNECTION;EXPIRY (it is needed with TLS-PSK and certificates as well)"
        }
        ConnectRefusal::UnknownDevice => "there is no such device",
        ConnectRefusal::BadSignature => {
            "the password is not the signature of the user name; is the key the base64-decoded device secret?"
        }
        ConnectRefusal::BadUser => "there is no such MQTT user, or the password is wrong",
        ConnectRefusal::WrongAuthMode => "the product's devices authenticate in another way",
        other => explanation(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_one_clients_get_the_codes_of_the_vendor() {
        let code = |refusal| reason::connack_code(Version::V31, connack_reason(refusal));
        assert_eq!(code(ConnectRefusal::UnknownDevice), 4);
        assert_eq!(code(ConnectRefusal::Expired), 4);
        assert_eq!(code(ConnectRefusal::BadSignature), 5);
        assert_eq!(code(ConnectRefusal::Disabled), 5);
        assert_eq!(code(ConnectRefusal::StorageUnavailable), 3);
        assert_eq!(code(ConnectRefusal::TooManySessions), 3);
        assert_eq!(code(ConnectRefusal::WillNotAuthorized), 5);
    }
}
