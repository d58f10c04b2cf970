//! Certificate authorities that accounts bring with them (management API facts §4.2.13; console guide, third-party CA of
//! enterprise instances), and the keys of single devices (facts §8.2).

mod authorities;
mod device_keys;
mod products;

pub(crate) use authorities::refused;

use crate::operation::{Audit, EXPLORER, HUB, HUB_2021, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreatePrivateCA",
        EXPLORER,
        Audit::Write,
        text!("Bring a certificate authority of one's own", "创建私有 CA 证书"),
        handler!(authorities::create: authorities::BroughtAuthority => crate::operation::Nothing),
    ),
    Operation::new(
        "UpdatePrivateCA",
        EXPLORER,
        Audit::Write,
        text!("Put another certificate in an authority's place", "更新私有 CA 证书"),
        handler!(authorities::update: authorities::BroughtAuthority => crate::operation::Nothing),
    ),
    Operation::new(
        "DeletePrivateCA",
        EXPLORER,
        Audit::Write,
        text!("Delete an authority that no product uses", "删除私有 CA 证书"),
        handler!(authorities::delete: authorities::NamedAuthority => crate::operation::Nothing),
    ),
    Operation::new(
        "DescribePrivateCA",
        EXPLORER,
        Audit::Read,
        text!("One authority of the account", "查询私有 CA 证书"),
        handler!(authorities::describe: authorities::NamedAuthority => authorities::DescribedAuthority),
    ),
    Operation::new(
        "DescribePrivateCAs",
        EXPLORER,
        Audit::Read,
        text!("The authorities of the account", "查询私有 CA 证书列表"),
        handler!(authorities::list: authorities::DescribePrivateCas => authorities::AuthorityList),
    ),
    Operation::new(
        "DescribePrivateCABindedProducts",
        EXPLORER,
        Audit::Read,
        text!("The products that use an authority", "查询私有 CA 证书绑定的产品列表"),
        handler!(products::using: products::DescribeBoundProducts => products::BoundProducts),
    ),
    Operation::new(
        "DescribeProductCA",
        EXPLORER,
        Audit::Read,
        text!("The authority that a product uses", "查询产品绑定的 CA 证书"),
        handler!(products::describe: products::NamedProduct => authorities::AuthorityList),
    ),
    Operation::new(
        "UpdateProductPrivateCA",
        EXPLORER,
        Audit::Write,
        text!("Make a product use an authority", "更新产品的私有 CA"),
        handler!(products::update: products::UpdateProductPrivateCa => crate::operation::Nothing),
    ),
    Operation::new(
        "DeleteProductPrivateCA",
        EXPLORER,
        Audit::Write,
        text!("Make a product use no authority of the account any more", "删除产品的私有 CA"),
        handler!(products::delete: products::NamedProduct => crate::operation::Nothing),
    ),
    Operation::new(
        "UpdateDevicePSK",
        HUB_2021,
        Audit::Write,
        text!("Give a device a key of one's own making", "更新设备的 PSK"),
        handler!(device_keys::update_psk: device_keys::UpdateDevicePsk => crate::operation::Nothing),
    ),
    Operation::new(
        "DescribeDeviceClientKey",
        HUB,
        Audit::Read,
        text!("The private key of a device that a batch made", "获取证书认证类型设备的私钥"),
        handler!(device_keys::client_key: device_keys::NamedDevice => device_keys::ClientKey),
    ),
];
