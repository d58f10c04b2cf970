//! Many devices at once: lists, changes of all that fit, tables that come in and go out.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_management_tests::tenants;
use yizhan_testkit::http;

use crate::calls::{done, refused};
use crate::device_data::Situation;

/// A selection of devices of a product.
fn of(product: &str, more: &Value) -> Value {
    let mut selection = json!({ "ProductId": product });
    for (member, value) in more.as_object().into_iter().flatten() {
        selection[member] = value.clone();
    }
    selection
}

/// The names that a search finds, and the whole answer.
fn search(selection: &Value, more: &Value) -> (Vec<String>, Value) {
    let mut request = json!({ "Selection": selection, "Limit": 200, "CountStates": true });
    for (member, value) in more.as_object().into_iter().flatten() {
        request[member] = value.clone();
    }
    let answer = done("SearchDevices", &request);
    let name = |device: &Value| device["DeviceName"].as_str().expect("a name").to_owned();
    (answer["Devices"].as_array().expect("a list").iter().map(name).collect(), answer)
}

/// A started job when it has ended.
#[track_caller]
fn ended(started: &Value) -> Value {
    let id = &started["Job"]["JobId"];
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let described = done("DescribeJob", &json!({ "JobId": id }));
        if described["Job"]["State"] != "running" {
            assert_eq!(described["Job"]["State"], "done", "{described}");
            return described;
        }
        assert!(Instant::now() < deadline, "{described}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn get(path: &str) -> http::Answer {
    let server = http::Endpoint::Tcp(tenants().server.http());
    http::request(&server, "GET", path, &[], None).expect("an answer")
}

/// The file that a job has made.
fn file_of(job: &Value) -> String {
    let url = done("CreateJobResultUrl", &json!({ "JobId": job["Job"]["JobId"] }));
    let url = url["Url"].as_str().expect("a URL");
    let path = &url[url.find("/files/").expect("a path")..];
    let answer = get(path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let forged = path.replace("Signature=", "Signature=0");
    assert_eq!(get(&forged).status, 403);
    answer.text()
}

#[test]
fn devices_are_found_by_state_tag_and_name_and_put_in_order() {
    let it = Situation::new("search");
    done("CreateDevices", &json!({"ProductId": it.product, "DeviceNames": ["b2", "a1", "c3"]}));
    let tags = json!([{"Key": "room", "Value": "north hall"}]);
    done("ModifyDeviceTags", &json!({"ProductId": it.product, "DeviceName": "c3", "Tags": tags}));
    let item = json!({"ProductId": it.product, "DeviceName": "b2"});
    done("UpdateDevicesEnableState", &json!({"DevicesItems": [item], "Status": 0}));
    let device = it.connect();
    let all = of(&it.product, &json!({}));
    let (names, answer) = search(&all, &json!({"Sort": "name", "Descending": true}));
    assert_eq!(names, ["one", "c3", "b2", "a1"]);
    let standing = json!({"Online": 1, "Offline": 0, "Inactive": 2, "Disabled": 1});
    assert_eq!((&answer["Standing"], &answer["Total"]), (&standing, &json!(4)));
    let online = search(&of(&it.product, &json!({"States": ["online"]})), &json!({}));
    assert_eq!((online.0, &online.1["Standing"]), (vec!["one".to_owned()], &standing));
    assert_eq!(online.1["Devices"][0]["Transport"], "tcp");
    for (filter, found) in [
        (json!({"States": ["disabled", "inactive"], "NameStart": "b"}), vec!["b2"]),
        (json!({"Tags": [{"Key": "room", "Value": "hall"}]}), vec!["c3"]),
        (json!({"Transport": "tcp"}), vec!["one"]),
        (json!({"NamePart": "1"}), vec!["a1"]),
        (json!({"FirmwareVersion": "9"}), vec![]),
    ] {
        assert_eq!(search(&of(&it.product, &filter), &json!({})).0, found, "{filter}");
    }
    let page = search(&of(&it.product, &json!({})), &json!({"Sort": "created", "Offset": 1, "Limit": 2}));
    assert_eq!((page.0, &page.1["Total"]), (vec!["b2".to_owned(), "a1".to_owned()], &json!(4)));
    let (last, _) = search(&of(&it.product, &json!({})), &json!({"Sort": "last_online", "Descending": true}));
    assert_eq!(last[0], "one");
    assert_eq!(search(&json!({"ProjectId": it.project}), &json!({})).0.len(), 4);
    drop(device);
}

#[test]
fn all_devices_that_fit_are_tagged_switched_and_deleted_in_the_background() {
    let it = Situation::new("bulk");
    done("CreateDevices", &json!({"ProductId": it.product, "Prefix": "lamp", "Count": 300}));
    let lamps = of(&it.product, &json!({"NameStart": "lamp"}));
    let room = json!([{"Key": "room", "Value": "hall"}]);
    let job = ended(&done("TagSelectedDevices", &json!({"Selection": lamps, "Set": room})));
    assert_eq!((&job["Job"]["Done"], &job["Job"]["Result"]["Count"]), (&json!(300), &json!(300)));
    let tagged = of(&it.product, &json!({"Tags": room}));
    assert_eq!(search(&tagged, &json!({})).1["Total"], 300);
    ended(&done("SwitchSelectedDevices", &json!({"Selection": lamps, "Enable": false})));
    assert_eq!(search(&of(&it.product, &json!({"States": ["disabled"]})), &json!({})).1["Total"], 300);
    let mut device = it.connect();
    device.subscribe("$thing/down/property", 1);
    let preview = done("PreviewDeleteDevices", &json!({"Selection": of(&it.product, &json!({}))}));
    let expected = json!({"Devices": 301, "Online": 1, "OnlineNames": ["one"], "Bound": 0, "WithData": 1});
    for (member, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(preview[member], *value, "{member}: {preview}");
    }
    let grown = json!({"Selection": lamps, "Most": 299});
    assert_eq!(refused("DeleteSelectedDevices", &grown), "FailedOperation");
    ended(&done("DeleteSelectedDevices", &json!({"Selection": lamps, "Most": 300})));
    assert_eq!(search(&of(&it.product, &json!({})), &json!({})).0, ["one"]);
}

#[test]
fn a_table_is_looked_at_and_then_imported_and_a_second_time_it_changes_nothing() {
    let it = Situation::new("import");
    let own = "c2VjcmV0IG9mIGxhbXA=";
    let csv = format!(
        "DeviceName,tags,DevicePsk,Remark\nlamp-1,room=hall;floor=1,,x\nlamp-2,,{own},\nla mp,,,\nlamp-1,,,\n\
         one,room=attic,,\nlamp-3,,no key,\n"
    );
    let request = json!({"ProductId": it.product, "Csv": csv});
    let preview = done("PreviewImportDevices", &request);
    let counts = ["Total", "ToCreate", "ToUpdate", "Unchanged", "Refused"].map(|name| preview[name].clone());
    assert_eq!(counts, [6, 2, 1, 0, 3].map(|count| json!(count)), "{preview}");
    assert_eq!(preview["IgnoredColumns"], json!(["Remark"]));
    let twice = &preview["Rows"][3];
    assert_eq!((&twice["Line"], &twice["Outcome"]), (&json!(5), &json!("refused")));
    assert!(twice["Reason"].as_str().is_some_and(|reason| reason.contains('2')), "{twice}");
    assert_eq!(search(&of(&it.product, &json!({})), &json!({})).0, ["one"], "a look changes nothing");
    let job = ended(&done("ImportDevices", &request));
    let result = &job["Job"]["Result"];
    assert_eq!(
        (&result["Created"], &result["Updated"], &result["Refused"]),
        (&json!(2), &json!(1), &json!(3))
    );
    assert_eq!(job["Failures"].as_array().map(Vec::len), Some(3), "{job}");
    let (names, found) = search(&of(&it.product, &json!({})), &json!({"Sort": "name"}));
    assert_eq!(names, ["lamp-1", "lamp-2", "one"]);
    assert_eq!(found["Devices"][0]["Tags"][0], json!({"Key": "floor", "Value": "1"}));
    let file = file_of(&job);
    assert!(file.contains(&format!("lamp-2,created,,{own},")), "{file}");
    let again = done("PreviewImportDevices", &request);
    assert_eq!((&again["ToCreate"], &again["Unchanged"]), (&json!(0), &json!(3)), "{again}");
    let other = json!({"ProductId": it.product, "Csv": "lamp-2,,YW5vdGhlciBrZXkgaGVyZQ==\n"});
    assert_eq!(done("PreviewImportDevices", &other)["Refused"], 1);
}

#[test]
fn the_list_that_is_shown_is_exported_with_keys_only_where_they_are_asked_for() {
    let it = Situation::new("export");
    done("CreateDevice", &json!({"ProductId": it.product, "DeviceName": "two"}));
    let two = of(&it.product, &json!({"NamePart": "tw"}));
    let file = file_of(&ended(&done("ExportDevices", &json!({"Selection": two}))));
    assert!(file.contains(",two,inactive,1,") && !file.contains("one"), "{file}");
    assert!(!file.contains("DevicePsk"), "{file}");
    let all = of(&it.product, &json!({}));
    let file = file_of(&ended(&done("ExportDevices", &json!({"Selection": all, "WithKeys": true}))));
    assert!(file.contains(&it.credentials.secret), "the key of the first device");
    let results = tenants().server.data_dir().join("results");
    for entry in std::fs::read_dir(results).expect("the folder of results") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        let secret = it.credentials.secret.as_bytes();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret), "a key lies on the disk as it is");
    }
}
