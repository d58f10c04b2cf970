//! Thing models through the compatible API and the console's operations: what is accepted, with which code the rest is
//! refused, what a change means for devices that have reported, and how it is undone.

use serde_json::{Value, json};
use yizhan_management_tests::tenants;
use yizhan_testkit::{DeviceCredentials, FakeDevice};

use crate::calls::{done, refused};

/// A new product of a category, in a project of its own.
fn product(name: &str, category: i64) -> String {
    let project = done("CreateProject", &json!({"ProjectName": name, "ProjectDesc": ""}));
    let project = &project["Project"]["ProjectId"];
    let request = json!({"ProjectId": project, "ProductName": name, "CategoryId": category, "ProductType": 0,
        "EncryptionType": "2", "NetType": "wifi", "DataProtocol": 1, "ProductDesc": ""});
    let made = done("CreateStudioProduct", &request);
    made["Product"]["ProductId"].as_str().expect("a product has an id").to_owned()
}

fn put(product: &str, model: &Value) {
    done("ModifyModelDefinition", &json!({"ProductId": product, "ModelSchema": model.to_string()}));
}

fn put_refused(product: &str, schema: &str) -> String {
    refused("ModifyModelDefinition", &json!({"ProductId": product, "ModelSchema": schema}))
}

fn definition(product: &str) -> Value {
    done("DescribeModelDefinition", &json!({"ProductId": product}))["Model"].clone()
}

fn model_of(product: &str) -> Value {
    let text = definition(product)["ModelDefine"].as_str().expect("a text").to_owned();
    serde_json::from_str(&text).expect("JSON")
}

fn dimmer(max: i64) -> Value {
    json!({"version": "1.0", "properties": [
        {"id": "brightness", "name": "Brightness", "mode": "rw",
         "define": {"type": "int", "min": "0", "max": max.to_string()}},
        {"id": "place", "name": "Place", "mode": "rw", "define": {"type": "string", "min": "0", "max": "64"}}]})
}

