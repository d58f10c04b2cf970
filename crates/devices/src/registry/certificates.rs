//! Which client certificate speaks for which device, and until when. A certificate counts by its fingerprint alone: who
//! signed it and what it says of itself proves nothing that the registry does not know better (facts §1.5).
//!
//! What must stay true: store and memory change together, one change at a time for each product, so that they never
//! disagree about which certificates count.

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::RwLock;
use smallvec::SmallVec;
use yizhan_identity::authority::{Authority, DevicePublicKey, Fingerprint, Issued, KeyKind};
use yizhan_identity::device_auth::{DeviceLogin, verify_certificate_password};
use yizhan_identity::signed_request::{HostList, SignatureRefusal, SignedRequest};
use yizhan_store::{CertificateRow, Store, StoreError};
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

/// Certificates by fingerprint, and which of them belong to a device: most have one, for a while two.
#[derive(Debug, Default)]
struct Index {
    known: AHashMap<Fingerprint, Known>,
    of_device: AHashMap<DeviceId, SmallVec<[Fingerprint; 1]>>,
}

impl Index {
    fn insert(&mut self, row: &CertificateRow) {
        if self.known.insert(row.fingerprint, Known::of(row)).is_none() {
            self.of_device.entry(row.device).or_default().push(row.fingerprint);
        }
    }

    fn forget(&mut self, device: DeviceId) {
        for fingerprint in self.of_device.remove(&device).unwrap_or_default() {
            self.known.remove(&fingerprint);
        }
    }

    fn current_keys(&self, device: DeviceId, now: UnixMillis) -> Vec<DevicePublicKey> {
        let fingerprints = self.of_device.get(&device).into_iter().flatten();
        let current = fingerprints.filter_map(|it| self.known.get(it)).filter(|it| it.is_current(now));
        current.filter_map(|it| it.key.clone()).collect()
    }
}

/// The certificates that are registered and not withdrawn.
pub struct CertificateDirectory {
    store: Arc<Store>,
    index: RwLock<Index>,
}

impl CertificateDirectory {
    /// Reads the registered certificates.
    pub fn load(store: Arc<Store>) -> Result<Self, DevicesError> {
        let mut index = Index::default();
        store.each_certificate(|row| {
            if row.revoked_at.is_none() {
                index.insert(&row);
            }
        })?;
        Ok(Self { store, index: RwLock::new(index) })
    }

    /// Whether the certificate with this fingerprint may speak for the device now.
    pub fn check(
        &self,
        device: DeviceId,
        fingerprint: &Fingerprint,
        now: UnixMillis,
    ) -> Result<(), ConnectRefusal> {
        let index = self.index.read();
        let certificate = index.known.get(fingerprint).ok_or(ConnectRefusal::CertificateRefused)?;
        if certificate.device != device {
            return Err(ConnectRefusal::IdentityMismatch);
        }
        if certificate.is_current(now) { Ok(()) } else { Err(ConnectRefusal::CertificateRefused) }
    }

    /// Whether the password is signed with the key of one of the device's certificates: how a device logs in where it
    /// cannot show its certificate. Without any such key it is refused like one with a certificate that does not count.
    pub fn check_password(
        &self,
        device: DeviceId,
        login: &DeviceLogin,
        user_name: &[u8],
        password: &[u8],
        now: UnixMillis,
    ) -> Result<(), ConnectRefusal> {
        let keys = self.index.read().current_keys(device, now);
        let mut verdict = Err(ConnectRefusal::CertificateRefused);
        for key in keys {
            verdict = verify_certificate_password(login, user_name, password, &key, now);
            // Only a signature that does not fit may be one of another key.
            if verdict != Err(ConnectRefusal::BadSignature) {
                break;
            }
        }
        verdict
    }

    /// Whether a request is signed with the key of one of the device's certificates.
    pub fn check_request(
        &self,
        device: DeviceId,
        request: &SignedRequest<'_>,
        hosts: &HostList,
        now: UnixMillis,
    ) -> Result<(), SignatureRefusal> {
        let mut verdict = Err(SignatureRefusal::BadSignature);
        for key in self.index.read().current_keys(device, now) {
            verdict = request.verify_with_certificate(hosts, &key);
            if verdict != Err(SignatureRefusal::BadSignature) {
                break;
            }
        }
        verdict
    }

    /// Issues and registers a certificate for the device. Earlier ones stay valid until they are revoked, so that a
    /// device can be renewed without an interruption.
    pub fn issue(
        &self,
        authority: &Authority,
        device: &Device,
        kind: KeyKind,
        now: UnixMillis,
    ) -> Result<Issued, DevicesError> {
        let (issued, row) = new_certificate(authority, device, kind, now)?;
        let _changing = device.product().changing.lock();
        self.store.add_certificate(&row)?;
        self.index.write().insert(&row);
        Ok(issued)
    }

    /// Issues a certificate for a device that has never connected, in place of all it was given before. The device may
    /// have connected while the key was made: then nothing changes, and it is a conflict. If it is active afterwards, it
    /// came in with a certificate that does not count any more: the caller closes its connection.
    pub fn issue_first(
        &self,
        authority: &Authority,
        device: &Device,
        kind: KeyKind,
        now: UnixMillis,
    ) -> Result<Issued, DevicesError> {
        let (issued, row) = new_certificate(authority, device, kind, now)?;
        let _changing = device.product().changing.lock();
        if device.activated_at().is_some() {
            return Err(DevicesError::Conflict("the device has connected already".to_owned()));
        }
        self.store.replace_certificates(&row)?;
        let mut index = self.index.write();
        index.forget(device.id);
        index.insert(&row);
        Ok(issued)
    }

    /// Registers a certificate that `write` puts into the registry. The lock of the device's product is held.
    pub(crate) fn register(
        &self,
        row: &CertificateRow,
        write: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), DevicesError> {
        write()?;
        self.index.write().insert(row);
        Ok(())
    }

    /// Withdraws every certificate of the device; says how many there were. The caller closes its connection.
    pub fn revoke_all(&self, device: &Device, now: UnixMillis) -> Result<usize, DevicesError> {
        let _changing = device.product().changing.lock();
        let revoked = self.store.revoke_certificates_of(device.id, now)?;
        self.index.write().forget(device.id);
        Ok(revoked)
    }

    /// Forgets the certificates of a device that was deleted; the store has dropped them with it.
    pub fn forget(&self, device: &Device) {
        let _changing = device.product().changing.lock();
        self.index.write().forget(device.id);
    }
}

/// A certificate for the device, not registered yet. Making the key takes a good part of a second, so no lock is held here.
pub(crate) fn new_certificate(
    authority: &Authority,
    device: &Device,
    kind: KeyKind,
    now: UnixMillis,
) -> Result<(Issued, CertificateRow), DevicesError> {
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
    Ok((issued, row))
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
