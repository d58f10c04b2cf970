//! Online, offline, and which connection counts.

use yizhan_devices::{LogName, Status};
use yizhan_vocabulary::causes::DisconnectCause;

use crate::rig::{NOW, Rig};

#[test]
fn the_first_connection_activates_and_each_end_has_its_reason() {
    let mut rig = Rig::new();
    assert_eq!(rig.device().activated_at(), None);
    rig.connect();
    assert_eq!(rig.device().activated_at().map(|at| at.0), Some(NOW));
    rig.disconnect(DisconnectCause::KeepAliveTimeout);
    let status = rig.device().status();
    assert_eq!(status.status, Status::Offline);
    assert_eq!(status.last_cause_text, Some("Device keepalive timeout"));
    let log = rig.log(LogName::Connection);
    assert_eq!((&log[0]["event"], &log[0]["transport"]), (&"online".into(), &"tcp".into()));
    assert_eq!(
        (&log[1]["event"], &log[1]["reason"]),
        (&"offline".into(), &"Device keepalive timeout".into())
    );
}

#[test]
fn a_take_over_leaves_the_device_online_in_whichever_order_it_is_told() {
    let mut rig = Rig::new();
    rig.connect();
    rig.connect();
    rig.disconnect(DisconnectCause::TakenOver);
    assert_eq!(rig.device().status().status, Status::Online);
    rig.disconnect(DisconnectCause::TakenOver);
    rig.connect();
    assert_eq!(rig.device().status().status, Status::Online);
    rig.disconnect(DisconnectCause::ClientDisconnect);
    assert_eq!(rig.device().status().status, Status::Offline);
}
