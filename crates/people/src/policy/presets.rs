//! Policies that every installation has, as the vendor presets some (access management, 预设策略): roles to give to people
//! without writing a document. Their texts are in the program, so that an upgrade teaches them new operations; who has
//! which is in the registry, by name.

/// A policy that nobody can change.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its number, beyond all that are given to policies made here.
    pub id: i64,
    /// Its name, the vendor's where there is one.
    pub name: &'static str,
    /// What it is for, in English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// Its document.
    pub document: &'static str,
}

/// Every preset policy.
pub const PRESETS: &[Preset] = &[
    Preset {
        id: 9_000_000_001,
        name: "AdministratorAccess",
        en: "Everything, people and their rights included; in the first root account also the installation.",
        zh: "管理账户内的全部资源,包括用户与权限;在首个主账号下还包括平台本身。",
        document: r#"{
  "version": "2.0",
  "statement": [
    { "effect": "allow", "action": "*", "resource": "*" }
  ]
}"#,
    },
    Preset {
        id: 9_000_000_002,
        name: "DeveloperAccess",
        en: "Everything with projects, products, devices and applications; not people and not the installation.",
        zh: "管理项目、产品、设备和应用的全部功能,不包括用户权限与平台本身。",
        document: r#"{
  "version": "2.0",
  "statement": [
    { "effect": "allow", "action": "iotexplorer:*", "resource": "*" },
    { "effect": "deny", "action": "*", "resource": "qcs::iotexplorer:::installation" }
  ]
}"#,
    },
    Preset {
        id: 9_000_000_003,
        name: "OperatorAccess",
        en: "Sees everything but secrets, operates devices, and in the first root account runs the installation; makes and \
             deletes no products or devices.",
        zh: "查看除密钥以外的全部内容,操作设备,在首个主账号下还可运维平台本身;不能创建或删除产品和设备。",
        document: r#"{
  "version": "2.0",
  "statement": [
    {
      "effect": "allow",
      "action": [
        "iotexplorer:Describe*", "iotexplorer:Get*", "iotexplorer:List*", "iotexplorer:Search*",
        "iotexplorer:ControlDeviceData", "iotexplorer:CallDevice*", "iotexplorer:Publish*",
        "iotexplorer:BatchPublishMessage", "iotexplorer:UpdateDevicesEnableState", "iotexplorer:ModifyDeviceTags",
        "iotexplorer:ModifyDeviceLogLevel", "iotexplorer:UpdateDeviceLogLevel", "iotexplorer:CancelJob"
      ],
      "resource": "*"
    },
    { "effect": "allow", "action": "iotexplorer:*", "resource": "qcs::iotexplorer:::installation" },
    { "effect": "deny", "action": "iotexplorer:ShowSecrets", "resource": "*" }
  ]
}"#,
    },
    Preset {
        id: 9_000_000_004,
        name: "ReadOnlyAccess",
        en: "Sees projects, products and devices without their secrets, and changes nothing.",
        zh: "只读访问项目、产品和设备,不显示密钥,不能修改任何内容。",
        document: r#"{
  "version": "2.0",
  "statement": [
    {
      "effect": "allow",
      "action": ["iotexplorer:Describe*", "iotexplorer:Get*", "iotexplorer:List*", "iotexplorer:Search*"],
      "resource": "*"
    },
    { "effect": "deny", "action": "*", "resource": "qcs::iotexplorer:::installation" },
    { "effect": "deny", "action": "iotexplorer:ShowSecrets", "resource": "*" }
  ]
}"#,
    },
];

/// The preset with this number.
pub fn preset(id: i64) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

/// The preset of this name.
pub fn preset_named(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

#[cfg(test)]
mod tests {
    use yizhan_vocabulary::Uin;

    use super::*;
    use crate::policy::{Policy, decide, opens};

    const PRODUCT: &str = "qcs::iotexplorer:gz:uin/100000000001:project/p/product/x";
    const INSTALLATION: &str = "qcs::iotexplorer:gz:uin/100000000001:installation";
    const PEOPLE: &str = "qcs::cam::uin/100000000001:*";
    const ALL: &str = "qcs::iotexplorer:gz:uin/100000000001:*";

    fn of(name: &str) -> [Policy; 1] {
        [Policy::parse(preset_named(name).unwrap().document, Uin::FIRST).unwrap()]
    }

    #[test]
    fn each_role_opens_what_its_text_says() {
        let may =
            |name: &str, operation: &str, resource: &str| decide(&of(name), operation, resource).allowed;
        for (name, expected) in [
            //                     look, control, delete, people, installation, look at the installation
            ("AdministratorAccess", [true, true, true, true, true, true]),
            ("DeveloperAccess", [true, true, true, false, false, false]),
            ("OperatorAccess", [true, true, false, false, true, true]),
            ("ReadOnlyAccess", [true, false, false, false, false, false]),
        ] {
            let found = [
                may(name, "DescribeStudioProduct", PRODUCT),
                may(name, "ControlDeviceData", PRODUCT),
                may(name, "DeleteStudioProduct", PRODUCT),
                may(name, "AddUser", PEOPLE),
                may(name, "AddLicensePool", INSTALLATION),
                may(name, "DescribeLicensePools", INSTALLATION),
            ];
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn what_a_role_opens_somewhere_is_known_without_an_object() {
        assert!(opens(&of("ReadOnlyAccess"), "DescribeDevice", ALL));
        assert!(!opens(&of("ReadOnlyAccess"), "DeleteDevice", ALL));
        assert!(!opens(&of("DeveloperAccess"), "ListUsers", PEOPLE));
        assert!(
            !opens(&of("OperatorAccess"), "CreateDevice", ALL),
            "what it may do with the installation is no device"
        );
        let scoped = r#"{"version":"2.0","statement":[
            {"effect":"allow","action":"iotexplorer:*","resource":"qcs::iotexplorer:::project/p/*"},
            {"effect":"deny","action":"iotexplorer:Delete*","resource":"*"}]}"#;
        let scoped = [Policy::parse(scoped, Uin::FIRST).unwrap()];
        assert!(opens(&scoped, "ModifyDevice", ALL) && !opens(&scoped, "DeleteDevice", ALL));
    }
}
