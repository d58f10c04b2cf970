//! Private authorities: certificate authorities that accounts bring with them, and the products whose devices they may
//! vouch for (management API facts §4.2.13).
//!
//! What must stay true: an authority vouches only for devices of products that trust it, and a product trusts only an
//! authority of its own root account; when a product's trust changes, no connection stays that was made with the old one.

use std::sync::Arc;

use ahash::AHashMap;
use openssl::x509::X509Ref;
use parking_lot::{Mutex, RwLock};
use yizhan_identity::authority::{AuthorityFacts, PrivateAuthority, PrivateAuthorityError};
use yizhan_store::{AuthMode, PrivateAuthorityRow, Store, StoreError};
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::{ProductId, Uin, UnixMillis};

use super::{Device, Product};
use crate::{Devices, DevicesError};

/// Authorities of one account (device protocol facts §1.5: up to ten).
const MAX_AUTHORITIES_OF_ACCOUNT: usize = 10;
/// The longest name of one.
const MAX_NAME_CHARS: usize = 32;

/// An authority of an account.
#[derive(Debug)]
pub struct OwnAuthority {
    id: i64,
    /// The root account that it belongs to.
    pub owner: Uin,
    /// Its name.
    pub name: String,
    /// When it was brought, or replaced.
    pub created_at: UnixMillis,
    /// What its certificate says.
    pub facts: AuthorityFacts,
    authority: PrivateAuthority,
}