#[test]
fn a_new_product_has_the_required_functions_of_its_category() {
    let lamp = product("category lamp", 3);
    let model = model_of(&lamp);
    let identifiers: Vec<_> =
        model["properties"].as_array().expect("a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(identifiers, ["power_switch"]);
    assert_eq!(model["profile"], json!({"ProductId": lamp, "CategoryId": "3"}));
    let definition = definition(&lamp);
    assert!(definition["CategoryModel"].as_str().expect("a text").contains("color_temp"));
    assert_eq!(definition["NetTypeModel"], "{}");

    let own = product("category of its own", 1);
    assert_eq!(model_of(&own)["properties"], json!([]));
    assert_eq!(self::definition(&own)["CategoryModel"], "{}");
}

#[test]
fn what_is_written_is_read_again_letter_by_letter() {
    let id = product("read again", 1);
    let text =
        r#"{ "version":"1.0",  "properties": [{"define":{"type":"bool"},"id":"a","name":"甲","mode":"r"}] }"#;
    done("ModifyModelDefinition", &json!({"ProductId": id, "ModelSchema": text}));
    assert_eq!(definition(&id)["ModelDefine"], text);
}

#[test]
fn a_malformed_model_gets_the_vendors_own_code() {
    let id = product("malformed", 1);
    let property =
        |define: &str| format!(r#"{{"properties":[{{"id":"p","name":"P","mode":"r","define":{define}}}]}}"#);
    let twice = r#"{"id":"p","name":"P","mode":"r","define":{"type":"bool"}}"#;
    let event = |rest: &str| format!(r#"{{"events":[{{"id":"e","name":"E"{rest}}}]}}"#);
    let param = r#"{"id":"a","define":{"type":"bool"}}"#;
    let cases = [
        ("ModelDefineNil", String::new()),
        ("ModelDefineInvalid", "[1]".to_owned()),
        ("ModelDefineInvalid", "{\"properties\":".to_owned()),
        ("ModelDefineDupID", format!(r#"{{"properties":[{twice},{twice}]}}"#)),
        ("ModelDefineErrorModel", format!(r#"{{"properties":[{}]}}"#, twice.replace("\"r\"", "\"x\""))),
        ("ModelDefineErrorType", property(r#"{"type":"list"}"#)),
        ("ModelDefinePropRangeError", property(r#"{"type":"int","min":"9","max":"1"}"#)),
        (
            "ModelDefinePropRangeOverflow",
            property(r#"{"type":"int","min":"0","max":"99999999999999999999"}"#),
        ),
        ("ModelDefinePropBoolMappingError", property(r#"{"type":"bool","mapping":{"0":"off"}}"#)),
        ("ModelDefinePropEnumMappingError", property(r#"{"type":"enum","mapping":{"a":"A"}}"#)),
        (
            "ModelDefineEventPropNameError",
            event(r#","type":"info","params":[{"id":"1a","define":{"type":"bool"}}]"#),
        ),
        ("ModelDefineEventPropError", event(r#","type":"info","params":[{"id":"a"}]"#)),
        ("ModelDefineEventParamsDupID", event(&format!(r#","type":"info","params":[{param},{param}]"#))),
        (
            "ModelDefineEventParamsExceedLimit",
            event(&format!(r#","type":"info","params":[{}]"#, vec![param; 65].join(","))),
        ),
        ("ModelDefineEventTypeError", event(r#","type":"loud""#)),
    ];
    for (code, schema) in cases {
        assert_eq!(put_refused(&id, &schema), format!("InvalidParameterValue.{code}"), "{schema}");
    }
    assert_eq!(put_refused(&id, &event("")), "MissingParameter.ModelDefineEventTypeError");
    let many = format!(r#"{{"properties":[{}]}}"#, vec![twice; 257].join(","));
    assert_eq!(put_refused(&id, &many), "LimitExceeded.ThingModelExceedLimit");
    assert_eq!(model_of(&id)["properties"], json!([]), "nothing of all this was kept");
}

#[test]
fn all_errors_and_notes_are_told_at_once() {
    let schema = json!({"propertys": [], "properties": [
        {"id": "power_switch", "name": "S", "mode": "rw", "define": {"type": "int", "mim": "0"}}]});
    let lamp = product("validated", 3);
    let validated =
        done("ValidateModelDefinition", &json!({"ProductId": lamp, "ModelSchema": schema.to_string()}));
    assert_eq!(validated["Valid"], false);
    assert_eq!(validated["Errors"], json!([]));
    let paths: Vec<_> =
        validated["Notes"].as_array().expect("a list").iter().map(|note| &note["Path"]).collect();
    assert_eq!(paths, ["propertys", "properties[0].define.mim"]);
    assert_eq!(validated["Deviations"][0]["Identifier"], "power_switch");
    assert_eq!(validated["Deviations"][0]["Refused"], true);
    assert_eq!(put_refused(&lamp, &schema.to_string()), "InvalidParameterValue.ModelDefineDontMatchTemplate");

    let broken = r#"{"properties":[{"id":"1","mode":"q"}]}"#;
    let validated = done("ValidateModelDefinition", &json!({"ModelSchema": broken}));
    let errors = validated["Errors"].as_array().expect("a list");
    assert!(errors.len() >= 4 && errors.iter().all(|error| error["Code"].as_str().is_some()), "{validated}");
}

#[test]
fn the_model_of_a_published_product_does_not_change() {
    let id = product("published", 1);
    put(&id, &dimmer(100));
    done("ReleaseStudioProduct", &json!({"ProductId": id, "DevStatus": "released"}));
    let code = "UnsupportedOperation.NoPermissionToReleasedProduct";
    assert_eq!(put_refused(&id, &dimmer(50).to_string()), code);
    assert_eq!(refused("RestoreModelVersion", &json!({"ProductId": id, "Version": 1})), code);
    done("ReleaseStudioProduct", &json!({"ProductId": id, "DevStatus": "dev"}));
    put(&id, &dimmer(50));
}

#[test]
fn a_change_is_undone() {
    let id = product("undone", 1);
    put(&id, &dimmer(100));
    put(&id, &dimmer(50));
    put(&id, &dimmer(50));
    let versions = done("GetModelVersionList", &json!({"ProductId": id}));
    let seen: Vec<_> = versions["Versions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            (
                it["Version"].as_i64(),
                it["Origin"].as_str(),
                it["Current"].as_bool(),
                it["PropertyCount"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [(Some(2), Some("changed"), Some(true), Some(2)), (Some(1), Some("changed"), Some(false), Some(2))]
    );
    done("RestoreModelVersion", &json!({"ProductId": id, "Version": 1}));
    assert_eq!(model_of(&id), dimmer(100));
    let second = done("DescribeModelVersion", &json!({"ProductId": id, "Version": 2}));
    assert_eq!(second["ModelDefine"], dimmer(50).to_string());
    let newest = &done("GetModelVersionList", &json!({"ProductId": id}))["Versions"][0];
    assert_eq!((&newest["Version"], &newest["Origin"]), (&json!(3), &json!("restored")));
    assert_eq!(newest["Account"], 100_000_000_001_i64);
    let code = refused("RestoreModelVersion", &json!({"ProductId": id, "Version": 9}));
    assert_eq!(code, "ResourceNotFound.ModelVersionNotExist");
}

#[test]
fn another_products_model_is_taken_over() {
    let (from, to) = (product("taken from", 1), product("taken over", 1));
    let request = json!({"ProductId": to, "FromProductId": from});
    assert_eq!(refused("CopyModelDefinition", &request), "InvalidParameterValue.ModelDefineInvalid");
    put(&from, &dimmer(70));
    done("CopyModelDefinition", &request);
    assert_eq!(model_of(&to), dimmer(70));
    // The video API empties a model with an empty object.
    done("ImportModelDefinition", &json!({"ProductId": to, "ModelSchema": "{}"}));
    assert_eq!(model_of(&to)["properties"], json!([]));
}

#[test]
fn standard_functions_are_added_by_name() {
    let lamp = product("added", 3);
    done("AddStandardFunctions", &json!({"ProductId": lamp, "Identifiers": ["brightness", "low_voltage"]}));
    // From another category: a lamp that can be found.
    let request = json!({"ProductId": lamp, "Identifiers": ["GPS_Info"], "CategoryId": 10501});
    done("AddStandardFunctions", &request);
    let model = model_of(&lamp);
    let identifiers: Vec<_> =
        model["properties"].as_array().expect("a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(identifiers, ["power_switch", "brightness", "GPS_Info"]);
    assert_eq!(model["events"][0]["id"], "low_voltage");
    assert_eq!(refused("AddStandardFunctions", &request), "InvalidParameterValue.ModelDefineDupID");
    let unknown = json!({"ProductId": lamp, "Identifiers": ["wings"]});
    assert_eq!(refused("AddStandardFunctions", &unknown), "InvalidParameterValue");
}

#[test]
fn devices_whose_values_would_not_fit_are_counted() {
    let id = product("compatible", 1);
    put(&id, &dimmer(100));
    for (name, brightness) in [("bright", 80), ("dark", 20)] {
        let made = done("CreateDevice", &json!({"ProductId": id, "DeviceName": name}));
        let psk = made["Data"]["DevicePsk"].as_str().expect("a key").to_owned();
        let credentials = DeviceCredentials { product: id.clone(), name: name.to_owned(), secret: psk };
        let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
        device.subscribe("$thing/down/property", 1);
        assert_eq!(device.report(&json!({"brightness": brightness}))["code"], 0);
    }
    let report = |model: &Value| {
        done("CheckModelCompatibility", &json!({"ProductId": id, "ModelSchema": model.to_string()}))
    };
    let narrower = report(&dimmer(50));
    assert_eq!((&narrower["Effect"], &narrower["DeviceCount"]), (&json!("devices_refused"), &json!(2)));
    assert_eq!(
        narrower["Misfits"],
        json!([{"Identifier": "brightness", "Count": 1, "DeviceNames": ["bright"]}])
    );
    let change = &narrower["Changes"][0];
    assert_eq!((&change["Path"], &change["Kind"]), (&json!("brightness"), &json!("narrowed")));
    assert!(change["Text"].as_str().expect("a text").contains("100"), "{change}");

    let wider = report(&dimmer(200));
    assert_eq!((&wider["Effect"], &wider["Misfits"]), (&json!("harmless"), &json!([])));
    let gone = report(&json!({"properties": []}));
    assert_eq!(gone["Misfits"][0]["Count"], 2, "a device that reports what is gone is refused: {gone}");
}

#[test]
fn categories_are_listed_with_their_standard_functions() {
    let list = done("GetCategoryList", &json!({}));
    let entries = list["Categories"].as_array().expect("a list");
    let of = |key: &str| entries.iter().find(|entry| entry["CategoryKey"] == key).expect("a category");
    assert_eq!(of("gateway")["ProductType"], 5);
    assert_eq!(of("lamp")["Functions"][0]["Required"], true);
    let camera = done("DescribeCategory", &json!({"Id": 113}))["Data"].clone();
    assert_eq!(camera["CategoryKey"], "camera");
    assert!(camera["ModelTemplate"].as_str().expect("a text").contains("_sys_xp2p_info"));
    assert_eq!(camera["ParentId"], of("smart_security")["Id"]);
    let code = refused("DescribeCategory", &json!({"Id": 424_242}));
    assert_eq!(code, "InvalidParameterValue.CategoryNotExist");
}
