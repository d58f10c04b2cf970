//! Looking at products.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::Product;

use super::entry::{OneProduct, ProductEntry};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::filter::{Filter, TAG, conditions, unknown_filter};
use crate::page::Page;

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeStudioProduct {
    product_id: String,
}

pub(crate) async fn describe(call: Call, request: DescribeStudioProduct) -> Outcome<OneProduct> {
    let product = call.product(&request.product_id)?;
    Ok(OneProduct { product: ProductEntry::whole(&call.platform().devices, &product) })
}

/// A page of products.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProductList {
    products: Vec<ProductEntry>,
    /// How many there are in all.
    total: i64,
}

/// Which products of a project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetStudioProductList {
    /// Those of all projects if it is not given.
    project_id: Option<String>,
    /// `dev`, `audit`, `released` or `all`.
    dev_status: Option<String>,
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
}

pub(crate) async fn list(call: Call, request: GetStudioProductList) -> Outcome<ProductList> {
    let page = Page::of(request.offset, request.limit)?;
    let mut products = visible(&call, request.project_id.as_deref())?;
    retain_status(&mut products, request.dev_status.as_deref())?;
    Ok(ProductList::of(products, page))
}

/// What to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchStudioProduct {
    /// Those of all projects if it is not given.
    project_id: Option<String>,
    /// A part of the name.
    product_name: Option<String>,
    /// The whole id.
    product_id: Option<String>,
    /// `dev`, `audit`, `released` or `all`.
    dev_status: Option<String>,
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
    /// Up to 10, each with one value; a name `tag:KEY` means the tag of that key.
    filters: Option<Vec<Filter>>,
}

pub(crate) async fn search(call: Call, request: SearchStudioProduct) -> Outcome<ProductList> {
    let page = Page::of(request.offset, request.limit)?;
    let mut products = visible(&call, request.project_id.as_deref())?;
    retain_status(&mut products, request.dev_status.as_deref())?;
    if let Some(part) = request.product_name.filter(|part| !part.is_empty()) {
        let part = part.to_lowercase();
        products.retain(|product| product.settings().name.to_lowercase().contains(&part));
    }
    if let Some(id) = request.product_id.filter(|id| !id.is_empty()) {
        products.retain(|product| product.id.as_str() == id);
    }
    for (name, value) in conditions(request.filters)? {
        let key = name.strip_prefix(TAG).ok_or_else(|| unknown_filter(&name))?;
        products.retain(|product| {
            product.tags().iter().any(|tag| tag.key == key && tag.value.contains(value.as_str()))
        });
    }
    Ok(ProductList::of(products, page))
}

impl ProductList {
    fn of(products: Vec<Arc<Product>>, page: Page) -> Self {
        let total = products.len() as i64;
        Self { products: page.cut(products).iter().map(|product| ProductEntry::of(product)).collect(), total }
    }
}

/// The products of a project or of the whole account that the caller may see, newest first.
fn visible(call: &Call, project: Option<&str>) -> Outcome<Vec<Arc<Product>>> {
    match project.filter(|id| !id.is_empty()) {
        Some(id) => Ok(call.products_of(&call.project(id)?.id)),
        None => Ok(call.every_product()),
    }
}

fn retain_status(products: &mut Vec<Arc<Product>>, status: Option<&str>) -> Outcome<()> {
    match status {
        None | Some("" | "all") => Ok(()),
        Some(status @ ("dev" | "audit" | "released")) => {
            products.retain(|product| product.settings().profile.status.as_str() == status);
            Ok(())
        }
        Some(_) => {
            Err(Failure::new(Code::ProductParmsError).because("DevStatus is dev, audit, released or all"))
        }
    }
}
