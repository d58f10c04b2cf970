//! Which products a question about statistics concerns: the named ones, those of a project, or all that the caller may
//! ask about.

use std::sync::Arc;

use yizhan_devices::Product;

use crate::call::Call;
use crate::failure::Outcome;

/// The products meant. Without a name, products that the caller's policies do not open are left out.
pub(crate) fn products(call: &Call, project: Option<&str>, named: &[String]) -> Outcome<Vec<Arc<Product>>> {
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
    Ok(project.map_or_else(|| call.every_product(), |project| call.products_of(&project.id)))
}
