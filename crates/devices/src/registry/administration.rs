//! Creating, changing and deleting products and devices. The store is written first and decides; then the entries
//! in memory follow, so a failed write changes nothing. Changes of one product are made one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use yizhan_identity::secret::{DeviceSecret, ProductSecret};
use yizhan_identity::topic_permission::TopicPermission;
use yizhan_store::{
    AuthMode, CustomTopic, DeviceRow, DynamicRegistration, ModelOrigin, ModelSaving, NewDevice, NodeKind,
    ProductChange, ProductProfile, ProductRow, Secret, StoreError,
};
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::{DeviceId, DeviceName, ProductId, PropertyNumber, ThingModel, Uin};

use super::places::check_remark;
use super::{
    Device, DeviceParts, DeviceView, Product, ProductParts, ProductSettings, ProductTopics, ProductView,
};
use crate::features::FEATURES;
use crate::{Devices, DevicesError};

/// A product that is to be created.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Its id; one is made up if there is none.
    pub id: Option<ProductId>,
    /// Its display name.
    pub name: String,
    /// What its devices are.
    pub node: NodeKind,
    /// How they authenticate.
    pub auth: AuthMode,
    /// Whether devices may register themselves.
    pub dynamic_registration: DynamicRegistration,
    /// Its thing model.
    pub model_json: Option<String>,
    /// What the management API keeps about it.
    pub profile: ProductProfile,
}

/// Which devices are to be created.
#[derive(Debug, Clone)]
pub enum DeviceCreation {
    /// Those with these names.
    Named(Vec<String>),
    /// `prefix` followed by a number, as many as asked for, counting on from the highest that exists.
    Numbered {
        /// What every name starts with.
        prefix: String,
        /// How many.
        count: usize,
    },
}

/// The longest display name of a product.
const MAX_NAME_CHARS: usize = 128;

impl From<StoreError> for DevicesError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(text) => Self::NotFound(format!("{text} does not exist")),
            StoreError::Conflict(text) => Self::Conflict(text),
            StoreError::Invalid(text) => Self::Invalid(text),
            StoreError::Unavailable(text) => {
                Self::Unavailable(format!("the registry is not available: {text}"))
            }
            StoreError::Internal(text) => Self::Internal(format!("the registry failed: {text}")),
        }
    }
}

impl Devices {
    pub(crate) fn load_registry(&self) -> Result<(), DevicesError> {
        self.load_places()?;
        self.0.own_authorities.load(&self.0.store)?;
        self.0.licences.load(&self.0.store)?;
        let mut auto_created: HashMap<ProductId, u32> = HashMap::new();
        let mut rows = Vec::new();
        self.0.store.each_device(|row| {
            if row.auto_created {
                *auto_created.entry(row.product).or_default() += 1;
            }
            rows.push(row);
        })?;
        for row in self.0.store.products()? {
            let created = auto_created.get(&row.id).copied().unwrap_or(0);
            self.load_product(row, created)?;
        }
        let mut devices = Vec::with_capacity(rows.len());
        for row in rows {
            let product = self.0.registry.product(&row.product).ok_or_else(|| {
                DevicesError::Internal(format!("device {} belongs to no product", row.id.0))
            })?;
            devices.push(Arc::new(entry_of(row, product)?));
        }
        self.0.registry.insert_devices(&devices);
        self.load_tags()
    }

    fn load_product(&self, row: ProductRow, auto_created: u32) -> Result<Arc<Product>, DevicesError> {
        let custom = self.0.store.custom_topics(&row.id)?;
        let model = match &row.model_json {
            None => None,
            Some(json) => {
                let mut numbers = Numbers::of(&self.0.store, &row.id)?;
                match ThingModel::parse(json, &mut |identifier| numbers.number(identifier)) {
                    Ok(model) => Some(Arc::new(model)),
                    Err(errors) => {
                        // A stricter release must not keep the server from starting.
                        tracing::error!(product = %row.id, errors = errors.len(), "the stored thing model is refused");
                        None
                    }
                }
            }
        };
        let product = Arc::new(Product::new(ProductParts {
            id: row.id,
            node: row.node,
            auth: row.auth,
            created_at: row.created_at,
            settings: ProductSettings {
                name: row.name,
                secret: row.product_secret,
                dynamic_registration: row.dynamic_registration,
                auto_created,
                profile: row.profile,
            },
            enabled: row.enabled,
            model,
            topics: compile_topics(custom)?,
        }));
        self.0.registry.insert_product(Arc::clone(&product));
        Ok(product)
    }

