//! What products sit in: each product in a project, each project in an instance, each instance with one root account.
//! The account decides who may see a product at all, so these lookups stand before every management operation.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use yizhan_store::{InstanceKind, InstanceRow, ProductMove, ProductProfile, ProjectRow};
use yizhan_vocabulary::{InstanceId, ProductId, ProjectId, Uin};

use super::Product;
use crate::{Devices, DevicesError};

/// The longest name of a project.
const MAX_NAME_CHARS: usize = 64;
/// The longest remark on a project, an instance or a product.
const MAX_REMARK_CHARS: usize = 1_024;

/// Instances and projects, by id.
#[derive(Debug, Default)]
pub(crate) struct Places {
    instances: RwLock<HashMap<InstanceId, Arc<InstanceRow>, ahash::RandomState>>,
    projects: RwLock<HashMap<ProjectId, Arc<ProjectRow>, ahash::RandomState>>,
    /// Held while an instance, a project or the name of a product changes.
    pub(crate) changing: Mutex<()>,
}

/// A project that is to be created.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// The instance that it is to be in.
    pub instance: InstanceId,
    /// Its name, unique in the instance.
    pub name: String,
    /// A remark for people.
    pub description: String,
}

/// An instance that is to be created.
#[derive(Debug, Clone)]
pub struct NewInstance {
    /// The root account that it belongs to.
    pub owner: Uin,
    /// Public or enterprise.
    pub kind: InstanceKind,
    /// A remark for people.
    pub description: String,
    /// Devices that it may hold; as many as the installation if `None`.
    pub device_limit: Option<u32>,
}

impl Devices {
    pub(crate) fn load_places(&self) -> Result<(), DevicesError> {
        let places = &self.0.registry.places;
        let instances = self.0.store.instances()?.into_iter().map(|row| (row.id.clone(), Arc::new(row)));
        places.instances.write().extend(instances);
        let projects = self.0.store.projects()?.into_iter().map(|row| (row.id.clone(), Arc::new(row)));
        places.projects.write().extend(projects);
        Ok(())
    }

    /// The instance with this id.
    pub fn instance(&self, id: &InstanceId) -> Option<Arc<InstanceRow>> {
        self.0.registry.places.instances.read().get(id).cloned()
    }

    /// The instances of a root account, oldest first.
    pub fn instances(&self, owner: Uin) -> Vec<Arc<InstanceRow>> {
        let all = self.0.registry.places.instances.read();
        let mut own: Vec<_> = all.values().filter(|instance| instance.owner == owner).cloned().collect();
        drop(all);
        own.sort_unstable_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        own
    }

    /// The project with this id.
    pub fn project(&self, id: &ProjectId) -> Option<Arc<ProjectRow>> {
        self.0.registry.places.projects.read().get(id).cloned()
    }

    /// The projects of a root account, newest first.
    pub fn projects(&self, owner: Uin) -> Vec<Arc<ProjectRow>> {
        let all: Vec<_> = self.0.registry.places.projects.read().values().cloned().collect();
        let mut own: Vec<_> = all
            .into_iter()
            .filter(|project| self.owner_of_instance(&project.instance) == Some(owner))
            .collect();
        own.sort_unstable_by(|a, b| (b.created_at, &a.id).cmp(&(a.created_at, &b.id)));
        own
    }

    /// The products of a project, newest first.
    pub fn products_of(&self, project: &ProjectId) -> Vec<Arc<Product>> {
        let mut inside = self.products();
        inside.retain(|product| product.settings().profile.project == *project);
        inside.sort_by_key(|product| std::cmp::Reverse(product.created_at));
        inside
    }

    /// The products of an instance, newest first.
    pub fn products_in(&self, instance: &InstanceId) -> Vec<Arc<Product>> {
        let mut inside = self.products();
        inside.retain(|product| {
            self.project(&product.settings().profile.project).is_some_and(|at| at.instance == *instance)
        });
        inside.sort_by_key(|product| std::cmp::Reverse(product.created_at));
        inside
    }

    /// The root account that a project belongs to.
    pub fn owner_of_project(&self, project: &ProjectId) -> Option<Uin> {
        self.owner_of_instance(&self.project(project)?.instance)
    }

