//! The small packets: PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT, AUTH (MQTT 5 §3.4 to §3.7, §3.14, §3.15).

use super::DecodeError;
use super::properties::{
    self, AUTHENTICATION_DATA, AUTHENTICATION_METHOD, REASON_STRING, SESSION_EXPIRY, USER_PROPERTY,
};
use super::reader::Reader;
use crate::packet::{Ack, Auth, Disconnect};
use crate::protocol::Version;
use crate::reason;

/// Which reason codes the packet may carry.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// PUBACK and PUBREC.
    Arrival,
    /// PUBREL and PUBCOMP.
    Release,
}

impl Kind {
    const fn allows(self, code: u8) -> bool {
        match self {
            Self::Arrival => {
                matches!(code, 0x00 | 0x10 | 0x80 | 0x83 | 0x87 | 0x90 | 0x91 | 0x97 | 0x99)
            }
            Self::Release => matches!(code, 0x00 | 0x92),
        }
    }
}

/// Reads one of the four.
pub(super) fn read(version: Version, kind: Kind, body: &mut Reader<'_>) -> Result<Ack, DecodeError> {
    let packet_id = body.packet_id()?;
    let mut code = reason::SUCCESS;
    if version.is_v5() && !body.is_empty() {
        code = body.u8()?;
        if !kind.allows(code) {
            return Err(DecodeError::UnexpectedReason(code));
        }
        if !body.is_empty() {
            properties::skip_reason_properties(body)?;
        }
    }
    Ok(Ack { packet_id, reason: code })
}

/// Reads a DISCONNECT.
pub(super) fn read_disconnect(version: Version, body: &mut Reader<'_>) -> Result<Disconnect, DecodeError> {
    let mut out = Disconnect { reason: reason::SUCCESS, session_expiry_s: None };
    if !version.is_v5() || body.is_empty() {
        return Ok(out);
    }
    out.reason = body.u8()?;
    if !matches!(out.reason, 0x00 | 0x04 | 0x80..=0x83 | 0x90 | 0x93..=0x99) {
        return Err(DecodeError::UnexpectedReason(out.reason));
    }
    if !body.is_empty() {
        properties::read(body, |id, section| match id {
            SESSION_EXPIRY => {
                out.session_expiry_s = Some(section.u32()?);
                Ok(())
            }
            REASON_STRING => section.text().map(drop),
            USER_PROPERTY => properties::skip_text_pair(section),
            other => Err(DecodeError::UnexpectedProperty(other)),
        })?;
    }
    Ok(out)
}

/// Reads an AUTH; a client continues or starts anew, only a server says that it succeeded.
pub(super) fn read_auth(body: &mut Reader<'_>) -> Result<Auth, DecodeError> {
    if body.is_empty() {
        return Err(DecodeError::UnexpectedReason(reason::SUCCESS));
    }
    let code = body.u8()?;
    if !matches!(code, reason::CONTINUE_AUTHENTICATION | reason::REAUTHENTICATE) {
        return Err(DecodeError::UnexpectedReason(code));
    }
    let (mut method, mut data) = (None, None);
    properties::read(body, |id, section| {
        match id {
            AUTHENTICATION_METHOD => method = Some(section.owned_text()?),
            AUTHENTICATION_DATA => data = Some(section.owned_binary()?),
            REASON_STRING => drop(section.text()?),
            USER_PROPERTY => properties::skip_text_pair(section)?,
            other => return Err(DecodeError::UnexpectedProperty(other)),
        }
        Ok(())
    })?;
    let method = method.ok_or(DecodeError::NoAuthenticationMethod)?;
    Ok(Auth { reason: code, method, data })
}
