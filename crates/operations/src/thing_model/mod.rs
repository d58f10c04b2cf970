//! Thing models (management API facts §4.2.3, §9; console guide, 物模型定义): reading, writing, importing and checking them, what
//! a new one means for devices in use, earlier versions, and the categories with their standard functions.
//!
//! What must stay true: a model that is saved has no errors and does not turn a required standard function into something
//! else; the model of a product that is published, or about to be, does not change.

mod categories;
mod change;
mod check;
mod compatibility;
mod describe;
mod history;
mod refusal;

use crate::operation::{Audit, CONSOLE, EXPLORER_AND_VIDEO, Nothing, Operation, VIDEO};

pub(crate) use refusal::{model_refused, starting_model_of};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeModelDefinition",
        EXPLORER_AND_VIDEO,
        Audit::Read,
        text!("A product's thing model, and its category's template", "查询产品物模型"),
        handler!(describe::describe: describe::DescribeModelDefinition => describe::DescribedModel),
    ),
    Operation::new(
        "ModifyModelDefinition",
        EXPLORER_AND_VIDEO,
        Audit::Write,
        text!("Replace a product's thing model", "设置产品物模型"),
        handler!(change::modify: change::ModifyModelDefinition => Nothing),
    ),
    Operation::new(
        "ImportModelDefinition",
        VIDEO,
        Audit::Write,
        text!("Take over a thing model that was exported elsewhere", "导入物模型"),
        handler!(change::import: change::ModifyModelDefinition => Nothing),
    ),
    Operation::new(
        "CopyModelDefinition",
        CONSOLE,
        Audit::Write,
        text!("Take over another product's thing model", "复制其他产品的物模型"),
        handler!(change::copy: change::CopyModelDefinition => Nothing),
    ),
    Operation::new(
        "AddStandardFunctions",
        CONSOLE,
        Audit::Write,
        text!("Add standard functions of a category to a thing model", "添加标准功能"),
        handler!(change::add_standard: change::AddStandardFunctions => Nothing),
    ),
    Operation::new(
        "ValidateModelDefinition",
        CONSOLE,
        Audit::Read,
        text!("All errors and notes about a thing model at once", "校验物模型"),
        handler!(check::validate: check::ValidateModelDefinition => check::Validation),
    ),
    Operation::new(
        "CheckModelCompatibility",
        CONSOLE,
        Audit::Read,
        text!("What a new thing model means for devices and applications in use", "物模型兼容性检查"),
        handler!(compatibility::check: compatibility::CheckModelCompatibility => compatibility::CompatibilityReport),
    ),
    Operation::new(
        "GetModelVersionList",
        CONSOLE,
        Audit::Read,
        text!("The thing models that a product had", "获取物模型历史版本列表"),
        handler!(history::list: history::GetModelVersionList => history::ModelVersionList),
    ),
    Operation::new(
        "DescribeModelVersion",
        CONSOLE,
        Audit::Read,
        text!("A thing model that a product had", "查看物模型历史版本"),
        handler!(history::describe: history::DescribeModelVersion => history::DescribedVersion),
    ),
    Operation::new(
        "RestoreModelVersion",
        CONSOLE,
        Audit::Write,
        text!("Use an earlier version of a thing model again", "恢复物模型历史版本"),
        handler!(history::restore: history::RestoreModelVersion => Nothing),
    ),
    Operation::new(
        "DescribeCategory",
        VIDEO,
        Audit::Read,
        text!("A category and its standard functions", "获取品类详情"),
        handler!(categories::describe: categories::DescribeCategory => categories::DescribedCategory),
    ),
    Operation::new(
        "GetCategoryList",
        CONSOLE,
        Audit::Read,
        text!("All categories, group by group", "获取品类列表"),
        handler!(categories::list: categories::GetCategoryList => categories::CategoryList),
    ),
];
