//! TLS for devices: PSK (CBC suites included), optional client certificate, or server certificate alone, all on one
//! port (facts §1.5). OpenSSL, because the vendor's C SDK offers nothing but TLS-PSK with CBC suites.
//!
//! Client certificates are taken whoever signed them: a certificate proves only that the peer holds its private key,
//! and CONNECT then requires that its fingerprint is the one registered for the device, or that the authority which the
//! device's product trusts has signed it. So a device keeps working whichever authority issued its certificate, and any
//! other certificate is worth nothing.

use std::io;
use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslRef,
    SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use parking_lot::Mutex;

use super::paced::Paced;
use super::{ClientCertificate, PskIdentity, RawStream, TlsIdentity};

/// Suites for TLS 1.2 and older: forward-secret ones first, then what old devices can do, then PSK. Where the client can
/// do both, ECDSA goes before RSA: its signature costs the server a fraction.
const CIPHERS: &str = "ECDHE+ECDSA+AESGCM:ECDHE+ECDSA+CHACHA20:ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+ECDSA+AES:ECDHE+AES:\
                       AESGCM:AES:PSK-AES128-GCM-SHA256:PSK-AES256-GCM-SHA384:PSK-AES128-CBC-SHA:PSK-AES256-CBC-SHA:PSK-AES128-CBC-SHA256:!aNULL:!SRP:!DSS@SECLEVEL=1";

/// Suites of TLS 1.3. The one with SHA-256 must come first: OpenSSL can use our pre-shared keys with no other, and would
/// silently go on without the key.
const CIPHERS_1_3: &str = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";

/// Finds the pre-shared key of a PSK identity, or none if there is no such device.
pub type PskLookup = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// OpenSSL refused the certificate, the key or a setting.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] ErrorStack),
    /// There is no certificate to show.
    #[error("TLS cannot be set up without a server certificate")]
    NoCertificate,
}

/// A certificate that the server can show, and its key.
pub struct ServerIdentity {
    /// The server's own certificate.
    pub certificate: X509,
    /// Its private key.
    pub key: PKey<Private>,
}

impl ServerIdentity {
    /// Reads both from PEM.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self { certificate: X509::from_pem(certificate)?, key: PKey::private_key_from_pem(key)? })
    }
}

/// What the PSK callback leaves with a connection: the identity it accepted, until it is fetched.
type PskSlot = Index<Ssl, Mutex<Option<Box<TlsIdentity>>>>;

fn psk_slot() -> PskSlot {
    static SLOT: OnceLock<PskSlot> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().expect("OpenSSL has room for one more index"))
}

/// What the PSK callback leaves of an identity that has no key, for the words of the refusal.
type UnknownSlot = Index<Ssl, Box<str>>;

fn unknown_slot() -> UnknownSlot {
    static SLOT: OnceLock<UnknownSlot> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().expect("OpenSSL has room for one more index"))
}

/// Characters of an identity without a key that are kept.
const MAX_CLAIMED_CHARS: usize = 128;

/// A context for listeners. Of `identities`, at most one for each kind of key, the client is shown one that it can
/// check; `issuers_pem` are the certificates above all of them. With `psk`, devices may authenticate by pre-shared key.
pub fn tls_context(
    identities: &[ServerIdentity],
    issuers_pem: &[u8],
    psk: Option<PskLookup>,
) -> Result<SslContext, TlsError> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_server())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_cipher_list(CIPHERS)?;
    builder.set_ciphersuites(CIPHERS_1_3)?;
    builder.set_options(
        SslOptions::CIPHER_SERVER_PREFERENCE
            | SslOptions::NO_TICKET
            | SslOptions::NO_COMPRESSION
            | SslOptions::NO_RENEGOTIATION,
    );
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_num_tickets(0)?;
    // TLS 1.3 treats a pre-shared key as a session, and those need a name where client certificates are asked for.
    builder.set_session_id_context(b"yizhan")?;
    builder.set_mode(
        SslMode::RELEASE_BUFFERS | SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER,
    );
    if identities.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    for identity in identities {
        builder.set_certificate(&identity.certificate)?;
        builder.set_private_key(&identity.key)?;
        builder.check_private_key()?;
    }
    for issuer in X509::stack_from_pem(issuers_pem)? {
        builder.add_extra_chain_cert(issuer)?;
    }
    builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    if let Some(lookup) = psk {
        let slot = psk_slot();
        builder.set_psk_server_callback(move |ssl, identity, key| {
            Ok(offer_psk(ssl, slot, &lookup, identity, key))
        });
    }
    Ok(builder.build())
}