    /// Creates a product, with its model if there is one.
    pub fn create_product(&self, new: NewProduct) -> Result<ProductView, DevicesError> {
        if self.0.registry.product_count() >= self.0.config.max_products {
            return Err(DevicesError::LimitReached(format!(
                "this installation may hold {} products",
                self.0.config.max_products
            )));
        }
        check_name(&new.name)?;
        check_remark(&new.profile.description)?;
        let _places = self.0.registry.places.changing.lock();
        self.check_product_name(&new.name, &new.profile.project, None)?;
        let mut numbers = Numbers::default();
        let model = numbers.parse(new.model_json.as_deref())?;
        let now = self.0.clock.now();
        let row = ProductRow {
            id: new.id.unwrap_or_else(generate_product_id),
            name: new.name,
            node: new.node,
            auth: new.auth,
            product_secret: Secret::new(ProductSecret::generate().as_text()),
            dynamic_registration: new.dynamic_registration,
            enabled: true,
            model_json: new.model_json,
            profile: ProductProfile { updated_at: now, ..new.profile },
            created_at: now,
        };
        self.0.store.create_product(&row, &numbers_used(model.as_deref()))?;
        Ok(ProductView::with_secret(&*self.load_product(row, 0)?))
    }

    /// A product as people see it, with its secret.
    pub fn product_view(&self, id: &ProductId) -> Result<ProductView, DevicesError> {
        Ok(ProductView::with_secret(&*self.known_product(id)?))
    }

    /// Every product as people see it, without secrets.
    pub fn product_views(&self) -> Vec<ProductView> {
        self.products().iter().map(|product| ProductView::of(product)).collect()
    }

    /// Changes a product. What is to change may depend on what it is now; nobody else changes it meanwhile. Disabling it
    /// ends the connections of its devices.
    pub fn change_product(
        &self,
        id: &ProductId,
        decide: impl FnOnce(&ProductSettings) -> Result<ProductChange, DevicesError>,
    ) -> Result<ProductView, DevicesError> {
        let product = self.known_product(id)?;
        let places = self.0.registry.places.changing.lock();
        let changing = product.changing.lock();
        let change = self.with_time_of_change(decide(&product.settings())?, &product);
        self.check_change(&change, &product)?;
        self.0.store.change_product(id, &change)?;
        let mut settings = (*product.settings()).clone();
        if let Some(name) = &change.name {
            settings.name.clone_from(name);
        }
        if let Some(secret) = &change.product_secret {
            settings.secret = secret.clone();
        }
        if let Some(rule) = change.dynamic_registration {
            settings.dynamic_registration = rule;
        }
        if let Some(profile) = &change.profile {
            settings.profile.clone_from(profile);
        }
        product.set_settings(settings);
        if let Some(enabled) = change.enabled {
            product.switch(enabled);
        }
        drop(changing);
        drop(places);
        if change.enabled == Some(false) {
            for device in product.devices() {
                self.disconnect(device.id, DisconnectCause::Disabled);
            }
        }
        Ok(ProductView::of(&product))
    }

    /// The change, with the time at which it is made.
    fn with_time_of_change(&self, change: ProductChange, product: &Product) -> ProductChange {
        let profile = change.profile.unwrap_or_else(|| product.settings().profile.clone());
        ProductChange {
            profile: Some(ProductProfile { updated_at: self.0.clock.now(), ..profile }),
            ..change
        }
    }

    fn check_change(&self, change: &ProductChange, product: &Product) -> Result<(), DevicesError> {
        if let Some(profile) = &change.profile {
            check_remark(&profile.description)?;
        }
        let Some(name) = &change.name else { return Ok(()) };
        check_name(name)?;
        self.check_product_name(name, &product.settings().profile.project, Some(&product.id))
    }

