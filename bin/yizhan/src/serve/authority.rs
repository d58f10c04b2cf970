//! The private authority and the server's certificates: made at the first start, renewed while the server runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use openssl::ssl::SslContext;
use parking_lot::RwLock;
use yizhan_devices::Devices;
use yizhan_identity::authority::{Authority, KeyKind, ServerNames};
use yizhan_link::{PskLookup, ServerIdentity, tls_context};
use yizhan_operations::Authorities;
use yizhan_store::{AuthorityRow, CertifiedKey, Secret, Store};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::ids::split_client_id;

/// What TLS needs, ready to be exchanged while connections come in.
pub struct ServerTls {
    /// For devices: certificate, client certificate or PSK.
    pub mqtt: Arc<RwLock<SslContext>>,
    /// For HTTPS.
    pub https: Arc<RwLock<SslContext>>,
    names: ServerNames,
    psk: PskLookup,
    row: RwLock<AuthorityRow>,
}

impl ServerTls {
    /// Opens the authority, or makes it, and issues the server's certificates where that is needed. The authority's
    /// own certificate is left in `ca.pem` for devices and tools.
    pub fn open(
        store: &Store,
        data: &Path,
        names: &[String],
        devices: &Devices,
        now: UnixMillis,
    ) -> anyhow::Result<Self> {
        let names = ServerNames::with(names.iter().map(String::as_str)).context("listen.names")?;
        let known = store.authority()?;
        let row = match known.clone() {
            Some(row) => renewed(row, &names, now)?,
            None => created(&names, now)?,
        };
        if known.as_ref() != Some(&row) {
            store.set_authority(&row)?;
        }
        leave_for_tools(&data.join("ca.pem"), &row.ca_certificate).context("cannot write ca.pem")?;
        let psk = psk_lookup(devices);
        let mqtt = Arc::new(RwLock::new(context(&row, Some(Arc::clone(&psk)))?));
        let https = Arc::new(RwLock::new(context(&row, None)?));
        Ok(Self { mqtt, https, names, psk, row: RwLock::new(row) })
    }

    /// The authority for issuing device certificates.
    pub fn authorities(&self) -> anyhow::Result<Authorities> {
        let row = self.row.read();
        let authority = Authority::from_pem(&row.ca_certificate, row.ca_key.expose())?;
        Ok(Authorities { authority, certificate: row.ca_certificate.clone() })
    }

    /// Exchanges the server's certificates when they are about to end. Open connections stay.
    pub fn renew(&self, store: &Store, now: UnixMillis) -> anyhow::Result<()> {
        let before = self.row.read().clone();
        let after = renewed(before.clone(), &self.names, now)?;
        if after == before {
            return Ok(());
        }
        store.set_authority(&after)?;
        *self.mqtt.write() = context(&after, Some(Arc::clone(&self.psk)))?;
        *self.https.write() = context(&after, None)?;
        *self.row.write() = after;
        tracing::info!("the server's certificates were renewed");
        Ok(())
    }
}

/// Writes the authority's certificate where it is not as it should be.
fn leave_for_tools(file: &Path, certificate: &str) -> std::io::Result<()> {
    match std::fs::read(file) {
        Ok(found) if found == certificate.as_bytes() => Ok(()),
        _ => std::fs::write(file, certificate),
    }
}

fn created(names: &ServerNames, now: UnixMillis) -> anyhow::Result<AuthorityRow> {
    let authority = Authority::create(now)?;
    Ok(AuthorityRow {
        ca_certificate: authority.certificate_pem()?,
        ca_key: Secret::new(authority.key_pem()?.as_str()),
        server_rsa: issued(&authority, names, KeyKind::Rsa2048, now)?,
        server_ec: Some(issued(&authority, names, KeyKind::EcP256, now)?),
        server_names: names.as_slice().to_vec(),
    })
}

/// The same authority, with each of the server's certificates that is missing or due issued again.
fn renewed(mut row: AuthorityRow, names: &ServerNames, now: UnixMillis) -> anyhow::Result<AuthorityRow> {
    let authority = Authority::from_pem(&row.ca_certificate, row.ca_key.expose())?;
    let due = |server: &CertifiedKey| authority.needs_renewal(&server.certificate, names, now);
    if due(&row.server_rsa) {
        row.server_rsa = issued(&authority, names, KeyKind::Rsa2048, now)?;
        row.server_names = names.as_slice().to_vec();
    }
    if row.server_ec.as_ref().is_none_or(due) {
        row.server_ec = Some(issued(&authority, names, KeyKind::EcP256, now)?);
        row.server_names = names.as_slice().to_vec();
    }
    Ok(row)
}

