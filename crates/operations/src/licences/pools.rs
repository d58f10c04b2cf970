//! Handing activation codes out, and taking them away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::DevicesError;
use yizhan_store::LicencePoolRow;
use yizhan_vocabulary::{InstanceId, UnixMillis};

use super::overview::NamedInstance;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// A pool of activation codes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Pool {
    pool_id: i64,
    /// `normal`, `bluetooth`, `free`, `video`, or the name of an added service.
    license_type: String,
    period: String,
    total_num: u64,
    /// Seconds.
    create_time: i64,
    /// Seconds; 0 for ever.
    expire_time: i64,
}

/// The pools of an instance, oldest first. A kind of which the account has no pool is not limited.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Pools {
    pools: Vec<Pool>,
}

pub(crate) async fn list(call: Call, request: NamedInstance) -> Outcome<Pools> {
    let instance = call.instance(Some(&request.instance_id))?;
    let pools = call.platform().devices.licence_pools(&instance.id);
    let entry = |pool: &LicencePoolRow| Pool {
        pool_id: pool.id,
        license_type: pool.kind.clone(),
        period: pool.period.clone(),
        total_num: pool.total,
        create_time: pool.created_at.seconds(),
        expire_time: pool.expires_at.map_or(0, UnixMillis::seconds),
    };
    Ok(Pools { pools: pools.iter().map(|pool| entry(pool)).collect() })
}

/// Activation codes for an instance, of any account. From then on devices of this kind
/// are limited in all instances of the account together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddLicensePool {
    instance_id: String,
    /// `normal`, `bluetooth`, `free`, `video`, or the name of an added service.
    license_type: String,
    /// How many.
    total_num: u64,
    /// How long each holds, in words such as `5_year`; for people only.
    period: Option<String>,
    /// When the pool counts no more; seconds. 0 or nothing: never.
    expire_time: Option<i64>,
}

/// The pool that was added.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddedPool {
    pool_id: i64,
}

pub(crate) async fn add(call: Call, request: AddLicensePool) -> Outcome<AddedPool> {
    call.operator()?;
    let instance = InstanceId::parse(&request.instance_id)
        .ok()
        .filter(|id| call.platform().devices.instance(id).is_some())
        .ok_or(const { Failure::new(Code::InstanceNotExist) })?;
    let now = call.now();
    let expires_at = match request.expire_time.unwrap_or(0) {
        0 => None,
        seconds => Some(UnixMillis(seconds.saturating_mul(1000))),
    };
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Failure::new(Code::InvalidParameterValue).because("ExpireTime is over already"));
    }
    let pool = LicencePoolRow {
        id: 0,
        instance,
        kind: request.license_type,
        period: request.period.unwrap_or_default(),
        total: request.total_num,
        created_at: now,
        expires_at,
    };
    let pool = call.blocking(move |platform| platform.devices.add_licence_pool(pool)).await?;
    call.changed(None, Some(seen(&pool)));
    Ok(AddedPool { pool_id: pool.id })
}

/// A pool that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RemoveLicensePool {
    pool_id: i64,
}

pub(crate) async fn remove(call: Call, request: RemoveLicensePool) -> Outcome<Nothing> {
    call.operator()?;
    let removed =
        call.blocking(move |platform| match platform.devices.remove_licence_pool(request.pool_id) {
            Err(DevicesError::NotFound(_)) => Err(Failure::new(Code::ResourceNotFound)),
            other => other.map_err(Failure::from),
        });
    let before = removed.await?;
    call.changed(Some(seen(&before)), None);
    Ok(Nothing {})
}

/// A pool for the audit log.
fn seen(pool: &LicencePoolRow) -> serde_json::Value {
    json!({ "PoolId": pool.id, "InstanceId": pool.instance, "LicenseType": pool.kind, "TotalNum": pool.total })
}
