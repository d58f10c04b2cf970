//! Batch production: many devices at once, for a factory (management API facts §4.2.6, §8.1; console guide, 批量投产 and
//! 量产管理), and the codes that are printed on devices.

mod binding;
mod create;
mod describe;
mod files;
mod video;

use crate::operation::{Audit, CONSOLE, EXPLORER, EXPLORER_AND_VIDEO_2021, Operation, VIDEO};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateBatchProduction",
        EXPLORER,
        Audit::Write,
        text!("Make many devices of a released product", "创建量产"),
        handler!(create::create: create::CreateBatchProduction => create::CreatedBatch),
    ),
    Operation::new(
        "DescribeBatchProduction",
        EXPLORER,
        Audit::Read,
        text!("How far a batch is, and where its result can be had", "获取量产详情信息"),
        handler!(describe::describe: describe::DescribeBatchProduction => describe::DescribedBatch),
    ),
    Operation::new(
        "GetBatchProductionsList",
        EXPLORER,
        Audit::Read,
        text!("The batches of a project, page by page", "列出量产数据列表信息"),
        handler!(describe::list: describe::GetBatchProductionsList => describe::BatchList),
    ),
    Operation::new(
        "DescribeBatchProductionDevices",
        CONSOLE,
        Audit::Read,
        text!("What became of each device of a batch", "查询量产批次的设备明细"),
        handler!(describe::devices: describe::DescribeBatchProductionDevices => describe::BatchDevices),
    ),
    Operation::new(
        "CreateUploadUrl",
        CONSOLE,
        Audit::Read,
        text!("A URL to which a file can be sent", "获取文件上传地址"),
        handler!(files::upload_url: files::CreateUploadUrl => files::CreatedUrl),
    ),
    Operation::new(
        "CreateBatchQRCodesUrl",
        CONSOLE,
        Audit::Read,
        text!(
            "A URL for an archive with the QR code of each device of a batch",
            "获取量产二维码图片包的下载地址"
        ),
        handler!(files::qr_codes_url: files::CreateBatchQrCodesUrl => files::CreatedUrl),
    ),
    Operation::new(
        "CreateBatch",
        VIDEO,
        Audit::Write,
        text!("Make many devices behind a prefix", "批量创建设备"),
        handler!(video::create: video::CreateBatch => video::CreatedBatch),
    ),
    Operation::new(
        "DescribeBatch",
        VIDEO,
        Audit::Read,
        text!("One batch by its number", "查询批次详情"),
        handler!(video::describe: video::DescribeBatch => video::DescribedBatch),
    ),
    Operation::new(
        "DescribeBatchs",
        VIDEO,
        Audit::Read,
        text!("The batches of a product, page by page", "查询批次列表"),
        handler!(video::list: video::DescribeBatchs => video::BatchList),
    ),
    Operation::new(
        "GenSingleDeviceSignatureOfPublic",
        EXPLORER_AND_VIDEO_2021,
        Audit::Read,
        text!("The signature with which a device is bound by scanning", "生成单个设备绑定的签名"),
        handler!(binding::sign: binding::GenSingleDeviceSignature => binding::SignedDevice),
    ),
];