    pub(crate) fn owner_of_instance(&self, instance: &InstanceId) -> Option<Uin> {
        Some(self.0.registry.places.instances.read().get(instance)?.owner)
    }

    /// Makes an instance.
    pub fn create_instance(&self, new: NewInstance) -> Result<Arc<InstanceRow>, DevicesError> {
        check_remark(&new.description)?;
        let places = &self.0.registry.places;
        let _changing = places.changing.lock();
        limit(places.instances.read().len(), self.0.config.max_instances, "instances")?;
        let of_account = self.0.config.max_instances_per_account;
        account_limit(self.instances(new.owner).len(), of_account, "instances")?;
        let now = self.0.clock.now();
        let row = Arc::new(InstanceRow {
            id: InstanceId::parse(&random_id("iot-")).expect("a made id is well formed"),
            owner: new.owner,
            kind: new.kind,
            description: new.description,
            device_limit: new.device_limit,
            created_at: now,
            updated_at: now,
        });
        self.0.store.create_instance(&row)?;
        places.instances.write().insert(row.id.clone(), Arc::clone(&row));
        Ok(row)
    }

    /// Changes an instance's remark and limit. A limit below what it holds keeps new devices out.
    pub fn change_instance(
        &self,
        id: &InstanceId,
        change: impl FnOnce(&mut InstanceRow),
    ) -> Result<Arc<InstanceRow>, DevicesError> {
        let places = &self.0.registry.places;
        let _changing = places.changing.lock();
        let mut row = (*found(&places.instances, id)?).clone();
        change(&mut row);
        check_remark(&row.description)?;
        row.updated_at = self.0.clock.now();
        self.0.store.change_instance(&row)?;
        let row = Arc::new(row);
        places.instances.write().insert(row.id.clone(), Arc::clone(&row));
        Ok(row)
    }

    /// Deletes an instance without projects.
    pub fn delete_instance(&self, id: &InstanceId) -> Result<(), DevicesError> {
        let places = &self.0.registry.places;
        let _changing = places.changing.lock();
        self.0.store.delete_instance(id)?;
        self.0.licences.forget(id);
        places.instances.write().remove(id);
        Ok(())
    }

    /// Makes a project.
    pub fn create_project(&self, new: NewProject) -> Result<Arc<ProjectRow>, DevicesError> {
        check_project_name(&new.name)?;
        check_remark(&new.description)?;
        let places = &self.0.registry.places;
        let _changing = places.changing.lock();
        limit(places.projects.read().len(), self.0.config.max_projects, "projects")?;
        let owner = found(&places.instances, &new.instance)?.owner;
        account_limit(self.projects(owner).len(), self.0.config.max_projects_per_account, "projects")?;
        let now = self.0.clock.now();
        let row = Arc::new(ProjectRow {
            id: ProjectId::parse(&random_id("prj-")).expect("a made id is well formed"),
            instance: new.instance,
            name: new.name,
            description: new.description,
            created_at: now,
            updated_at: now,
        });
        self.0.store.create_project(&row)?;
        places.projects.write().insert(row.id.clone(), Arc::clone(&row));
        Ok(row)
    }

    /// Changes a project's name and remark.
    pub fn change_project(
        &self,
        id: &ProjectId,
        name: String,
        description: String,
    ) -> Result<Arc<ProjectRow>, DevicesError> {
        check_project_name(&name)?;
        check_remark(&description)?;
        let places = &self.0.registry.places;
        let _changing = places.changing.lock();
        let known = found(&places.projects, id)?;
        let row =
            Arc::new(ProjectRow { name, description, updated_at: self.0.clock.now(), ..(*known).clone() });
        self.0.store.change_project(&row)?;
        places.projects.write().insert(row.id.clone(), Arc::clone(&row));
        Ok(row)
    }

    /// Deletes a project without products.
    pub fn delete_project(&self, id: &ProjectId) -> Result<(), DevicesError> {
        let places = &self.0.registry.places;
        let _changing = places.changing.lock();
        self.0.store.delete_project(id)?;
        places.projects.write().remove(id);
        Ok(())
    }

