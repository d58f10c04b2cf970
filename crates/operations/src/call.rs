//! One use of an operation: who calls, and the only way to the objects that the request names. Each lookup here finds
//! and authorises in one step: an object of another account is not found, an own object that the caller's policies do
//! not open is refused. It also notes the object for the audit log.

use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use yizhan_devices::{Device, InstanceKind, InstanceRow, OwnAuthority, Product, ProjectRow};
use yizhan_people::{AccountRights, Application};
use yizhan_store::ApplicationRow;
use yizhan_vocabulary::{InstanceId, ProductId, ProjectId, Uin, UnixMillis};

use crate::failure::{Code, Failure, Outcome};
use crate::operation::{Operation, Version};
use crate::platform::Platform;
use crate::resource::Resource;
use crate::text::Language;

/// What an account may do. Root accounts may do everything with what is theirs and need none of this.
pub trait Rights: Send + Sync {
    /// Whether the operation may be used on the resource (see [`Resource`] for its form).
    fn allows(&self, operation: &str, resource: &str) -> bool;

    /// Whether answers leave keys and secrets out; `everything` is the resource of the whole account.
    fn hides_secrets(&self, _everything: &str) -> bool {
        false
    }
}

impl Rights for AccountRights {
    fn allows(&self, operation: &str, resource: &str) -> bool {
        self.decide(operation, resource).allowed
    }

    fn hides_secrets(&self, everything: &str) -> bool {
        Self::hides_secrets(self, everything)
    }
}

/// By which means a caller proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// An API key, by its SecretId.
    Key(Arc<str>),
    /// A token of the internal API, by its name.
    Token(Arc<str>),
    /// A session of the console, by the name that it has in lists.
    Session(Arc<str>),
    /// A name and a password, while there is no session yet.
    Password,
    /// The local socket.
    Local,
}

impl Means {
    /// How the audit log shows it.
    pub fn shown(&self) -> String {
        match self {
            Self::Key(id) => format!("key {id}"),
            Self::Token(name) => format!("token {name}"),
            Self::Session(id) => format!("session {id}"),
            Self::Password => "password".to_owned(),
            Self::Local => "local".to_owned(),
        }
    }
}

/// Who calls.
#[derive(Clone)]
pub struct Caller {
    /// The account that acts.
    pub account: Uin,
    /// The root account whose objects are meant; the same for a root account.
    pub owner: Uin,
    /// What the account may do; everything if `None`.
    pub rights: Option<Arc<dyn Rights>>,
    /// Whether it can be the operator of the installation: it can as far as its rights open the installation.
    pub operator: bool,
    /// How it proved who it is.
    pub means: Means,
    /// Where it calls from.
    pub address: Option<IpAddr>,
    /// The language of its messages.
    pub language: Language,
}

/// What the audit log will say beside the request.
#[derive(Debug, Default)]
pub(crate) struct Note {
    pub resource: String,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
}

/// One use of an operation. Cloning gives the same use.
#[derive(Clone)]
pub struct Call(Arc<Inner>);

struct Inner {
    platform: Arc<Platform>,
    caller: Caller,
    operation: &'static Operation,
    version: Option<Version>,
    note: Mutex<Note>,
}

impl Call {
    /// A use of `operation` in the vendor's `version`, or on the console's surface if there is none.
    pub fn new(
        platform: Arc<Platform>,
        caller: Caller,
        operation: &'static Operation,
        version: Option<Version>,
    ) -> Self {
        Self(Arc::new(Inner { platform, caller, operation, version, note: Mutex::default() }))
    }

    /// The operation.
    pub fn operation(&self) -> &'static Operation {
        self.0.operation
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The vendor's version that was called; `None` on the console's surface.
    pub fn version(&self) -> Option<Version> {
        self.0.version
    }

    pub(crate) fn platform(&self) -> &Arc<Platform> {
        &self.0.platform
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.0.platform.clock.now()
    }

    pub(crate) fn take_note(&self) -> Note {
        std::mem::take(&mut self.0.note.lock())
    }