/// Copies the key of `identity` and remembers both; 0 refuses it.
fn offer_psk(
    ssl: &mut SslRef,
    slot: PskSlot,
    lookup: &PskLookup,
    identity: Option<&[u8]>,
    key: &mut [u8],
) -> usize {
    let Some(identity) = identity.and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return 0 };
    let Some(found) = lookup(identity) else {
        let claimed: String = identity.chars().take(MAX_CLAIMED_CHARS).collect();
        ssl.set_ex_data(unknown_slot(), claimed.into_boxed_str());
        return 0;
    };
    let Some(target) = key.get_mut(..found.len()) else { return 0 };
    target.copy_from_slice(&found);
    let accepted = TlsIdentity::Psk(PskIdentity::new(identity, &found));
    ssl.set_ex_data(slot, Mutex::new(Some(Box::new(accepted))));
    found.len()
}

/// What the finished handshake proved. A pre-shared key's identity moves out of the connection, so this is asked once.
pub(crate) fn identity(ssl: &SslRef) -> Option<Box<TlsIdentity>> {
    if let Some(certificate) = ssl.peer_certificate() {
        let digest = certificate.digest(MessageDigest::sha256()).ok()?;
        let fingerprint = digest.as_ref().try_into().ok()?;
        return Some(Box::new(TlsIdentity::Certificate(ClientCertificate { fingerprint, certificate })));
    }
    // The callback also runs for suites that turn out not to use the key; only then is there no PSK suite.
    let psk_suite = ssl.current_cipher().is_some_and(|cipher| cipher.name().contains("PSK"));
    let resumed_psk = ssl.version2() == Some(SslVersion::TLS1_3) && ssl.session_reused();
    let offered = ssl.ex_data(psk_slot()).and_then(|slot| slot.lock().take());
    offered.filter(|_| psk_suite || resumed_psk)
}

/// Whose pre-shared key the peer of a failed handshake said it has.
pub(crate) fn claimed_identity(ssl: &SslRef) -> Option<Box<str>> {
    let offered = ssl.ex_data(psk_slot()).and_then(|slot| slot.lock().take());
    match offered.as_deref() {
        Some(TlsIdentity::Psk(identity)) => Some(identity.name().into()),
        _ => ssl.ex_data(unknown_slot()).cloned(),
    }
}

/// Bytes of a handshake looked at in one turn.
const HANDSHAKE_QUANTUM_BYTES: usize = 64 * 1024;

/// The server's side of TLS on a stream just accepted.
pub(crate) fn accept(context: &SslContext, stream: RawStream) -> Result<SslStream<Paced>, ErrorStack> {
    SslStream::new(Ssl::new(context)?, Paced::new(stream))
}

/// One step of the handshake: `Ok(true)` when it is done, `Ok(false)` when it waits for the peer.
pub(crate) fn step(stream: &mut SslStream<Paced>) -> io::Result<bool> {
    stream.get_mut().allow(HANDSHAKE_QUANTUM_BYTES);
    match stream.accept() {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE) => Ok(false),
        Err(error) => Err(error.into_io_error().unwrap_or_else(io::Error::other)),
    }
}

pub(crate) fn read(stream: &mut SslStream<Paced>, buffer: &mut [u8]) -> io::Result<usize> {
    stream.get_mut().allow(buffer.len());
    match stream.ssl_read(buffer) {
        Ok(count) => Ok(count),
        Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(0),
        Err(error) => Err(would_block_or(error)),
    }
}

pub(crate) fn write(stream: &mut SslStream<Paced>, bytes: &[u8]) -> io::Result<usize> {
    stream.ssl_write(bytes).map_err(would_block_or)
}

fn would_block_or(error: openssl::ssl::Error) -> io::Error {
    match error.code() {
        ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => io::ErrorKind::WouldBlock.into(),
        _ => error
            .into_io_error()
            .unwrap_or_else(|error| io::Error::new(io::ErrorKind::ConnectionReset, error)),
    }
}
