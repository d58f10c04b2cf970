//! Many devices at once: finding them, changing all that were found, and tables of them that come in and go out. What a
//! list shows is what a change of "all of these" concerns, because both are asked for with the same [`Selection`].
//!
//! What must stay true: a change of many devices is a job, and the right to change each device is asked for when its turn
//! comes; a list answers from memory, whatever it is filtered and ordered by; and no table leaves with keys in it unless
//! they were asked for, lies on the disk unsealed, or is given to anybody but who made it.
//!
//! [`Selection`]: selection::Selection

mod change;
mod export;
mod import;
mod preview;
mod results;
mod search;
mod selection;
mod table;

use crate::operation::{Audit, CONSOLE, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "SearchDevices",
        CONSOLE,
        Audit::Read,
        text!("Find devices of a product, a project or the whole account", "搜索设备"),
        handler!(search::search: search::SearchDevices => search::FoundDevices),
    ),
    Operation::new(
        "SwitchSelectedDevices",
        CONSOLE,
        Audit::Write,
        text!("Enable or disable many devices in the background", "批量启用或禁用所选设备"),
        handler!(change::switch: change::SwitchSelectedDevices => results::StartedJob),
    ),
    Operation::new(
        "TagSelectedDevices",
        CONSOLE,
        Audit::Write,
        text!("Give many devices tags or take them away, in the background", "批量修改所选设备的标签"),
        handler!(change::tag: change::TagSelectedDevices => results::StartedJob),
    ),
    Operation::new(
        "PreviewDeleteDevices",
        CONSOLE,
        Audit::Read,
        text!("What goes when devices are deleted", "预览删除设备的影响"),
        handler!(preview::preview: preview::PreviewDeleteDevices => preview::DeletionPreview),
    ),
    Operation::new(
        "DeleteSelectedDevices",
        CONSOLE,
        Audit::Write,
        text!("Delete many devices in the background", "批量删除所选设备"),
        handler!(change::delete: change::DeleteSelectedDevices => results::StartedJob),
    ),
    Operation::new(
        "PreviewImportDevices",
        CONSOLE,
        Audit::Read,
        text!("What an import of a table of devices would do, row by row", "预检设备导入文件"),
        handler!(import::preview: import::PreviewImportDevices => import::ImportPreview),
    ),
    Operation::new(
        "ImportDevices",
        CONSOLE,
        Audit::Write,
        text!("Make the devices of a table in the background", "导入设备"),
        handler!(import::start: import::ImportDevices => results::StartedJob),
    ),
    Operation::new(
        "ExportDevices",
        CONSOLE,
        Audit::Write,
        text!("Write a list of devices into a file in the background", "导出设备"),
        handler!(export::start: export::ExportDevices => results::StartedJob),
    ),
    Operation::new(
        "CreateJobResultUrl",
        CONSOLE,
        Audit::Write,
        text!("A URL for the file that a job has made", "获取任务结果文件的下载地址"),
        handler!(results::url: results::CreateJobResultUrl => results::ResultUrl),
    ),
];
