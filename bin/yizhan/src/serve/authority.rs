//! The private authority and the server's certificate: made at the first start, renewed while the server runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use openssl::pkey::PKey;
use openssl::ssl::SslContext;
use parking_lot::RwLock;
use yizhan_api::Authorities;
use yizhan_devices::Devices;
use yizhan_identity::authority::{Authority, ServerNames};
use yizhan_link::{PskLookup, tls_context};
use yizhan_store::{AuthorityRow, Secret, Store};
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
    /// Opens the authority, or makes it, and issues the server's certificate where that is needed. The authority's own
    /// certificate is left in `ca.pem` for devices and tools.
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

    /// Exchanges the server's certificate when it is about to end. Open connections stay.
    pub fn renew(&self, store: &Store, now: UnixMillis) -> anyhow::Result<()> {
        let before = self.row.read().clone();
        let after = renewed(before.clone(), &self.names, now)?;
        if after.server_certificate == before.server_certificate {
            return Ok(());
        }
        store.set_authority(&after)?;
        *self.mqtt.write() = context(&after, Some(Arc::clone(&self.psk)))?;
        *self.https.write() = context(&after, None)?;
        *self.row.write() = after;
        tracing::info!("the server's certificate was renewed");
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
    let server = authority.issue_server(names, now)?;
    Ok(AuthorityRow {
        ca_certificate: authority.certificate_pem()?,
        ca_key: Secret::new(authority.key_pem()?.as_str()),
        server_certificate: server.certificate,
        server_key: Secret::new(server.private_key.as_str()),
        server_names: names.as_slice().to_vec(),
    })
}

fn renewed(row: AuthorityRow, names: &ServerNames, now: UnixMillis) -> anyhow::Result<AuthorityRow> {
    let authority = Authority::from_pem(&row.ca_certificate, row.ca_key.expose())?;
    if !authority.needs_renewal(&row.server_certificate, names, now) {
        return Ok(row);
    }
    let server = authority.issue_server(names, now)?;
    Ok(AuthorityRow {
        server_certificate: server.certificate,
        server_key: Secret::new(server.private_key.as_str()),
        server_names: names.as_slice().to_vec(),
        ..row
    })
}

fn context(row: &AuthorityRow, psk: Option<PskLookup>) -> anyhow::Result<SslContext> {
    let key = PKey::private_key_from_pem(row.server_key.expose().as_bytes())?;
    let chain = format!("{}{}", row.server_certificate, row.ca_certificate);
    Ok(tls_context(chain.as_bytes(), &key, psk)?)
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