    /// Gives a product a new secret. Devices that know the old one only cannot register any more; those that have
    /// registered are not concerned.
    pub fn reset_product_secret(&self, id: &ProductId) -> Result<ProductView, DevicesError> {
        let secret = Secret::new(ProductSecret::generate().as_text());
        self.change_product(id, |_| {
            Ok(ProductChange { product_secret: Some(secret), ..ProductChange::default() })
        })?;
        self.product_view(id)
    }

    /// Deletes a product that has no devices any more.
    pub fn delete_product(&self, id: &ProductId) -> Result<(), DevicesError> {
        let product = self.known_product(id)?;
        let _changing = product.changing.lock();
        self.0.store.delete_product(id)?;
        self.0.registry.remove_product(id);
        self.0.own_authorities.forget(id);
        Ok(())
    }

    /// The product's thing model as it was given.
    pub fn model(&self, id: &ProductId) -> Result<Option<Arc<ThingModel>>, DevicesError> {
        Ok(self.known_product(id)?.model())
    }

    /// Replaces the product's thing model, or removes it, on the machine itself: no account does it.
    pub fn put_model(
        &self,
        id: &ProductId,
        json: Option<&str>,
    ) -> Result<Option<Arc<ThingModel>>, DevicesError> {
        self.save_model(id, json, ModelOrigin::Changed, None, |_| Ok(()))
    }

    /// Replaces the product's thing model, or removes it. Values of properties that stay keep their history, because
    /// an identifier keeps its number for ever. The model that was there stays among the versions. Whether it may be
    /// replaced can depend on the product's settings; nobody else changes them meanwhile.
    pub fn save_model<E: From<DevicesError>>(
        &self,
        id: &ProductId,
        json: Option<&str>,
        origin: ModelOrigin,
        account: Option<Uin>,
        allowed: impl FnOnce(&ProductSettings) -> Result<(), E>,
    ) -> Result<Option<Arc<ThingModel>>, E> {
        let product = self.known_product(id)?;
        let _changing = product.changing.lock();
        allowed(&product.settings())?;
        let mut numbers = Numbers::of(&self.0.store, id)?;
        let model = numbers.parse(json)?;
        let saving = ModelSaving { origin, account, at: self.0.clock.now() };
        let saved = self.0.store.set_model(id, json, &numbers_used(model.as_deref()), &saving);
        saved.map_err(DevicesError::from)?;
        product.set_model(model.clone());
        Ok(model)
    }

    /// The product's custom topics.
    pub fn custom_topics(&self, id: &ProductId) -> Result<Vec<CustomTopic>, DevicesError> {
        Ok(self.known_product(id)?.topics().custom.clone())
    }

    /// Changes the product's custom topics. What is to change may depend on what there is now; nobody else changes it
    /// meanwhile.
    pub fn change_custom_topics<E: From<DevicesError>>(
        &self,
        id: &ProductId,
        change: impl FnOnce(&mut Vec<CustomTopic>) -> Result<(), E>,
    ) -> Result<(), E> {
        let product = self.known_product(id)?;
        let _changing = product.changing.lock();
        let mut topics = product.topics().custom.clone();
        change(&mut topics)?;
        let compiled = compile_topics(topics)?;
        self.0.store.set_custom_topics(id, &compiled.custom).map_err(DevicesError::from)?;
        product.set_topics(compiled);
        Ok(())
    }

    /// Replaces the product's custom topics. Connections stay; what they may do changes with their next message.
    pub fn put_custom_topics(&self, id: &ProductId, topics: Vec<CustomTopic>) -> Result<(), DevicesError> {
        let product = self.known_product(id)?;
        let _changing = product.changing.lock();
        let compiled = compile_topics(topics)?;
        self.0.store.set_custom_topics(id, &compiled.custom)?;
        product.set_topics(compiled);
        Ok(())
    }

