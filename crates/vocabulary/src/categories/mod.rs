//! The library of product categories (产品品类) with the standard functions (标准功能) of each.
//!
//! A category's template is a thing model; the features in it that are `required` are those a product of the category
//! starts with (vendor's console: "必选"), the others ("可选") may be added. The identifiers are the vendor's where its
//! documents name them: the lamp of the console guide, the locks and the positioning functions of the video and
//! location guides; elsewhere they are named after what voice assistants ask for (`fan_speed`, `target_temp`).
//!
//! What must stay true: a template only grows. An identifier that was published in a template keeps its kind and its type
//! for ever, because products made from it are checked against it (see [`standard`]); a test pins them.
//!
//! Numbers: 1 (custom), 113, 567 and 595 are in the vendor's API documents, 3 is the lamp of its guide. The vendor's other
//! numbers are not published, so ours begin at 10000, where they cannot mean something else to a client that was
//! written for the vendor. A product may have a number that is not listed here; it then has no template.

mod adding;
pub mod standard;
mod starting;

use std::sync::LazyLock;

use crate::model::ThingModel;

pub use adding::{AddError, add_functions};
pub use starting::{EMPTY_TEMPLATE, empty_model, starting_model};

/// The category without a template (自定义品类).
pub const CUSTOM: i64 = 1;

/// What the devices of a category usually are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductKind {
    /// Devices that speak for themselves, or behind a gateway.
    Device,
    /// Devices that speak for others.
    Gateway,
}

/// A group of categories, or a category.
#[derive(Debug, Clone, Copy)]
pub struct Category {
    /// Its number, never given to another one.
    pub id: i64,
    /// Its name in programs.
    pub key: &'static str,
    /// Its Chinese name, as the vendor's console shows it.
    pub chinese: &'static str,
    /// Its English name.
    pub english: &'static str,
    /// The group it is in; 0 for the top.
    pub parent: i64,
    /// What its devices are; nothing for a group.
    pub kind: Option<ProductKind>,
    /// Its standard functions; none for a group and for the custom category.
    pub template: Option<&'static str>,
}

impl Category {
    /// Whether its devices send pictures: camera, watch and video door lock (management API facts §8.1).
    pub const fn is_video(&self) -> bool {
        matches!(self.id, 113 | 567 | 595)
    }
}

const fn group(
    id: i64,
    key: &'static str,
    chinese: &'static str,
    english: &'static str,
    parent: i64,
) -> Category {
    Category { id, key, chinese, english, parent, kind: None, template: None }
}

macro_rules! category {
    ($id:literal, $key:literal, $chinese:literal, $english:literal, $parent:expr, $kind:ident) => {
        Category {
            id: $id,
            key: $key,
            chinese: $chinese,
            english: $english,
            parent: $parent,
            kind: Some(ProductKind::$kind),
            template: Some(include_str!(concat!("../../categories/", $key, ".json"))),
        }
    };
}

const SMART_LIFE: i64 = 10_000;
const LIGHTING: i64 = 10_100;
const APPLIANCES: i64 = 10_200;
const SECURITY: i64 = 10_300;
const GATEWAYS: i64 = 10_400;
const POSITIONING: i64 = 10_500;
const SENSORS: i64 = 10_600;

/// Every group and category, groups before what they hold.
pub const CATEGORIES: &[Category] = &[
    Category {
        id: CUSTOM,
        key: "custom",
        chinese: "自定义品类",
        english: "Custom",
        parent: 0,
        kind: Some(ProductKind::Device),
        template: None,
    },
    group(SMART_LIFE, "smart_life", "智慧生活", "Smart life", 0),
    group(LIGHTING, "electrical_lighting", "电工照明", "Electrical and lighting", SMART_LIFE),
    category!(3, "lamp", "灯", "Lamp", LIGHTING, Device),
    category!(10_101, "switch_panel", "开关面板", "Switch panel", LIGHTING, Device),
    category!(10_102, "socket", "插座", "Socket", LIGHTING, Device),
    category!(10_103, "metering_socket", "计量插座", "Metering socket", LIGHTING, Device),
    category!(10_104, "curtain", "窗帘", "Curtain", LIGHTING, Device),
    group(APPLIANCES, "home_appliances", "家用电器", "Home appliances", SMART_LIFE),
    category!(10_201, "aroma_diffuser", "香薰机", "Aroma diffuser", APPLIANCES, Device),
    category!(10_202, "sweeper", "扫地机器人", "Robot sweeper", APPLIANCES, Device),
    category!(10_203, "air_purifier", "空气净化器", "Air purifier", APPLIANCES, Device),
    category!(10_204, "air_conditioner", "空调", "Air conditioner", APPLIANCES, Device),
    category!(10_205, "fan", "风扇", "Fan", APPLIANCES, Device),
    category!(10_206, "television", "电视", "Television", APPLIANCES, Device),
    group(SECURITY, "smart_security", "智能安防", "Smart security", 0),
    category!(113, "camera", "摄像头", "Camera", SECURITY, Device),
    category!(595, "lock", "可视对讲门锁", "Video door lock", SECURITY, Device),
    group(GATEWAYS, "gateways", "网关中控", "Gateways", 0),
    category!(10_401, "gateway", "网关", "Gateway", GATEWAYS, Gateway),
    group(POSITIONING, "positioning", "定位与穿戴", "Positioning and wearables", 0),
    category!(10_501, "locator", "定位器", "Locator", POSITIONING, Device),
    category!(567, "watch", "儿童手表", "Children's watch", POSITIONING, Device),
    group(SENSORS, "sensors", "传感器", "Sensors", 0),
    category!(
        10_601,
        "environment_sensor",
        "温湿度传感器",
        "Temperature and humidity sensor",
        SENSORS,
        Device
    ),
];

/// The templates, compiled, in the order of [`CATEGORIES`].
static COMPILED: LazyLock<Vec<Option<ThingModel>>> = LazyLock::new(|| {
    let compile = |text| ThingModel::draft(text).expect("a test compiles every template");
    CATEGORIES.iter().map(|category| category.template.map(compile)).collect()
});

/// The templates' texts in one line each, as surfaces carry them.
static COMPACT: LazyLock<Vec<Option<String>>> =
    LazyLock::new(|| CATEGORIES.iter().map(|category| category.template.map(starting::compact)).collect());

impl Category {
    /// The category with this number.
    pub fn find(id: i64) -> Option<&'static Self> {
        CATEGORIES.iter().find(|category| category.id == id)
    }

    /// The category with this name.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        CATEGORIES.iter().find(|category| category.key == key)
    }

    /// Its standard functions, compiled.
    pub fn model(&self) -> Option<&'static ThingModel> {
        let position = CATEGORIES.iter().position(|category| category.id == self.id)?;
        COMPILED[position].as_ref()
    }

    /// Whether it only holds others; a product is never of a group.
    pub const fn is_group(&self) -> bool {
        self.kind.is_none()
    }
}

/// The standard functions of a category number, compiled; none when it has no template.
pub fn template(category: i64) -> Option<&'static ThingModel> {
    Category::find(category)?.model()
}

/// The text of a category's template as the vendor's `CategoryModel` and `ModelTemplate` carry it; an empty object when
/// there is none, as in the vendor's samples.
pub fn template_text(category: i64) -> &'static str {
    let place = CATEGORIES.iter().position(|known| known.id == category);
    place.and_then(|place| COMPACT[place].as_deref()).unwrap_or(EMPTY_TEMPLATE)
}
