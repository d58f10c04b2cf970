//! Applications themselves: making, changing and deleting them (management API facts §4.2.14; console guide, 应用开发).

use yizhan_identity::secret::letters_and_digits;
use yizhan_store::{
    AppKeyRow, AppPlatform, AppRows, ApplicationRow, PushChannelRow, PushService, Secret, StoreError,
};
use yizhan_vocabulary::{ApplicationId, ProductId, ProjectId, Uin};

use super::{Apps, AppsError, below, letters};

/// The longest name of an application.
const MAX_NAME_CHARS: usize = 64;
/// The longest remark about one.
const MAX_DESCRIPTION_CHARS: usize = 1_024;
/// The longest account and secret at a push service.
const MAX_PUSH_CHARS: usize = 128;
/// What TPNS is for (facts §4.2.14): development or production.
const PUSH_ENVIRONMENTS: &[&str] = &["dev", "product"];
/// Where TPNS is.
const PUSH_REGIONS: &[&str] = &["ap-guangzhou", "ap-shanghai", "ap-hongkong", "ap-singapore"];

/// An application with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Itself.
    pub row: ApplicationRow,
    /// Its key pairs, one a platform.
    pub keys: Vec<AppKeyRow>,
    /// Its push services.
    pub push: Vec<PushChannelRow>,
    /// The products that it serves.
    pub products: Vec<ProductId>,
}

impl Application {
    /// Its key pair on a platform.
    pub fn key(&self, platform: AppPlatform) -> Option<&AppKeyRow> {
        self.keys.iter().find(|key| key.platform == platform)
    }

    /// What is set up at a push service.
    pub fn push(&self, service: PushService) -> Option<&PushChannelRow> {
        self.push.iter().find(|channel| channel.service == service)
    }

    fn read(apps: &AppRows<'_>, row: ApplicationRow) -> Result<Self, StoreError> {
        Ok(Self {
            keys: apps.application_keys(&row.id)?,
            push: apps.push_channels(&row.id)?,
            products: apps.application_products(&row.id)?,
            row,
        })
    }
}

/// An application that is to be made.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Its name, unique in the project.
    pub name: String,
    /// A remark for people.
    pub description: String,
    /// The products that it serves.
    pub products: Vec<ProductId>,
}

/// What is to change about an application; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct ApplicationChange {
    /// Its name.
    pub name: Option<String>,
    /// The remark.
    pub description: Option<String>,
    /// The products that it serves.
    pub products: Option<Vec<ProductId>>,
    /// Whether the ready-made mini program is hosted for it.
    pub turn_key: Option<bool>,
    /// Its push services.
    pub push: Vec<PushChange>,
}

/// What is to change about a push service; `None` leaves it as it is.
#[derive(Debug, Clone)]
pub struct PushChange {
    /// Which one.
    pub service: PushService,
    /// The account there.
    pub access_id: Option<String>,
    /// Its secret.
    pub secret: Option<Secret>,
    /// `dev`, `product` or empty.
    pub environment: Option<String>,
    /// Where the service is.
    pub region: Option<String>,
}

impl PushChange {
    fn is_empty(&self) -> bool {
        self.access_id.is_none()
            && self.secret.is_none()
            && self.environment.is_none()
            && self.region.is_none()
    }
}

impl Apps {
    /// Makes an application with a key pair for each platform, as the vendor's console does.
    pub fn create_application(&self, owner: Uin, new: NewApplication) -> Result<Application, AppsError> {
        check_name(&new.name)?;
        check_description(&new.description)?;
        let now = self.clock.now();
        let id = letters(12);
        let keys: Vec<_> = AppPlatform::ALL.iter().map(|platform| fresh_key(*platform, &id)).collect();
        let row = ApplicationRow {
            id: ApplicationId::parse(&id).expect("letters and digits make an id"),
            project: new.project,
            name: new.name,
            description: new.description,
            turn_key: false,
            created_at: now,
            updated_at: now,
        };
        self.store.change_apps(|apps| {
            below("applications of the account", apps.applications(owner)?.len(), self.limits.applications)?;
            apps.create_application(&row, &keys).map_err(|error| name_taken(error, &row.name))?;
            self.set_products(apps, &row.id, &new.products)?;
            Ok(Application::read(apps, row.clone())?)
        })
    }

    /// Changes an application; gives what it was and what it is.
    pub fn change_application(
        &self,
        owner: Uin,
        id: &str,
        change: ApplicationChange,
    ) -> Result<(Application, Application), AppsError> {
        let now = self.clock.now();
        self.store.change_apps(|apps| {
            let row = apps.application(owner, id)?.ok_or(AppsError::NoSuchApplication)?;
            let before = Application::read(apps, row.clone())?;
            let row = ApplicationRow {
                name: change.name.unwrap_or(row.name),
                description: change.description.unwrap_or(row.description),
                turn_key: change.turn_key.unwrap_or(row.turn_key),
                updated_at: now,
                ..row
            };
            check_name(&row.name)?;
            check_description(&row.description)?;
            apps.change_application(&row).map_err(|error| name_taken(error, &row.name))?;
            if let Some(products) = change.products {
                self.set_products(apps, &row.id, &products)?;
            }
            for part in change.push.into_iter().filter(|part| !part.is_empty()) {
                let channel = changed_channel(before.push(part.service), part);
                check_channel(&channel)?;
                apps.set_push_channel(&row.id, &channel)?;
            }
            let after = Application::read(apps, row)?;
            Ok((before, after))
        })
    }