    /// Creates devices, all or none.
    pub fn create_devices(
        &self,
        product: &ProductId,
        creation: DeviceCreation,
    ) -> Result<Vec<DeviceView>, DevicesError> {
        let product = self.known_product(product)?;
        let _changing = product.changing.lock();
        let names = self.names_to_create(&product, creation)?;
        let devices = self.insert_devices(&product, names, false)?;
        Ok(devices.iter().map(|device| device.view_with_secret()).collect())
    }

    /// Creates a device with a key of its own making instead of a generated one.
    pub fn create_device_with_key(
        &self,
        product: &ProductId,
        name: &str,
        secret: DeviceSecret,
    ) -> Result<DeviceView, DevicesError> {
        let product = self.known_product(product)?;
        let _changing = product.changing.lock();
        let names = self.names_to_create(&product, DeviceCreation::Named(vec![name.to_owned()]))?;
        let named = names.into_iter().zip([secret]);
        let write = |rows: &[NewDevice]| self.0.store.create_devices(rows);
        let devices = self.insert_devices_through(&product, named, false, write)?;
        Ok(devices[0].view_with_secret())
    }

    fn names_to_create(
        &self,
        product: &Product,
        creation: DeviceCreation,
    ) -> Result<Vec<DeviceName>, DevicesError> {
        let limit = self.0.config.max_batch_creation;
        let count = match &creation {
            DeviceCreation::Named(names) => names.len(),
            DeviceCreation::Numbered { count, .. } => *count,
        };
        if count == 0 || count > limit {
            return Err(DevicesError::Invalid(format!(
                "between 1 and {limit} devices can be created at once"
            )));
        }
        let texts = match creation {
            DeviceCreation::Named(names) => names,
            DeviceCreation::Numbered { prefix, count } => numbered_names(product, &prefix, count)?,
        };
        let parse = |text: &String| {
            DeviceName::parse(text).map_err(|error| DevicesError::Invalid(format!("{text:?}: {error}")))
        };
        texts.iter().map(parse).collect()
    }

    /// Stores and enters devices. The product's lock is held.
    pub(crate) fn insert_devices(
        &self,
        product: &Arc<Product>,
        names: Vec<DeviceName>,
        auto_created: bool,
    ) -> Result<Vec<Arc<Device>>, DevicesError> {
        let named = names.into_iter().map(|name| (name, DeviceSecret::generate()));
        let write = |rows: &[NewDevice]| self.0.store.create_devices(rows);
        self.insert_devices_through(product, named, auto_created, write)
    }

    /// The same with keys of the caller's, where `write` stores them, with something else in the same transaction. The
    /// product's lock is held.
    pub(crate) fn insert_devices_through(
        &self,
        product: &Arc<Product>,
        named: impl ExactSizeIterator<Item = (DeviceName, DeviceSecret)>,
        auto_created: bool,
        write: impl FnOnce(&[NewDevice]) -> Result<Vec<DeviceId>, StoreError>,
    ) -> Result<Vec<Arc<Device>>, DevicesError> {
        let _held = self.0.licences.hold();
        let limit = self.0.config.max_devices;
        if self.0.registry.device_count() + named.len() > limit {
            return Err(DevicesError::LimitReached(format!("this installation may hold {limit} devices")));
        }
        if let Some(project) = self.project(&product.settings().profile.project) {
            self.check_instance_limit(&project.instance, named.len())?;
            if let Some(owner) = self.owner_of_instance(&project.instance) {
                self.check_licences(owner, product, named.len())?;
            }
        }
        let now = self.0.clock.now();
        let mut rows = Vec::with_capacity(named.len());
        let mut secrets = Vec::with_capacity(named.len());
        for (name, secret) in named {
            rows.push(NewDevice {
                product: product.id,
                name,
                secret: Secret::new(secret.as_text()),
                auto_created,
                nickname: None,
                created_at: now,
            });
            secrets.push(secret);
        }
        let ids = write(&rows)?;
        let entries: Vec<_> = ids
            .into_iter()
            .zip(rows)
            .zip(secrets)
            .map(|((id, row), secret)| {
                Arc::new(Device::new(DeviceParts {
                    id,
                    name: row.name,
                    product: Arc::clone(product),
                    secret: usable_key(product, secret),
                    enabled: true,
                    activated_at: None,
                    created_at: now,
                }))
            })
            .collect();
        self.0.registry.insert_devices(&entries);
        product.counters.registered(entries.len() as u64);
        Ok(entries)
    }

