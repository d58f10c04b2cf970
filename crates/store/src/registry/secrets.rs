//! Keys of the installation: 32 random bytes under a name, made at their first use and sealed like every secret. What is
//! signed with one stays valid over a restart and means nothing to another installation.

use rusqlite::{OptionalExtension, params};
use yizhan_vocabulary::UnixMillis;
use zeroize::Zeroizing;

use crate::access::Store;
use crate::error::StoreError;
use crate::rows::Secret;
use crate::seal::Place;

const fn place(name: &str) -> Place<'_> {
    Place { column: "installation_secrets.secret", row: (name, "") }
}

const fn file_place(name: &str) -> Place<'_> {
    Place { column: "file", row: (name, "") }
}

impl Store {
    /// The installation's key with this name; it is made if it is not there.
    pub fn installation_key(&self, name: &str, now: UnixMillis) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let mut fresh = Zeroizing::new([0; 32]);
        getrandom::fill(fresh.as_mut_slice())
            .map_err(|error| StoreError::Unavailable(format!("no random bytes: {error}")))?;
        let digits = Zeroizing::new(hex::encode(fresh.as_slice()));
        let sealed = self.sealer.seal(place(name), &digits)?;
        // Two who ask at once get the same key: the first row stays.
        let kept = self.write(|transaction| {
            transaction.execute(
                "INSERT INTO installation_secrets (name, secret_sealed, created_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (name) DO NOTHING",
                params![name, sealed, now.0],
            )?;
            let mut statement = transaction
                .prepare_cached("SELECT secret_sealed FROM installation_secrets WHERE name = ?1")?;
            Ok(statement.query_row([name], |row| row.get::<_, Vec<u8>>(0)).optional()?)
        })?;
        let kept = kept.ok_or_else(|| StoreError::Internal(format!("the key {name} was not kept")))?;
        let digits = self.sealer.unseal(place(name), &kept)?;
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.expose(), key.as_mut_slice())
            .map_err(|_| StoreError::Internal(format!("the key {name} is damaged")))?;
        Ok(key)
    }

    /// Seals a file that is kept outside of the registry under this name.
    pub fn seal_file(&self, name: &str, text: &str) -> Result<Vec<u8>, StoreError> {
        self.sealer.seal(file_place(name), text)
    }

    /// Opens a file that was sealed under this name.
    pub fn open_file(&self, name: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        self.sealer.unseal(file_place(name), sealed)
    }

    /// Whether every key of the installation opens.
    pub(crate) fn installation_keys_open(&self) -> Result<(), StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT name, secret_sealed FROM installation_secrets")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            self.unseal(place(&name), row, 1)?;
        }
        Ok(())
    }
}