/// Why something cannot be done with a private authority.
#[derive(Debug, thiserror::Error)]
pub enum OwnAuthorityError {
    /// The name is empty, too long or has control characters.
    #[error("a name has 1 to {MAX_NAME_CHARS} characters")]
    BadName,
    /// The account has an authority of this name.
    #[error("the account has an authority of this name already")]
    NameTaken,
    /// The account has brought this certificate already.
    #[error("the account has brought this certificate already")]
    Repeated,
    /// The account has as many as it may.
    #[error("an account has at most {MAX_AUTHORITIES_OF_ACCOUNT} authorities of its own")]
    TooMany,
    /// There is none of this name.
    #[error("the account has no authority of this name")]
    NotFound,
    /// Products trust it.
    #[error("products still use this authority; detach it from them first")]
    InUse,
    /// The product's devices have keys.
    #[error("the devices of this product authenticate by key, not by certificate")]
    NotByCertificate,
    /// The texts are not what they should be.
    #[error(transparent)]
    Refused(#[from] PrivateAuthorityError),
    /// Anything else.
    #[error(transparent)]
    Devices(#[from] DevicesError),
}

impl From<StoreError> for OwnAuthorityError {
    fn from(error: StoreError) -> Self {
        Self::Devices(error.into())
    }
}

/// Authorities by number, and which product trusts which.
#[derive(Debug, Default)]
pub(crate) struct OwnAuthorities {
    index: RwLock<Index>,
    /// Held while one of them, or a product's trust, changes.
    changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Index {
    all: AHashMap<i64, Arc<OwnAuthority>>,
    of_product: AHashMap<ProductId, i64>,
}

impl OwnAuthorities {
    pub fn load(&self, store: &Store) -> Result<(), DevicesError> {
        let mut index = Index::default();
        for row in store.private_authorities()? {
            let name = row.name.clone();
            match own_authority(row) {
                Ok(authority) => {
                    index.all.insert(authority.id, Arc::new(authority));
                }
                // A stricter release must not keep the server from starting; nobody is vouched for meanwhile.
                Err(error) => tracing::error!(name, %error, "a stored private authority is refused"),
            }
        }
        index.of_product = store.product_authorities()?.into_iter().collect();
        *self.index.write() = index;
        Ok(())
    }

    /// Forgets the trust of a product that was deleted; the store has dropped it with the product.
    pub fn forget(&self, product: &ProductId) {
        self.index.write().of_product.remove(product);
    }

    fn of(&self, product: &ProductId) -> Option<Arc<OwnAuthority>> {
        let index = self.index.read();
        index.all.get(index.of_product.get(product)?).cloned()
    }

    fn named(&self, owner: Uin, name: &str) -> Option<Arc<OwnAuthority>> {
        let index = self.index.read();
        index.all.values().find(|authority| authority.owner == owner && authority.name == name).cloned()
    }

    fn owned(&self, owner: Uin) -> Vec<Arc<OwnAuthority>> {
        let index = self.index.read();
        let mut own: Vec<_> = index.all.values().filter(|it| it.owner == owner).cloned().collect();
        drop(index);
        own.sort_unstable_by_key(|authority| authority.id);
        own
    }
}

fn own_authority(row: PrivateAuthorityRow) -> Result<OwnAuthority, DevicesError> {
    let broken =
        |error: yizhan_identity::authority::AuthorityError| DevicesError::Internal(error.to_string());
    let authority = PrivateAuthority::from_der(&row.certificate).map_err(broken)?;
    let facts = authority.facts().map_err(broken)?;
    Ok(OwnAuthority {
        id: row.id,
        owner: row.owner,
        name: row.name,
        created_at: row.created_at,
        facts,
        authority,
    })
}

impl Devices {
    /// Whether the authority that the device's product trusts says that the holder of `certificate` is the device.
    pub fn is_vouched_for(&self, device: &Device, certificate: &X509Ref, now: UnixMillis) -> bool {
        let trusted = self.0.own_authorities.of(device.product_id());
        trusted
            .is_some_and(|it| it.authority.vouches_for(certificate, device.product_id(), &device.name, now))
    }

    /// Takes an authority of an account: its certificate, and one that it signed for exactly this account.
    pub fn add_own_authority(
        &self,
        owner: Uin,
        name: &str,
        certificate: &str,
        proof: &str,
    ) -> Result<Arc<OwnAuthority>, OwnAuthorityError> {
        let fits =
            (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if !fits {
            return Err(OwnAuthorityError::BadName);
        }
        let own = &self.0.own_authorities;
        let _changing = own.changing.lock();
        if own.named(owner, name).is_some() {
            return Err(OwnAuthorityError::NameTaken);
        }
        if own.owned(owner).len() >= MAX_AUTHORITIES_OF_ACCOUNT {
            return Err(OwnAuthorityError::TooMany);
        }
        let mut row = self.accepted(owner, name, certificate, proof)?;
        row.id = self.0.store.add_private_authority(&row)?;
        Ok(self.enter(row)?)
    }

    /// Puts another certificate in the place of an authority's. Devices that it vouched for must show that the new one
    /// does too: their connections end.
    pub fn replace_own_authority(
        &self,
        owner: Uin,
        name: &str,
        certificate: &str,
        proof: &str,
    ) -> Result<Arc<OwnAuthority>, OwnAuthorityError> {
        let own = &self.0.own_authorities;
        let changing = own.changing.lock();
        let present = own.named(owner, name).ok_or(OwnAuthorityError::NotFound)?;
        let mut row = self.accepted(owner, name, certificate, proof)?;
        row.id = present.id;
        self.0.store.replace_private_authority(&row)?;
        let fresh = self.enter(row)?;
        drop(changing);
        for product in self.products_trusting(&fresh) {
            self.end_connections(&product);
        }
        Ok(fresh)
    }

    fn accepted(
        &self,
        owner: Uin,
        name: &str,
        certificate: &str,
        proof: &str,
    ) -> Result<PrivateAuthorityRow, OwnAuthorityError> {
        let now = self.0.clock.now();
        let authority = PrivateAuthority::accept(certificate, proof, owner, now)?;
        let internal = |error: yizhan_identity::authority::AuthorityError| {
            OwnAuthorityError::Devices(DevicesError::Internal(error.to_string()))
        };
        let fingerprint = authority.facts().map_err(internal)?.fingerprint;
        if self.0.own_authorities.owned(owner).iter().any(|it| it.facts.fingerprint == fingerprint) {
            return Err(OwnAuthorityError::Repeated);
        }
        let certificate = authority.der().map_err(internal)?;
        Ok(PrivateAuthorityRow {
            id: 0,
            owner,
            name: name.to_owned(),
            fingerprint,
            certificate,
            created_at: now,
        })
    }

    fn enter(&self, row: PrivateAuthorityRow) -> Result<Arc<OwnAuthority>, DevicesError> {
        let authority = Arc::new(own_authority(row)?);
        self.0.own_authorities.index.write().all.insert(authority.id, Arc::clone(&authority));
        Ok(authority)
    }

    /// Deletes an authority that no product trusts.
    pub fn delete_own_authority(&self, owner: Uin, name: &str) -> Result<(), OwnAuthorityError> {
        let own = &self.0.own_authorities;
        let _changing = own.changing.lock();
        let present = own.named(owner, name).ok_or(OwnAuthorityError::NotFound)?;
        let deleted = self.0.store.delete_private_authority(present.id);
        deleted.map_err(|error| match error {
            StoreError::Conflict(_) => OwnAuthorityError::InUse,
            other => other.into(),
        })?;
        own.index.write().all.remove(&present.id);
        Ok(())
    }

    /// The authority of an account with this name.
    pub fn own_authority(&self, owner: Uin, name: &str) -> Option<Arc<OwnAuthority>> {
        self.0.own_authorities.named(owner, name)
    }

    /// The authorities of an account, oldest first.
    pub fn own_authorities(&self, owner: Uin) -> Vec<Arc<OwnAuthority>> {
        self.0.own_authorities.owned(owner)
    }

    /// The authority that a product trusts.
    pub fn authority_of(&self, product: &ProductId) -> Option<Arc<OwnAuthority>> {
        self.0.own_authorities.of(product)
    }

    /// The products that trust an authority, by id.
    pub fn products_trusting(&self, authority: &OwnAuthority) -> Vec<Arc<Product>> {
        let index = self.0.own_authorities.index.read();
        let trusting = index.of_product.iter().filter(|(_, id)| **id == authority.id);
        let mut products: Vec<_> = trusting.filter_map(|(product, _)| self.product(product)).collect();
        drop(index);
        products.sort_unstable_by_key(|product| product.id);
        products
    }

    /// Makes a product trust an authority in place of the one it trusts, or none. The connections of its devices end.
    pub fn set_authority_of(
        &self,
        product: &Product,
        authority: Option<&OwnAuthority>,
    ) -> Result<(), OwnAuthorityError> {
        if authority.is_some() && product.auth != AuthMode::Certificate {
            return Err(OwnAuthorityError::NotByCertificate);
        }
        let owner = self.owner_of_project(&product.settings().profile.project);
        if authority.is_some_and(|authority| Some(authority.owner) != owner) {
            return Err(OwnAuthorityError::NotFound);
        }
        let own = &self.0.own_authorities;
        let changing = own.changing.lock();
        let wanted = authority.map(|authority| authority.id);
        // It may have been deleted since it was looked up.
        if wanted.is_some_and(|id| !own.index.read().all.contains_key(&id)) {
            return Err(OwnAuthorityError::NotFound);
        }
        let before = own.index.read().of_product.get(&product.id).copied();
        if before == wanted {
            return Ok(());
        }
        self.0.store.set_product_authority(&product.id, wanted)?;
        let mut index = own.index.write();
        match wanted {
            Some(id) => index.of_product.insert(product.id, id),
            None => index.of_product.remove(&product.id),
        };
        drop(index);
        drop(changing);
        if before.is_some() {
            self.end_connections(product);
        }
        Ok(())
    }

    fn end_connections(&self, product: &Product) {
        for device in product.devices() {
            self.disconnect(device.id, DisconnectCause::CredentialRevoked);
        }
    }
}