    /// Lets a device connect, or not. Disabling it ends its connection.
    pub fn enable_device(&self, device: &Arc<Device>, enabled: bool) -> Result<(), DevicesError> {
        let changing = device.product().changing.lock();
        self.0.store.set_device_enabled(device.id, enabled)?;
        device.switch(enabled);
        drop(changing);
        if !enabled {
            self.disconnect(device.id, DisconnectCause::Disabled);
        }
        Ok(())
    }

    /// Gives a device a new secret and ends the connection that it opened with the old one.
    pub fn reset_device_secret(&self, device: &Arc<Device>) -> Result<DeviceView, DevicesError> {
        self.set_device_secret(device, DeviceSecret::generate())
    }

    /// The same with a secret of the caller's.
    pub fn set_device_secret(
        &self,
        device: &Arc<Device>,
        secret: DeviceSecret,
    ) -> Result<DeviceView, DevicesError> {
        let product = device.product();
        if product.auth != AuthMode::Key {
            return Err(DevicesError::Conflict(
                "the product's devices authenticate by certificate; issue a certificate and revoke the old one"
                    .to_owned(),
            ));
        }
        let changing = product.changing.lock();
        self.0.store.set_device_secret(device.id, &Secret::new(secret.as_text()))?;
        device.set_secret(secret);
        drop(changing);
        self.disconnect(device.id, DisconnectCause::CredentialRevoked);
        Ok(device.view_with_secret())
    }

    /// Deletes a device and ends its connection. Its logs stay until their time is over; its number is not used
    /// again.
    pub fn delete_device(&self, device: &Arc<Device>) -> Result<(), DevicesError> {
        let product = device.product();
        let changing = product.changing.lock();
        let row = self.0.store.device(&product.id, &device.name)?;
        self.0.store.delete_devices(&[device.id])?;
        if row.is_some_and(|row| row.auto_created) {
            let mut settings = (*product.settings()).clone();
            settings.auto_created = settings.auto_created.saturating_sub(1);
            product.set_settings(settings);
        }
        device.mark_deleted();
        self.0.registry.remove_device(device);
        drop(changing);
        self.disconnect(device.id, DisconnectCause::Deleted);
        self.abandon_commands(device);
        self.note_change(device);
        Ok(())
    }

    /// The product with this id, or an error that names it.
    pub fn known_product(&self, id: &ProductId) -> Result<Arc<Product>, DevicesError> {
        self.product(id).ok_or_else(|| DevicesError::NotFound(format!("product {id} does not exist")))
    }

    /// The device with this name, or an error that names it.
    pub fn known_device(&self, product: &ProductId, name: &str) -> Result<Arc<Device>, DevicesError> {
        let product = self.known_product(product)?;
        product.device(name).ok_or_else(|| {
            let shown: String = name.chars().take(DeviceName::MAX_LENGTH).collect();
            DevicesError::NotFound(format!("product {} has no device {shown}", product.id))
        })
    }

    pub(crate) fn disconnect(&self, device: DeviceId, cause: DisconnectCause) {
        if let Some(links) = self.0.links.get() {
            links.disconnect(device, cause);
        }
    }
}

/// `prefix` followed by a number each, counting on from the highest that exists.
pub(crate) fn numbered_names(
    product: &Product,
    prefix: &str,
    count: usize,
) -> Result<Vec<String>, DevicesError> {
    let numbers = |device: &Arc<Device>| device.name.as_str().strip_prefix(prefix)?.parse::<u64>().ok();
    let last = product.devices().iter().filter_map(numbers).max().unwrap_or(0);
    let end = last.checked_add(count as u64).ok_or_else(|| {
        DevicesError::Invalid(format!("no {count} numbers follow on {last}; choose another prefix"))
    })?;
    Ok((last + 1..=end).map(|number| format!("{prefix}{number:04}")).collect())
}

