//! The certificate authority of this installation and the server's certificates: one row, or none before the
//! first start has made them.

use rusqlite::params;

use crate::access::Store;
use crate::error::StoreError;
use crate::rows::{AuthorityRow, CertifiedKey};
use crate::seal::Place;

const CA_KEY: Place<'static> = Place { column: "authority.ca_key", row: ("authority", "") };
const SERVER_KEY: Place<'static> = Place { column: "authority.server_key", row: ("authority", "") };
const SERVER_EC_KEY: Place<'static> = Place { column: "authority.server_ec_key", row: ("authority", "") };

impl Store {
    /// The authority, once it was made.
    pub fn authority(&self) -> Result<Option<AuthorityRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT ca_certificate, ca_key_sealed, server_certificate, server_key_sealed, server_ec_certificate, \
             server_ec_key_sealed, server_names FROM authority",
        )?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let names: String = row.get(6)?;
        let server_ec = match row.get(4)? {
            Some(certificate) => Some(CertifiedKey { certificate, key: self.unseal(SERVER_EC_KEY, row, 5)? }),
            None => None,
        };
        Ok(Some(AuthorityRow {
            ca_certificate: row.get(0)?,
            ca_key: self.unseal(CA_KEY, row, 1)?,
            server_rsa: CertifiedKey { certificate: row.get(2)?, key: self.unseal(SERVER_KEY, row, 3)? },
            server_ec,
            server_names: serde_json::from_str(&names)
                .map_err(|error| StoreError::Internal(format!("the server's names: {error}")))?,
        }))
    }

    /// Stores the authority and the server's certificates, in place of what was there.
    pub fn set_authority(&self, authority: &AuthorityRow) -> Result<(), StoreError> {
        let ca_key = self.sealer.seal(CA_KEY, authority.ca_key.expose())?;
        let (rsa, ec) = (&authority.server_rsa, authority.server_ec.as_ref());
        let rsa_key = self.sealer.seal(SERVER_KEY, rsa.key.expose())?;
        let ec_key = ec.map(|ec| self.sealer.seal(SERVER_EC_KEY, ec.key.expose())).transpose()?;
        let ec_certificate = ec.map(|ec| &ec.certificate);
        let names = serde_json::to_string(&authority.server_names)
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO authority (id, ca_certificate, ca_key_sealed, server_certificate, \
                 server_key_sealed, server_ec_certificate, server_ec_key_sealed, server_names) \
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    authority.ca_certificate,
                    ca_key,
                    rsa.certificate,
                    rsa_key,
                    ec_certificate,
                    ec_key,
                    names
                ],
            )?;
            Ok(())
        })
    }
}
