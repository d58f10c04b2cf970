//! Messages and calls from the management side (facts §2.12, cloud API notes).

use std::time::Duration;

use serde_json::json;
use yizhan_devices::{
    BatchOutcome, BroadcastError, Call, CallForm, CallPayload, LogName, PublishError, Published, RawMessage,
    SendOutcome,
};
use yizhan_vocabulary::causes::{DisconnectCause, DropReason};

use crate::rig::{Rig, product_id};

const DATA: &str = "DEMOPROD01/dev001/data";

fn message(topic: &str, qos: u8) -> RawMessage {
    RawMessage { topic: topic.into(), payload: b"hello".to_vec(), qos, source: "uin/7".into() }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn a_message_goes_to_its_device_and_stands_in_the_content_log_with_who_sent_it() {
    let mut rig = Rig::new();
    rig.connect();
    assert_eq!(rig.devices.publish(&rig.device(), message(DATA, 1)).unwrap(), Published::Sent);
    let sent = rig.links.sent.lock()[0].clone();
    assert_eq!((&*sent.topic, &*sent.payload, sent.qos), (DATA, &b"hello"[..], 1));
    rig.settle_journal();
    let log = rig.log(LogName::Content);
    assert_eq!((&log[0]["direction"], &log[0]["payload"]), (&json!("down"), &json!("hello")));
    assert_eq!(log[0]["source"], "uin/7");
}

#[test]
fn a_message_is_refused_with_the_reason_that_fits() {
    let mut rig = Rig::new();
    let device = rig.device();
    let refusal = |rig: &Rig, topic: &str| rig.devices.publish(&device, message(topic, 0)).unwrap_err();
    assert!(matches!(refusal(&rig, DATA), PublishError::Offline));
    for topic in ["DEMOPROD01/dev001/event", "DEMOPROD01/dev002/data", "DEMOPROD01/dev001/#", "x"] {
        assert!(matches!(refusal(&rig, topic), PublishError::TopicRefused(_)), "{topic}");
    }
    rig.connect();
    rig.links.refuse_with(SendOutcome::NoSubscriber);
    assert!(matches!(refusal(&rig, DATA), PublishError::NoSubscription));
    rig.links.refuse_with(SendOutcome::Refused(DropReason::QueueFull));
    assert!(matches!(refusal(&rig, DATA), PublishError::StoreFull));
    rig.links.refuse_with(SendOutcome::Queued);
    assert_eq!(rig.devices.publish(&device, message(DATA, 1)).unwrap(), Published::Queued);
    let large = RawMessage { payload: vec![b'x'; 65 * 1024], ..message(DATA, 1) };
    assert!(matches!(rig.devices.publish(&device, large), Err(PublishError::TooLarge { limit: 65_536 })));
    rig.devices.enable_device(&device, false).unwrap();
    assert!(matches!(refusal(&rig, DATA), PublishError::Disabled));
    rig.settle_journal();
    let problems: Vec<_> = rig.log(LogName::Diagnostic).iter().map(|it| it["errcode"].clone()).collect();
    assert_eq!(
        problems,
        ["Pub_To_Dev_Offline", "Pub_To_Dev_No_Subscriber", "Pub_To_Dev_Offline_Msg_Exceed_Limit"]
    );
}

#[test]
fn a_batch_names_each_device_in_the_topic_and_tells_what_became_of_each() {
    let mut rig = Rig::new();
    rig.create("dev002");
    rig.connect();
    let names = ["dev001", "dev002", "nobody"].map(String::from);
    let results = rig
        .devices
        .publish_batch(&product_id(), &names, &message("DEMOPROD01/${deviceName}/data", 0))
        .unwrap();
    assert!(matches!(results[0].outcome, BatchOutcome::Published(Published::Sent)));
    assert!(matches!(results[1].outcome, BatchOutcome::Published(Published::Sent)));
    assert!(matches!(results[2].outcome, BatchOutcome::Unknown));
    let topics: Vec<_> = rig.links.sent.lock().iter().map(|sent| sent.topic.to_string()).collect();
    assert_eq!(topics, [DATA, "DEMOPROD01/dev002/data"]);
    let many = vec!["dev001".to_owned(); 201];
    assert!(rig.devices.publish_batch(&product_id(), &many, &message(DATA, 0)).is_err());
}

#[test]
fn a_broadcast_reaches_every_device_on_its_own_topic() {
    let mut rig = Rig::new();
    rig.create("dev002");
    rig.connect();
    let first = rig.devices.broadcast(&product_id(), b"all".to_vec(), 1, "uin/7").unwrap();
    while rig.links.sent.lock().len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let topics: Vec<_> = rig.links.sent.lock().iter().map(|sent| sent.topic.to_string()).collect();
    assert_eq!(topics, ["$broadcast/rxd/DEMOPROD01/dev001", "$broadcast/rxd/DEMOPROD01/dev002"]);
    let second = loop {
        match rig.devices.broadcast(&product_id(), b"again".to_vec(), 0, "uin/7") {
            Ok(second) => break second,
            Err(BroadcastError::Running) => std::thread::sleep(Duration::from_millis(5)),
            Err(other) => panic!("{other}"),
        }
    };
    assert!(second.0 > first.0);
    let large = rig.devices.broadcast(&product_id(), vec![0; 70_000], 0, "uin/7");
    assert!(matches!(large, Err(BroadcastError::TooLarge { .. })));
}

#[test]
fn a_call_is_answered_on_the_topic_with_its_number() {
    for (form, down, up) in [
        (CallForm::Rrpc, "$rrpc/rxd/DEMOPROD01/dev001/", "$rrpc/txd/DEMOPROD01/dev001/"),
        (CallForm::IotRrpc, "$iotrrpc/down/DEMOPROD01/dev001/", "$iotrrpc/up/DEMOPROD01/dev001/"),
    ] {
        let mut rig = Rig::new();
        rig.connect();
        let payload = CallPayload::Base64(b"{}".to_vec());
        let pending =
            rig.devices.call(&rig.device(), Call { form, payload, source: "uin/7".into() }).unwrap();
        let sent = rig.links.sent.lock()[0].clone();
        assert_eq!((&*sent.payload, sent.qos), (&b"e30="[..], 0));
        let number = sent.topic.strip_prefix(down).unwrap().to_owned();
        assert!(rig.uplink_bytes(&format!("{up}{number}"), b"\xffok").is_empty());
        let answered = run(pending.answer(Duration::from_secs(5)));
        assert_eq!(answered.answer.as_deref(), Some(&b"\xffok"[..]));
        assert_eq!(answered.message_id.to_string(), number);
        assert!(rig.uplink_bytes(&format!("{up}{number}"), b"late").is_empty());
        assert_eq!(rig.log(LogName::Diagnostic)[0]["errcode"], "Pub_To_Dev_Answer_Refused");
    }
}

#[test]
fn a_call_on_a_custom_topic_is_answered_by_its_token_and_only_where_it_was_asked_for() {
    let mut rig = Rig::new();
    rig.connect();
    let call = |rig: &Rig, payload: &[u8], reply_topic: Option<&str>| {
        let form = CallForm::Custom { topic: DATA.into(), reply_topic: reply_topic.map(Into::into) };
        let payload = CallPayload::Plain(payload.to_vec());
        rig.devices.call(&rig.device(), Call { form, payload, source: "uin/7".into() }).unwrap()
    };
    let pending = call(&rig, br#"{"a":"b"}"#, Some("DEMOPROD01/dev001/+"));
    let (topic, sent) = rig.links.last_sent();
    assert_eq!((topic.as_str(), &sent["a"]), (DATA, &json!("b")));
    let token = sent["clientToken"].as_str().unwrap().to_owned();
    let reply = json!({"method": "rrpc_sync_reply", "clientToken": token, "payload": "b2s="}).to_string();
    rig.take("DEMOPROD01/dev001/deep/data", reply.as_bytes());
    assert!(rig.out.completions.is_empty(), "an answer on another topic does not count");
    rig.take("DEMOPROD01/dev001/event", reply.as_bytes());
    assert!(!rig.out.handled, "the message goes to subscribers of the topic too");
    rig.flush();
    assert_eq!(run(pending.answer(Duration::from_secs(5))).answer.as_deref(), Some(&b"ok"[..]));

    let pending = call(&rig, b"\xff\xfe", None);
    let (_, sent) = rig.links.last_sent();
    assert_eq!((&sent["method"], &sent["payload"]), (&json!("rrpc_sync"), &json!("//4=")));
    let silent = run(pending.answer(Duration::from_millis(20)));
    assert_eq!((silent.answer, silent.client_token.as_str()), (None, sent["clientToken"].as_str().unwrap()));
}

#[test]
fn a_device_that_is_not_there_cannot_be_called_and_callers_that_gave_up_leave_no_trace() {
    let config = yizhan_devices::DevicesConfig { max_waiting_calls: 2, ..Default::default() };
    let mut rig = Rig::with(config);
    let call = |rig: &Rig| {
        let payload = CallPayload::Plain(Vec::new());
        rig.devices.call(&rig.device(), Call { form: CallForm::Rrpc, payload, source: String::new() })
    };
    for _ in 0..3 {
        assert!(call(&rig).err().unwrap().to_string().contains("offline"));
    }
    rig.connect();
    let waiting = [call(&rig).unwrap(), call(&rig).unwrap()];
    assert!(call(&rig).err().unwrap().to_string().contains("2 calls wait"));
    drop(waiting);
    assert!(call(&rig).is_ok());
    rig.disconnect(DisconnectCause::ClientDisconnect);
}