fn entry_of(row: DeviceRow, product: Arc<Product>) -> Result<Device, DevicesError> {
    let secret = DeviceSecret::parse(row.secret.expose())
        .map_err(|error| DevicesError::Internal(format!("the key of device {}: {error}", row.id.0)))?;
    let secret = usable_key(&product, secret);
    Ok(Device::new(DeviceParts {
        id: row.id,
        name: row.name,
        product,
        secret,
        enabled: row.enabled,
        activated_at: row.activated_at,
        created_at: row.created_at,
    }))
}

/// The registry has a key for every device; one whose product authenticates by certificate may not log in with it.
fn usable_key(product: &Product, secret: DeviceSecret) -> Option<DeviceSecret> {
    (product.auth == AuthMode::Key).then_some(secret)
}

fn check_name(name: &str) -> Result<(), DevicesError> {
    let length = name.chars().count();
    let fits = (1..=MAX_NAME_CHARS).contains(&length) && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| {
        DevicesError::Invalid(format!(
            "a name has 1 to {MAX_NAME_CHARS} characters, none of them control characters"
        ))
    })
}

/// A new product's id: ten upper-case letters and digits, the first a letter. For callers that need it before there is
/// a product.
pub fn generate_product_id() -> ProductId {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut random = [0_u8; ProductId::LENGTH];
    getrandom::fill(&mut random).expect("the system's source of randomness works");
    let letter = |(position, byte): (usize, &u8)| {
        let range = if position == 0 { 24 } else { ALPHABET.len() };
        char::from(ALPHABET[usize::from(*byte) % range])
    };
    let text: String = random.iter().enumerate().map(letter).collect();
    ProductId::parse(&text).expect("ten letters and digits are a product id")
}

fn compile_topics(custom: Vec<CustomTopic>) -> Result<ProductTopics, DevicesError> {
    let rules: Vec<_> = FEATURES.iter().flat_map(|feature| feature.topics.iter().copied()).collect();
    let pairs = custom.iter().map(|topic| (topic.suffix.as_str(), topic.rights));
    let permission = TopicPermission::compile(&rules, pairs)
        .map_err(|error| DevicesError::Invalid(format!("custom topics: {error}")))?;
    Ok(ProductTopics { custom, permission })
}

/// The numbers of a model's properties.
fn numbers_used(model: Option<&ThingModel>) -> Vec<(&str, u16)> {
    let properties = model.into_iter().flat_map(|model| model.properties());
    properties.map(|property| (&*property.identifier, property.number.0)).collect()
}

/// Gives properties their numbers: an identifier that had one keeps it, a new one gets the next.
#[derive(Default)]
struct Numbers {
    known: HashMap<String, u16>,
    last: u16,
    exhausted: bool,
}

impl Numbers {
    fn of(store: &yizhan_store::Store, product: &ProductId) -> Result<Self, DevicesError> {
        let known: HashMap<String, u16> = store.property_numbers(product)?.into_iter().collect();
        let last = known.values().copied().max().unwrap_or(0);
        Ok(Self { known, last, exhausted: false })
    }

    /// Reads a model and numbers its properties.
    fn parse(&mut self, json: Option<&str>) -> Result<Option<Arc<ThingModel>>, DevicesError> {
        let parse = |json| ThingModel::parse(json, &mut |identifier| self.number(identifier));
        let model = json.map(parse).transpose().map_err(DevicesError::InvalidModel)?;
        if self.exhausted {
            return Err(DevicesError::LimitReached(
                "the product has used up its property numbers; create a new product".to_owned(),
            ));
        }
        Ok(model.map(Arc::new))
    }

    fn number(&mut self, identifier: &str) -> PropertyNumber {
        if let Some(number) = self.known.get(identifier) {
            return PropertyNumber(*number);
        }
        match self.last.checked_add(1) {
            Some(next) => {
                self.last = next;
                self.known.insert(identifier.to_owned(), next);
                PropertyNumber(next)
            }
            None => {
                self.exhausted = true;
                PropertyNumber(u16::MAX)
            }
        }
    }
}
