//! Products of the video API: ordinary products with particulars of their hardware.

use serde_json::{Value, json};
use yizhan_management_tests::tenants;

/// Calls an action of the video API.
fn call(action: &str, request: &Value) -> Value {
    let mut call = tenants().second.client.tc3(action, &request.to_string());
    call.version = "2021-11-25".to_owned();
    call.service = "iotvideo".to_owned();
    call.send()
}

fn done(action: &str, request: &Value) -> Value {
    let answer = call(action, request);
    assert!(answer.get("Error").is_none(), "{action}: {answer}");
    answer
}

/// The vendor's sample, numbers as text.
fn lock(name: &str) -> Value {
    json!({"ProductVaildYears": "5", "ProductDescription": "a lock", "EncryptionType": "2", "ChipId": "default",
        "ProductName": name, "DeviceType": "1", "NetType": "cellular", "ChipManufactureId": "default",
        "ChipOs": "Linux", "CategoryId": "595", "Features": ["ypsxth"]})
}

#[test]
fn a_video_product_lives_from_its_making_to_its_end() {
    let made = done("CreateProduct", &lock("door"))["Data"].clone();
    let expected = [
        ("ProductName", json!("door")),
        ("DeviceType", json!(1)),
        ("ProductVaildYears", json!(5)),
        ("EncryptionType", json!(2)),
        ("Features", json!(["ypsxth"])),
        ("CategoryId", json!(595)),
        ("ChipOs", json!("Linux")),
        ("NetType", json!("cellular")),
    ];
    for (member, value) in expected {
        assert_eq!(made[member], value, "{member}");
    }
    let of = json!({"ProductId": made["ProductId"]});
    assert_eq!(done("DescribeProduct", &of)["Data"], made);
    let model = done("DescribeModelDefinition", &of)["Model"]["ModelDefine"].clone();
    assert!(model.as_str().expect("a text").contains("_sys_cs_type"));

    let request = json!({"ProductId": made["ProductId"], "ProductName": "gate"});
    done("ModifyProduct", &request);
    let changed = done("DescribeProduct", &of)["Data"].clone();
    assert_eq!((&changed["ProductName"], &changed["ProductDescription"]), (&json!("gate"), &json!("a lock")));

    let page = done("DescribeProducts", &json!({"Limit": "100", "Offset": "0"}));
    let listed =
        page["Data"].as_array().expect("a list").iter().filter(|it| it["ProductId"] == made["ProductId"]);
    assert_eq!(listed.count(), 1);
    // The same product, as the other API shows it.
    let explorer = tenants().second.client.call("DescribeStudioProduct", &of);
    assert_eq!(explorer["Product"]["CategoryId"], 595);

    done("DeleteProduct", &of);
    assert_eq!(call("DescribeProduct", &of)["Error"]["Code"], "ResourceNotFound.ProductNotExist");
}

#[test]
fn the_category_follows_from_the_features_when_none_is_named() {
    let made = |name: &str, features: Value| {
        let mut request = lock(name);
        request["Features"] = features;
        request.as_object_mut().expect("an object").remove("CategoryId");
        done("CreateProduct", &request)["Data"]["CategoryId"].clone()
    };
    assert_eq!(made("plain camera", json!(["ypsxth", "spdxth"])), 113);
    assert_eq!(made("wrist", json!(["ypsxth", "spdxth", "sxysp"])), 567);
}

#[test]
fn a_product_that_the_video_api_cannot_make_is_refused() {
    for (member, value) in
        [("EncryptionType", json!(1)), ("DeviceType", json!(3)), ("NetType", json!("tin cans"))]
    {
        let mut request = lock("refused");
        request[member] = value;
        assert_eq!(call("CreateProduct", &request)["Error"]["Code"], "InvalidParameter", "{member}");
    }
    done("CreateProduct", &lock("twice"));
    assert_eq!(
        call("CreateProduct", &lock("twice"))["Error"]["Code"],
        "UnsupportedOperation.ProductDupKeyExist"
    );
}
