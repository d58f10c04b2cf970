//! Taking products from one instance to another (console guide, 实例设备数据迁移). Devices notice nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{DevicesError, ProductMove};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// The moves that are shown.
const SHOWN: u32 = 100;

/// Which product goes where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MigrateProduct {
    product_id: String,
    /// A project of the other instance.
    project_id: String,
}

/// A product that was taken to another instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MigratedProduct {
    migration: Migration,
}

/// One move.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Migration {
    /// Seconds.
    create_time: i64,
    product_id: String,
    from_instance_id: String,
    to_instance_id: String,
    /// Devices that went along.
    device_count: u64,
}

impl Migration {
    fn of(moved: &ProductMove) -> Self {
        Self {
            create_time: moved.at.seconds(),
            product_id: moved.product.to_string(),
            from_instance_id: moved.from.to_string(),
            to_instance_id: moved.to.to_string(),
            device_count: moved.devices,
        }
    }
}

pub(crate) async fn migrate(call: Call, request: MigrateProduct) -> Outcome<MigratedProduct> {
    let target = call.project(&request.project_id)?;
    let product = call.product(&request.product_id)?;
    let moved = call
        .blocking(move |platform| {
            platform.devices.move_product(&product.id, &target.id).map_err(|error| match error {
                DevicesError::LimitReached(why) => Failure::new(Code::DeviceExceedLimit).because(why),
                other => other.into(),
            })
        })
        .await?;
    call.changed(Some(json!({ "InstanceId": moved.from })), Some(json!({ "InstanceId": moved.to })));
    Ok(MigratedProduct { migration: Migration::of(&moved) })
}

/// All of them.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeMigrations {}

/// The newest moves, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MigrationList {
    migrations: Vec<Migration>,
}

pub(crate) async fn list(call: Call, _request: DescribeMigrations) -> Outcome<MigrationList> {
    let owner = call.account()?;
    let moves = call.blocking(move |platform| platform.devices.product_moves(owner, SHOWN)).await?;
    Ok(MigrationList { migrations: moves.iter().map(Migration::of).collect() })
}