    /// Deletes an application with its users, their families and bindings; gives what it was.
    pub fn delete_application(&self, owner: Uin, id: &str) -> Result<Application, AppsError> {
        let deleted = self.store.change_apps(|apps| {
            let row = apps.application(owner, id)?.ok_or(AppsError::NoSuchApplication)?;
            let before = Application::read(apps, row)?;
            apps.delete_application(&before.row.id)?;
            Ok::<_, AppsError>(before)
        })?;
        self.user_counts.forget(&deleted.row.id);
        Ok(deleted)
    }

    /// An application of a root account.
    pub fn application(&self, owner: Uin, id: &str) -> Result<Application, AppsError> {
        self.store.read_apps(|apps| {
            let row = apps.application(owner, id)?.ok_or(AppsError::NoSuchApplication)?;
            Ok(Application::read(apps, row)?)
        })
    }

    /// The application of a root account that one of its keys names, without its secrets.
    pub fn application_of_key(&self, owner: Uin, app_key: &str) -> Result<ApplicationRow, AppsError> {
        self.store
            .read_apps(|apps| apps.application_of_key(owner, app_key)?.ok_or(AppsError::NoSuchApplication))
    }

    /// How many applications a project has.
    pub fn applications_in(&self, project: &ProjectId) -> Result<usize, AppsError> {
        self.store.read_apps(|apps| Ok(apps.applications_in(project)?))
    }

    /// Every application of a root account, the oldest first.
    pub fn applications(&self, owner: Uin) -> Result<Vec<Application>, AppsError> {
        self.store.read_apps(|apps| {
            let rows = apps.applications(owner)?.into_iter();
            Ok(rows.map(|row| Application::read(apps, row)).collect::<Result<_, StoreError>>()?)
        })
    }

    fn set_products(
        &self,
        apps: &AppRows<'_>,
        id: &ApplicationId,
        products: &[ProductId],
    ) -> Result<(), AppsError> {
        if products.len() > self.limits.products {
            let limit = self.limits.products;
            return Err(AppsError::Invalid(format!("an application serves at most {limit} products")));
        }
        Ok(apps.set_application_products(id, products)?)
    }
}

fn name_taken(error: StoreError, name: &str) -> AppsError {
    match error {
        StoreError::Conflict(_) => AppsError::NameTaken(name.to_owned()),
        other => other.into(),
    }
}

fn check_name(name: &str) -> Result<(), AppsError> {
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or(AppsError::Name(MAX_NAME_CHARS))
}

fn check_description(description: &str) -> Result<(), AppsError> {
    let fits = description.chars().count() <= MAX_DESCRIPTION_CHARS;
    fits.then_some(()).ok_or(AppsError::Description(MAX_DESCRIPTION_CHARS))
}

fn changed_channel(present: Option<&PushChannelRow>, change: PushChange) -> PushChannelRow {
    let (access_id, secret, environment, region) = match present {
        Some(row) => (row.access_id.clone(), row.secret.clone(), row.environment.clone(), row.region.clone()),
        None => (String::new(), Secret::new(""), String::new(), String::new()),
    };
    PushChannelRow {
        service: change.service,
        access_id: change.access_id.unwrap_or(access_id),
        secret: change.secret.unwrap_or(secret),
        environment: change.environment.unwrap_or(environment),
        region: change.region.unwrap_or(region),
    }
}

fn check_channel(channel: &PushChannelRow) -> Result<(), AppsError> {
    let service = channel.service;
    let refused = |environment: bool, why: String| Err(AppsError::Push { service, environment, why });
    let among = |choices: &[&str], text: &str| text.is_empty() || choices.contains(&text);
    if !among(PUSH_ENVIRONMENTS, &channel.environment) {
        return refused(true, format!("the push environment is one of {}", PUSH_ENVIRONMENTS.join(", ")));
    }
    if !among(PUSH_REGIONS, &channel.region) {
        return refused(false, format!("the push region is one of {}", PUSH_REGIONS.join(", ")));
    }
    let plain = |text: &str| text.len() <= MAX_PUSH_CHARS && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain(&channel.access_id) || !plain(channel.secret.expose()) {
        return refused(
            false,
            format!("the account and the secret have at most {MAX_PUSH_CHARS} printable characters"),
        );
    }
    if service != PushService::Xinge && !channel.access_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return refused(false, "an AccessID of TPNS has only digits".to_owned());
    }
    Ok(())
}

/// A key pair in the vendor's form: a letter for the platform, four letters or digits and the application's id.
fn fresh_key(platform: AppPlatform, application: &str) -> AppKeyRow {
    let initial = match platform {
        AppPlatform::Ios => 'i',
        AppPlatform::Android => 'a',
        AppPlatform::MiniProgram => 'm',
    };
    AppKeyRow {
        platform,
        app_key: format!("{initial}{}{application}", letters(4)),
        app_secret: Secret::new(letters_and_digits(20).as_str()),
    }
}
