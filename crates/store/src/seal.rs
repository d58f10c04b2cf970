//! Sealing: how a secret looks in the file. ChaCha20-Poly1305 with a random nonce; the table, the column and the
//! row's natural key are authenticated with it, so that a sealed value copied to another place does not open.
//!
//! Layout of a sealed value: one byte of format version, twelve of nonce, then the ciphertext with its tag. The
//! key file holds one line: a name of the format and 32 bytes in hexadecimal.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::Zeroizing;

use crate::error::{OpenError, StoreError};
use crate::open::io_error;
use crate::rows::Secret;

const SEAL_VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const KEY_PREFIX: &str = "yizhan-key-1 ";

/// Seals and unseals with the key of the key file.
pub(crate) struct Sealer {
    cipher: ChaCha20Poly1305,
}

/// Where a sealed value belongs; authenticated, not stored.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// `table.column`.
    pub column: &'static str,
    /// The row's natural key, in parts.
    pub row: (&'a str, &'a str),
}

impl Place<'_> {
    fn authenticated(&self) -> Vec<u8> {
        let parts = [self.column, self.row.0, self.row.1];
        let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
        for part in parts {
            text.extend_from_slice(part.as_bytes());
            text.push(0);
        }
        text
    }
}

impl Sealer {
    fn new(key: &[u8; 32]) -> Self {
        Self { cipher: ChaCha20Poly1305::new(&Key::from(*key)) }
    }

    /// Seals `secret` for `place`.
    pub fn seal(&self, place: Place<'_>, secret: &str) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)
            .map_err(|error| StoreError::Unavailable(format!("no random bytes: {error}")))?;
        let payload = Payload { msg: secret.as_bytes(), aad: &place.authenticated() };
        let ciphertext = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| StoreError::Internal("sealing failed".into()))?;
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
        sealed.push(SEAL_VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens what was sealed for exactly this `place`.
    pub fn unseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret, StoreError> {
        let broken = || {
            let (first, second) = place.row;
            StoreError::Internal(format!("the sealed {} of {first} {second} does not open", place.column))
        };
        let (version, rest) = sealed.split_first().ok_or_else(broken)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(broken)?;
        if *version != SEAL_VERSION {
            return Err(broken());
        }
        let payload = Payload { msg: ciphertext, aad: &place.authenticated() };
        let clear = self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| broken())?;
        String::from_utf8(clear).map(Secret::new).map_err(|_| broken())
    }
}

/// Reads the key file.
pub(crate) fn read_key(path: &Path) -> Result<Sealer, OpenError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => OpenError::KeyMissing { path: path.into() },
        _ => io_error(path, &error),
    })?;
    let mode = file.metadata().map_err(|error| io_error(path, &error))?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(OpenError::KeyExposed { path: path.into(), mode });
    }
    let malformed = || OpenError::KeyMalformed { path: path.into() };
    let mut text = Zeroizing::new(String::new());
    file.take(256).read_to_string(&mut text).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => malformed(),
        _ => io_error(path, &error),
    })?;
    let digits = text.trim_end().strip_prefix(KEY_PREFIX).ok_or_else(malformed)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| malformed())?;
    Ok(Sealer::new(&key))
}

/// Makes the key file, durable before anything is sealed with it.
pub(crate) fn create_key(path: &Path) -> Result<Sealer, OpenError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut_slice())
        .map_err(|error| OpenError::Io { path: path.into(), detail: format!("no random bytes: {error}") })?;
    let text =
        Zeroizing::new(format!("{KEY_PREFIX}{}\n", Zeroizing::new(hex::encode(key.as_slice())).as_str()));
    let draft = path.with_extension("key.new");
    let write = || -> std::io::Result<()> {
        // A draft of an interrupted first start was never used.
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        match path.parent() {
            Some(dir) => File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|error| io_error(path, &error))?;
    Ok(Sealer::new(&key))
}