    /// Takes a product with all its devices to a project of another instance (console guide, 实例设备数据迁移). Its
    /// devices notice nothing. Both instances belong to the same root account: the caller has checked that.
    pub fn move_product(&self, id: &ProductId, to: &ProjectId) -> Result<ProductMove, DevicesError> {
        let product = self.known_product(id)?;
        let places = &self.0.registry.places;
        let _places = places.changing.lock();
        let _changing = product.changing.lock();
        let settings = product.settings();
        let from = found(&places.projects, &settings.profile.project)?;
        let to = found(&places.projects, to)?;
        if from.instance == to.instance {
            return Err(DevicesError::Conflict("the product is in this instance already".to_owned()));
        }
        self.check_product_name(&settings.name, &to.id, Some(id))?;
        let _held = self.0.licences.hold();
        self.check_instance_limit(&to.instance, product.device_count())?;
        // Activation codes are the account's, so a move uses up none.
        let now = self.0.clock.now();
        let profile = ProductProfile { project: to.id.clone(), updated_at: now, ..settings.profile.clone() };
        let moved = ProductMove {
            at: now,
            owner: self.owner_of_instance(&to.instance).unwrap_or(Uin::FIRST),
            product: *id,
            from: from.instance.clone(),
            to: to.instance.clone(),
            devices: product.device_count() as u64,
        };
        self.0.store.move_product(&moved, &profile)?;
        product.set_settings(super::ProductSettings { profile, ..(*settings).clone() });
        Ok(moved)
    }

    /// The newest moves of a root account's products, newest first.
    pub fn product_moves(&self, owner: Uin, limit: u32) -> Result<Vec<ProductMove>, DevicesError> {
        Ok(self.0.store.product_moves(owner, limit)?)
    }

    /// A product's name is unique in its project.
    pub(crate) fn check_product_name(
        &self,
        name: &str,
        project: &ProjectId,
        except: Option<&ProductId>,
    ) -> Result<(), DevicesError> {
        let taken = |product: &Arc<Product>| {
            let settings = product.settings();
            Some(&product.id) != except && settings.name == name && settings.profile.project == *project
        };
        if self.products().iter().any(taken) {
            return Err(DevicesError::Conflict(format!("the project has a product named {name} already")));
        }
        Ok(())
    }

    /// Whether an instance has room for more devices. The licences are held until they are made.
    pub(crate) fn check_instance_limit(
        &self,
        instance: &InstanceId,
        more: usize,
    ) -> Result<(), DevicesError> {
        let Some(most) = self.instance(instance).and_then(|instance| instance.device_limit) else {
            return Ok(());
        };
        let held: usize = self.products_in(instance).iter().map(|product| product.device_count()).sum();
        if held + more > most as usize {
            return Err(DevicesError::LimitReached(format!("the instance may hold {most} devices")));
        }
        Ok(())
    }
}

fn found<K: Eq + Hash + std::fmt::Display, V>(
    among: &RwLock<HashMap<K, Arc<V>, ahash::RandomState>>,
    id: &K,
) -> Result<Arc<V>, DevicesError> {
    among.read().get(id).cloned().ok_or_else(|| DevicesError::NotFound(format!("{id} does not exist")))
}

fn limit(present: usize, most: usize, what: &str) -> Result<(), DevicesError> {
    if present >= most {
        return Err(DevicesError::LimitReached(format!("this installation may hold {most} {what}")));
    }
    Ok(())
}

/// So that no account uses up what is there for all.
fn account_limit(present: usize, most: usize, what: &str) -> Result<(), DevicesError> {
    if present >= most {
        return Err(DevicesError::LimitReached(format!("an account may have {most} {what}")));
    }
    Ok(())
}

fn check_project_name(name: &str) -> Result<(), DevicesError> {
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| {
        DevicesError::Invalid(format!("a project's name has 1 to {MAX_NAME_CHARS} characters"))
    })
}

/// Remarks are free text of a bounded length.
pub(crate) fn check_remark(text: &str) -> Result<(), DevicesError> {
    if text.chars().count() > MAX_REMARK_CHARS {
        return Err(DevicesError::Invalid(format!(
            "a description has at most {MAX_REMARK_CHARS} characters"
        )));
    }
    Ok(())
}

/// `prefix` and eight random letters or digits.
fn random_id(prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).expect("the system's source of randomness works");
    let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
    prefix.chars().chain(letters).collect()
}
