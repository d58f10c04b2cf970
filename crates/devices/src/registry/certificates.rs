//! Which client certificate speaks for which device, and until when. A certificate counts by its fingerprint alone: who
//! signed it and what it says of itself proves nothing that the registry does not know better (facts §1.5).

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::RwLock;
use yizhan_identity::authority::{Authority, DeviceKey, DevicePublicKey, Fingerprint, Issued};
use yizhan_store::{CertificateRow, Store};
use yizhan_vocabulary::causes::ConnectRefusal;
use yizhan_vocabulary::{DeviceId, UnixMillis};

use super::Device;
use crate::error::DevicesError;

/// What CONNECT needs to know of a certificate.
#[derive(Debug, Clone)]
struct Known {
    device: DeviceId,
    not_before: UnixMillis,
    not_after: UnixMillis,
    /// Only RSA keys can sign a user name; others authenticate by TLS alone.
    key: Option<DevicePublicKey>,
}

/// The certificates that are registered and not withdrawn.
pub struct CertificateDirectory {
    store: Arc<Store>,
    known: RwLock<AHashMap<Fingerprint, Known>>,
}

impl CertificateDirectory {
    /// Reads the registered certificates.
    pub fn load(store: Arc<Store>) -> Result<Self, DevicesError> {
        let mut known = AHashMap::new();
        store.each_certificate(|row| {
            if row.revoked_at.is_none() {
                known.insert(row.fingerprint, Known::of(&row));
            }
        })?;
        Ok(Self { store, known: RwLock::new(known) })
    }

    /// Whether the certificate with this fingerprint may speak for the device now.
    pub fn check(
        &self,
        device: DeviceId,
        fingerprint: &Fingerprint,
        now: UnixMillis,
    ) -> Result<(), ConnectRefusal> {
        let known = self.known.read();
        let certificate = known.get(fingerprint).ok_or(ConnectRefusal::CertificateRefused)?;
        if certificate.device != device {
            return Err(ConnectRefusal::IdentityMismatch);
        }
        if certificate.is_current(now) { Ok(()) } else { Err(ConnectRefusal::CertificateRefused) }
    }

    /// The key with which the device signs user names where it cannot show its certificate.
    pub fn public_key(&self, device: DeviceId, now: UnixMillis) -> Result<DevicePublicKey, ConnectRefusal> {
        let known = self.known.read();
        let mut keys = known.values().filter(|it| it.device == device && it.is_current(now));
        keys.find_map(|it| it.key.clone()).ok_or(ConnectRefusal::WrongAuthMode)
    }

    /// Issues and registers a certificate for the device. Earlier ones stay valid until they are revoked, so that a
    /// device can be renewed without an interruption.
    pub fn issue(
        &self,
        authority: &Authority,
        device: &Device,
        kind: DeviceKey,
        now: UnixMillis,
    ) -> Result<Issued, DevicesError> {
        let issued = authority
            .issue_device(device.product_id(), &device.name, kind, now)
            .map_err(|error| DevicesError::Internal(error.to_string()))?;
        let row = CertificateRow {
            fingerprint: issued.fingerprint,
            device: device.id,
            serial: issued.serial.clone(),
            certificate: issued.der.clone(),
            not_before: issued.not_before,
            not_after: issued.not_after,
            revoked_at: None,
        };
        self.store.add_certificate(&row)?;
        self.known.write().insert(row.fingerprint, Known::of(&row));
        Ok(issued)
    }

    /// Withdraws every certificate of the device; says how many there were. The caller closes its connection.
    pub fn revoke_all(&self, device: DeviceId, now: UnixMillis) -> Result<usize, DevicesError> {
        let revoked = self.store.revoke_certificates_of(device, now)?;
        self.known.write().retain(|_, known| known.device != device);
        Ok(revoked)
    }
}

impl Known {
    fn of(row: &CertificateRow) -> Self {
        Self {
            device: row.device,
            not_before: row.not_before,
            not_after: row.not_after,
            key: DevicePublicKey::of_certificate(&row.certificate).ok(),
        }
    }

    fn is_current(&self, now: UnixMillis) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}
