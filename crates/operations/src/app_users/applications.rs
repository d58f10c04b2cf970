//! Making, finding and deleting applications: what the vendor's console does and its API does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_people::{Application, NewApplication};
use yizhan_vocabulary::ProductId;

use super::entry::{IotApplication, OneApplication};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::page::Page;
use crate::resource::Resource;

/// An application that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateApplication {
    /// The project that it belongs to.
    project_id: String,
    /// Its name, unique in the project; 1 to 64 characters.
    app_name: String,
    /// A remark for people; up to 1024 characters.
    description: Option<String>,
    /// The ids of the products that it serves: a JSON array, as text.
    products: Option<String>,
}

pub(crate) async fn create(call: Call, request: CreateApplication) -> Outcome<OneApplication> {
    let products = named_products(&call, request.products.as_deref())?.unwrap_or_default();
    // Last, so that the audit log names it.
    let project = call.project(&request.project_id)?;
    let owner = call.caller().owner;
    let new = NewApplication {
        project: project.id.clone(),
        name: request.app_name,
        description: request.description.unwrap_or_default(),
        products,
    };
    let made = call
        .blocking(move |platform| {
            let made = platform.apps.create_application(owner, new);
            made.map_err(|error| {
                Failure::from(error).under(Code::LimitExceeded, Code::ApplicationExceedLimit)
            })
        })
        .await?;
    call.changed(None, IotApplication::seen(&made));
    Ok(OneApplication::in_console(&made))
}

/// Which applications.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeApplications {
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
    /// Only those of this project.
    project_id: Option<String>,
    /// Only those whose name contains this.
    app_name: Option<String>,
}

/// A page of applications.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ApplicationList {
    /// Their secrets are empty here.
    applications: Vec<IotApplication>,
    /// How many there are in all.
    total: i64,
}

pub(crate) async fn list(call: Call, request: DescribeApplications) -> Outcome<ApplicationList> {
    let page = Page::of(request.offset, request.limit)?;
    let wanted = |text: Option<String>| text.filter(|text| !text.is_empty());
    let project = match wanted(request.project_id) {
        Some(id) => Some(call.project(&id)?.id.clone()),
        None => None,
    };
    let name = wanted(request.app_name);
    let owner = call.caller().owner;
    let mut applications = call.blocking(move |platform| platform.apps.applications(owner)).await?;
    applications.retain(|application: &Application| {
        let row = &application.row;
        project.as_ref().is_none_or(|project| row.project == *project)
            && name.as_ref().is_none_or(|name| row.name.contains(name))
            && call.may(&Resource::Application(owner, &row.project, &row.id))
    });
    let total = applications.len() as i64;
    let shown = page.cut(applications);
    Ok(ApplicationList {
        applications: shown.iter().map(|application| IotApplication::of(application, false)).collect(),
        total,
    })
}

/// Which application.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeApplication {
    #[serde(rename = "IotAppID")]
    iot_app_id: String,
}

pub(crate) async fn describe(call: Call, request: DescribeApplication) -> Outcome<OneApplication> {
    let application = call.application(&request.iot_app_id).await?;
    Ok(OneApplication::in_console(&application))
}

/// An application that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DeleteApplication {
    #[serde(rename = "IotAppID")]
    iot_app_id: String,
}

pub(crate) async fn delete(call: Call, request: DeleteApplication) -> Outcome<Nothing> {
    let application = call.application(&request.iot_app_id).await?;
    let owner = call.caller().owner;
    let id = application.row.id;
    let before = call.blocking(move |platform| platform.apps.delete_application(owner, id.as_str())).await?;
    call.changed(IotApplication::seen(&before), None);
    Ok(Nothing {})
}

/// The products that a JSON array in a text names; `None` if it was not given. All must be the caller's.
pub(super) fn named_products(call: &Call, text: Option<&str>) -> Outcome<Option<Vec<ProductId>>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let ids: Vec<String> = serde_json::from_str(text).map_err(|_| {
        let why = r#"Products is a JSON array of product ids as text, such as ["ABCDEFGHIJ"]"#;
        Failure::new(Code::InvalidParameterValue).because(why)
    })?;
    let product = |id: &String| {
        // The published codes have one for products that do not exist and for those that may not be used.
        let refused = |failure: Failure| {
            let shown: String = id.chars().take(ProductId::LENGTH).collect();
            failure
                .under(Code::StudioProductNotExist, Code::NoPermissionToStudioProduct)
                .because(format!("product {shown}"))
        };
        call.product(id).map(|product| product.id).map_err(refused)
    };
    ids.iter().map(product).collect::<Outcome<_>>().map(Some)
}
