//! Which products a question about statistics concerns: the named ones, those of a project, or all that the caller may
//! ask about.

use std::sync::Arc;

use yizhan_devices::Product;

use crate::call::Call;
use crate::failure::Outcome;
use crate::resource::Resource;

/// The products meant. Without a name, products that the caller's policies do not open are left out.
pub(super) fn products(call: &Call, project: Option<&str>, named: &[String]) -> Outcome<Vec<Arc<Product>>> {
    let named: Vec<_> = named.iter().filter(|id| !id.is_empty()).collect();
    let project = project.filter(|project| !project.is_empty()).map(|id| call.project(id)).transpose()?;
    if !named.is_empty() {
        let mut products = named.into_iter().map(|id| call.product(id)).collect::<Outcome<Vec<_>>>()?;
        if let Some(project) = &project {
            products.retain(|product| product.settings().profile.project == project.id);
        }
        products.sort_unstable_by_key(|product| product.id);
        products.dedup_by_key(|product| product.id);
        return Ok(products);
    }
    let (devices, owner) = (&call.platform().devices, call.caller().owner);
    let projects = project.map_or_else(|| devices.projects(owner), |project| vec![project]);
    let mut all = Vec::new();
    for project in projects {
        let mut inside = devices.products_of(&project.id);
        inside.retain(|product| call.may(&Resource::Product(owner, &project.id, &product.id)));
        all.append(&mut inside);
    }
    Ok(all)
}