fn issued(
    authority: &Authority,
    names: &ServerNames,
    kind: KeyKind,
    now: UnixMillis,
) -> anyhow::Result<CertifiedKey> {
    let server = authority.issue_server(names, kind, now)?;
    Ok(CertifiedKey { certificate: server.certificate, key: Secret::new(server.private_key.as_str()) })
}

fn context(row: &AuthorityRow, psk: Option<PskLookup>) -> anyhow::Result<SslContext> {
    let identities: Vec<ServerIdentity> = std::iter::once(&row.server_rsa)
        .chain(&row.server_ec)
        .map(|server| ServerIdentity::from_pem(server.certificate.as_bytes(), server.key.expose().as_bytes()))
        .collect::<Result<_, _>>()?;
    Ok(tls_context(&identities, row.ca_certificate.as_bytes(), psk)?)
}

/// The key of a device by its PSK identity `PRODUCTIDDEVICENAME` (facts §1.5). Disabled devices are told at CONNECT.
fn psk_lookup(devices: &Devices) -> PskLookup {
    let devices = devices.clone();
    Arc::new(move |identity| {
        let (product, name) = split_client_id(identity).ok()?;
        let secret = devices.find(&product, name.as_str())?.secret()?;
        Some(secret.key().as_slice().to_vec())
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use openssl::asn1::Asn1Time;
    use openssl::bn::BigNum;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::pkey::{Id, PKey};
    use openssl::ssl::{HandshakeError, Ssl, SslConnector, SslMethod, SslStream, SslVersion};
    use openssl::x509::extension::{BasicConstraints, SubjectKeyIdentifier};
    use openssl::x509::{X509, X509NameBuilder};
    use yizhan_identity::authority::inspect_pem;
    use yizhan_vocabulary::Clock;
    use yizhan_vocabulary::clock::SystemClock;

    use super::*;
    use crate::config::Config;

    const DAY_MS: i64 = 24 * 3600 * 1000;

    /// What a client offers in the handshake.
    struct Offer {
        newest: SslVersion,
        ciphers: &'static str,
        signatures: &'static str,
    }

    const RSA_ONLY: Offer =
        Offer { newest: SslVersion::TLS1_2, ciphers: "ECDHE+aRSA+AES:AES128-SHA", signatures: "RSA+SHA256" };
    const ECDSA_ONLY: Offer =
        Offer { newest: SslVersion::TLS1_2, ciphers: "ECDHE+ECDSA+AES", signatures: "ECDSA+SHA256" };
    const ALL: Offer = Offer {
        newest: SslVersion::TLS1_3,
        ciphers: "DEFAULT",
        signatures: "rsa_pss_rsae_sha256:RSA+SHA256:ECDSA+SHA256",
    };

    struct Installation {
        dir: tempfile::TempDir,
        store: Arc<Store>,
        devices: Devices,
        now: UnixMillis,
    }

    impl Installation {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let store = Arc::new(Store::open(dir.path()).unwrap());
            let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
            let now = clock.now();
            let devices = Devices::load(Arc::clone(&store), &Config::default().devices(), clock).unwrap();
            Self { dir, store, devices, now }
        }

        fn open(&self) -> ServerTls {
            ServerTls::open(&self.store, self.dir.path(), &[], &self.devices, self.now).unwrap()
        }

        fn row(&self) -> AuthorityRow {
            self.store.authority().unwrap().unwrap()
        }
    }

    /// The registry's row as a release left it that made its authority on P-256 and had one certificate of the server.
    fn row_of_an_older_release(now: UnixMillis) -> AuthorityRow {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_nid(Nid::COMMONNAME, "Yizhan private CA 01020304").unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(now.plus_ms(-DAY_MS).seconds()).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(10_000).unwrap()).unwrap();
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        let own_key = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(own_key).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let text = |pem: Vec<u8>| String::from_utf8(pem).unwrap();
        let ca_certificate = text(builder.build().to_pem().unwrap());
        let ca_key = text(key.ec_key().unwrap().private_key_to_pem().unwrap());
        let authority = Authority::from_pem(&ca_certificate, &ca_key).unwrap();
        let names = ServerNames::with([]).unwrap();
        AuthorityRow {
            ca_certificate,
            ca_key: Secret::new(&ca_key),
            server_rsa: issued(&authority, &names, KeyKind::Rsa2048, now).unwrap(),
            server_ec: None,
            server_names: names.as_slice().to_vec(),
        }
    }

    /// The certificate that a client is shown which checks chain and host name against `ca`.
    fn shown(context: &SslContext, ca: &str, offer: &Offer) -> X509 {
        let (here, there) = UnixStream::pair().unwrap();
        let mut server = SslStream::new(Ssl::new(context).unwrap(), here).unwrap();
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.cert_store_mut().add_cert(X509::from_pem(ca.as_bytes()).unwrap()).unwrap();
        builder.set_max_proto_version(Some(offer.newest)).unwrap();
        builder.set_cipher_list(offer.ciphers).unwrap();
        builder.set_sigalgs_list(offer.signatures).unwrap();
        let connector = builder.build();
        std::thread::scope(|scope| {
            scope.spawn(move || server.accept());
            match connector.connect("localhost", there) {
                Ok(client) => client.ssl().peer_certificate().unwrap(),
                Err(HandshakeError::Failure(failed)) => panic!("{}", failed.error()),
                Err(error) => panic!("{error}"),
            }
        })
    }

    #[track_caller]
    fn expect_both_kinds(tls: &ServerTls, ca: &str) {
        for context in [&tls.mqtt, &tls.https] {
            for (offer, kind) in [(RSA_ONLY, Id::RSA), (ECDSA_ONLY, Id::EC), (ALL, Id::EC)] {
                let certificate = shown(&context.read(), ca, &offer);
                assert_eq!(certificate.public_key().unwrap().id(), kind, "{}", offer.ciphers);
            }
        }
    }

    #[test]
    fn a_new_authority_serves_clients_that_know_only_rsa_and_all_others() {
        let installation = Installation::new();
        let tls = installation.open();
        let row = installation.row();
        expect_both_kinds(&tls, &row.ca_certificate);
        installation.open();
        assert_eq!(installation.row(), row, "another start issues nothing");
    }

    #[test]
    fn an_authority_of_an_older_release_stays_and_issues_the_missing_certificate() {
        let installation = Installation::new();
        let former = row_of_an_older_release(installation.now);
        installation.store.set_authority(&former).unwrap();
        let tls = installation.open();
        expect_both_kinds(&tls, &former.ca_certificate);
        let row = installation.row();
        assert!(row.server_ec.is_some());
        assert_eq!(AuthorityRow { server_ec: None, ..row }, former);
        let left = std::fs::read_to_string(installation.dir.path().join("ca.pem")).unwrap();
        assert_eq!(left, former.ca_certificate);
    }

    #[test]
    fn both_certificates_are_renewed_while_the_server_runs() {
        let installation = Installation::new();
        installation.store.set_authority(&row_of_an_older_release(installation.now)).unwrap();
        let tls = installation.open();
        let before = installation.row();
        let end = inspect_pem(&before.server_rsa.certificate).unwrap().not_after;
        tls.renew(&installation.store, end.plus_ms(-31 * DAY_MS)).unwrap();
        assert_eq!(installation.row(), before, "not yet");

        tls.renew(&installation.store, end.plus_ms(-DAY_MS)).unwrap();
        let after = installation.row();
        assert_eq!((&after.ca_certificate, &after.ca_key), (&before.ca_certificate, &before.ca_key));
        let ec = |row: &AuthorityRow| row.server_ec.clone().unwrap();
        assert_ne!(after.server_rsa, before.server_rsa);
        assert_ne!(ec(&after), ec(&before));
        for (server, key) in [(&after.server_rsa, Id::RSA), (&ec(&after), Id::EC)] {
            let certificate = X509::from_pem(server.certificate.as_bytes()).unwrap();
            assert_eq!(certificate.public_key().unwrap().id(), key);
            assert!(inspect_pem(&server.certificate).unwrap().not_after > end);
        }
    }
}