    /// Runs what writes or may wait on a thread that may block.
    pub(crate) async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Platform) -> Result<T, E> + Send + 'static,
    ) -> Outcome<T>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let platform = Arc::clone(&self.0.platform);
        match tokio::task::spawn_blocking(move || work(&platform)).await {
            Ok(result) => result.map_err(Into::into),
            Err(error) => {
                tracing::error!(operation = self.0.operation.name(), %error, "a management operation broke off");
                Err(Failure::new(Code::InternalError))
            }
        }
    }

    /// What the object was before and is now, for the audit log.
    pub(crate) fn changed(&self, before: Option<serde_json::Value>, after: Option<serde_json::Value>) {
        let mut note = self.0.note.lock();
        note.before = before;
        note.after = after;
    }

    /// Everything of the caller's root account: for operations that concern no object of their own.
    pub(crate) fn account(&self) -> Outcome<Uin> {
        let owner = self.0.caller.owner;
        self.require(&Resource::Account(owner), Code::UnauthorizedOperation)?;
        Ok(owner)
    }

    /// The accounts, keys and policies of the caller's root account.
    pub(crate) fn access(&self) -> Outcome<Uin> {
        let owner = self.0.caller.owner;
        self.require(&Resource::Access(owner), Code::UnauthorizedOperation)?;
        Ok(owner)
    }

    /// The operator of the installation.
    pub(crate) fn operator(&self) -> Outcome<()> {
        self.0.note.lock().resource = "installation".to_owned();
        let why = "only the operator of the installation may do this";
        debug_assert!(self.0.operation.is_for_operator(), "{:?} is not marked so", self.0.operation);
        let caller = &self.0.caller;
        (caller.operator && self.may(&Resource::Installation(caller.owner)))
            .then_some(())
            .ok_or_else(|| Failure::new(Code::UnauthorizedOperation).because(why))
    }

    /// An instance of the caller's; the public one if none is named.
    pub(crate) fn instance(&self, id: Option<&str>) -> Outcome<Arc<InstanceRow>> {
        let owner = self.0.caller.owner;
        let devices = &self.0.platform.devices;
        let instance = match id.filter(|id| !id.is_empty()) {
            Some(id) => InstanceId::parse(id).ok().and_then(|id| devices.instance(&id)),
            None => {
                devices.instances(owner).into_iter().find(|instance| instance.kind == InstanceKind::Public)
            }
        };
        let instance = instance
            .filter(|instance| instance.owner == owner)
            .ok_or(const { Failure::new(Code::InstanceNotExist) })?;
        self.require(&Resource::Instance(owner, &instance.id), Code::NoPermissionToInstance)?;
        Ok(instance)
    }

    /// A project of the caller's.
    pub(crate) fn project(&self, id: &str) -> Outcome<Arc<ProjectRow>> {
        let owner = self.0.caller.owner;
        let devices = &self.0.platform.devices;
        let project = ProjectId::parse(id)
            .ok()
            .and_then(|id| devices.project(&id))
            .filter(|project| devices.owner_of_project(&project.id) == Some(owner))
            .ok_or_else(|| Failure::new(Code::ProjectNotExist).because(shown(id)))?;
        self.require(&Resource::Project(owner, &project.id), Code::NoPermissionToProject)?;
        Ok(project)
    }

    /// An application of the caller's, with everything that belongs to it.
    pub(crate) async fn application(&self, id: &str) -> Outcome<Application> {
        let application = self.own_application(id).await?;
        self.require(&resource_of(&application.row, self.0.caller.owner), Code::AppNoPermission)?;
        Ok(application)
    }

    /// The same for an operation that is noted under another object, looked for first.
    pub(crate) async fn beside_application(&self, id: &str) -> Outcome<Application> {
        let application = self.own_application(id).await?;
        self.open(&resource_of(&application.row, self.0.caller.owner), Code::AppNoPermission)?;
        Ok(application)
    }

    async fn own_application(&self, id: &str) -> Outcome<Application> {
        let (owner, wanted) = (self.0.caller.owner, id.to_owned());
        self.blocking(move |platform| platform.apps.application(owner, &wanted)).await
    }

    /// The application of the caller's that one of its keys names, beside the object that the operation is noted under.
    pub(crate) async fn beside_application_of_key(&self, key: String) -> Outcome<ApplicationRow> {
        let owner = self.0.caller.owner;
        let find = move |platform: &Platform| platform.apps.application_of_key(owner, &key);
        let found = self.blocking(find).await;
        let row = found.map_err(|failure| failure.under(Code::AppNotExists, Code::InvalidAppKey))?;
        self.open(&resource_of(&row, owner), Code::AppNoPermission)?;
        Ok(row)
    }

    /// An authority of the caller's, beside the object that the operation is noted under. Authorities are the whole
    /// account's: who may do something with one product alone does not get at them.
    pub(crate) fn beside_authority(&self, name: &str) -> Outcome<Arc<OwnAuthority>> {
        let owner = self.0.caller.owner;
        let found = self.0.platform.devices.own_authority(owner, name);
        let authority = found.ok_or(const { Failure::new(Code::CaCertNotExist) })?;
        self.open(&Resource::Account(owner), Code::UnauthorizedOperation)?;
        Ok(authority)
    }

    /// A product of the caller's.
    pub(crate) fn product(&self, id: &str) -> Outcome<Arc<Product>> {
        let (product, project) = self.own_product(id)?;
        let resource = Resource::Product(self.0.caller.owner, &project, &product.id);
        self.require(&resource, Code::NoPermissionToStudioProduct)?;
        Ok(product)
    }

    /// A device of the caller's.
    pub(crate) fn device(&self, product: &str, name: &str) -> Outcome<Arc<Device>> {
        let (product, project) = self.own_product(product)?;
        let device = product.device(name).ok_or_else(|| {
            Failure::new(Code::DeviceNotExist).because(format!("{}/{}", product.id, shown(name)))
        })?;
        let resource = Resource::Device(self.0.caller.owner, &project, &product.id, &device.name);
        self.require(&resource, Code::NoPermissionToStudioProduct)?;
        Ok(device)
    }

    fn own_product(&self, id: &str) -> Outcome<(Arc<Product>, ProjectId)> {
        let devices = &self.0.platform.devices;
        let found = ProductId::parse(id).ok().and_then(|id| devices.product(&id)).and_then(|product| {
            let project = product.settings().profile.project.clone();
            (devices.owner_of_project(&project) == Some(self.0.caller.owner)).then_some((product, project))
        });
        found.ok_or_else(|| match self.0.version {
            None | Some(Version::Explorer20190423 | Version::Own) => {
                Failure::new(Code::StudioProductNotExist).because(shown(id))
            }
            Some(_) => Failure::new(Code::ProductNotExist),
        })
    }

    /// The products of a project that the caller may use this operation on, newest first.
    pub(crate) fn products_of(&self, project: &ProjectId) -> Vec<Arc<Product>> {
        let mut products = self.0.platform.devices.products_of(project);
        products.retain(|product| self.may(&Resource::Product(self.0.caller.owner, project, &product.id)));
        products
    }

    /// The products of the whole account that the caller may use this operation on, newest first.
    pub(crate) fn every_product(&self) -> Vec<Arc<Product>> {
        let (devices, owner) = (&self.0.platform.devices, self.0.caller.owner);
        let mut products = devices.products();
        products.retain(|product| {
            let project = &product.settings().profile.project;
            devices.owner_of_project(project) == Some(owner)
                && self.may(&Resource::Product(owner, project, &product.id))
        });
        products.sort_by_key(|product| std::cmp::Reverse((product.created_at, product.id)));
        products
    }

    /// Whether the caller may use this operation on an object of its account; for the rows of lists.
    pub(crate) fn may(&self, resource: &Resource<'_>) -> bool {
        let rights = self.0.caller.rights.as_ref();
        rights.is_none_or(|rights| rights.allows(self.0.operation.name(), &resource.to_string()))
    }

    /// Notes the object of a use that needs no policy.
    pub(crate) fn concerns(&self, resource: &Resource<'_>) {
        if self.0.operation.audit() == crate::Audit::Write {
            self.0.note.lock().resource = resource.to_string();
        }
    }

    /// Whether the answer leaves keys and secrets out.
    pub(crate) fn hides_secrets(&self) -> bool {
        let caller = &self.0.caller;
        let everything = Resource::Account(caller.owner).to_string();
        caller.rights.as_ref().is_some_and(|rights| rights.hides_secrets(&everything))
    }

    /// Notes the object and refuses when the caller's policies do not open it.
    fn require(&self, resource: &Resource<'_>, refusal: Code) -> Outcome<()> {
        self.concerns(resource);
        self.open(resource, refusal)
    }

    /// Refuses when the caller's policies do not open the object.
    fn open(&self, resource: &Resource<'_>, refusal: Code) -> Outcome<()> {
        if self.may(resource) {
            return Ok(());
        }
        let what = format!("{} on {resource}; ExplainAccess says why", self.0.operation.name());
        Err(Failure::new(refusal).because(what))
    }
}

fn resource_of(application: &ApplicationRow, owner: Uin) -> Resource<'_> {
    Resource::Application(owner, &application.project, &application.id)
}

/// An id as it was asked for, not longer than any id is.
fn shown(id: &str) -> String {
    id.chars().take(64).collect()
}
