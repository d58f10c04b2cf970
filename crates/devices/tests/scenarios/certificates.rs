//! Device certificates: which count, and what takes the place of which (facts §1.5, §3.4).

use std::sync::Arc;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use yizhan_devices::{CertificateDirectory, Device, DevicesError};
use yizhan_identity::authority::{Authority, Issued, KeyKind};
use yizhan_identity::device_auth::DeviceLogin;
use yizhan_vocabulary::causes::ConnectRefusal;
use yizhan_vocabulary::{Clock, UnixMillis};

use crate::rig::Rig;

const USER_NAME: &str = "DEMOPROD01dev001;12010126;ABCDE;2147483647";

struct Certificates {
    directory: CertificateDirectory,
    authority: Authority,
    device: Arc<Device>,
    now: UnixMillis,
}

impl Certificates {
    fn of(rig: &Rig) -> Self {
        Self {
            directory: CertificateDirectory::load(rig.store()).unwrap(),
            authority: Authority::create(rig.clock.now()).unwrap(),
            device: rig.device(),
            now: rig.clock.now(),
        }
    }

    fn issue(&self, kind: KeyKind) -> Issued {
        self.directory.issue(&self.authority, &self.device, kind, self.now).unwrap()
    }

    fn issue_first(&self) -> Result<Issued, DevicesError> {
        self.directory.issue_first(&self.authority, &self.device, KeyKind::EcP256, self.now)
    }

    fn check(&self, issued: &Issued) -> Result<(), ConnectRefusal> {
        self.directory.check(self.device.id, &issued.fingerprint, self.now)
    }

    fn check_signature(&self, issued: &Issued) -> Result<(), ConnectRefusal> {
        let key = PKey::private_key_from_pem(issued.private_key.as_bytes()).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        let signature = signer.sign_oneshot_to_vec(USER_NAME.as_bytes()).unwrap();
        let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let login = DeviceLogin::parse("DEMOPROD01dev001", USER_NAME).unwrap();
        let password = format!("{digits};rsa-sha256");
        self.directory.check_password(
            self.device.id,
            &login,
            USER_NAME.as_bytes(),
            password.as_bytes(),
            self.now,
        )
    }
}

#[test]
fn a_renewed_device_may_sign_with_either_key_until_the_old_one_is_withdrawn() {
    let rig = Rig::new();
    let certificates = Certificates::of(&rig);
    let (old, new) = (certificates.issue(KeyKind::Rsa2048), certificates.issue(KeyKind::Rsa2048));
    assert_eq!(certificates.check_signature(&old), Ok(()));
    assert_eq!(certificates.check_signature(&new), Ok(()));
    assert_eq!(certificates.directory.revoke_all(&certificates.device, certificates.now).unwrap(), 2);
    assert_eq!(certificates.check_signature(&new), Err(ConnectRefusal::CertificateRefused));
    let other = certificates.issue(KeyKind::Rsa2048);
    assert_eq!(certificates.check_signature(&old), Err(ConnectRefusal::BadSignature));
    assert_eq!(certificates.check_signature(&other), Ok(()));
}

#[test]
fn a_first_certificate_takes_the_place_of_earlier_ones_and_leaves_no_trace_of_them() {
    let rig = Rig::new();
    let certificates = Certificates::of(&rig);
    let first = certificates.issue_first().unwrap();
    let second = certificates.issue_first().unwrap();
    assert_eq!(certificates.check(&first), Err(ConnectRefusal::CertificateRefused));
    assert_eq!(certificates.check(&second), Ok(()));
    let mut stored = Vec::new();
    rig.store().each_certificate(|row| stored.push(row.fingerprint)).unwrap();
    assert_eq!(stored, [second.fingerprint]);
}

#[test]
fn a_device_that_has_connected_keeps_what_it_connected_with() {
    let mut rig = Rig::new();
    let certificates = Certificates::of(&rig);
    let issued = certificates.issue_first().unwrap();
    rig.connect();
    assert!(matches!(certificates.issue_first(), Err(DevicesError::Conflict(_))));
    assert_eq!(certificates.check(&issued), Ok(()));
}

#[test]
fn of_two_first_certificates_at_once_one_counts() {
    let rig = Rig::new();
    let certificates = Certificates::of(&rig);
    let issued: Vec<Issued> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..4).map(|_| scope.spawn(|| certificates.issue_first().unwrap())).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let counting = issued.iter().filter(|issued| certificates.check(issued).is_ok()).count();
    assert_eq!(counting, 1);
    let reloaded = Certificates::of(&rig);
    assert_eq!(issued.iter().filter(|issued| reloaded.check(issued).is_ok()).count(), 1);
}
