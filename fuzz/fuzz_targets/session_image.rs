//! Stored sessions: damaged bytes are an error; what can be read is written back to the same value, and a session
//! restored from it works.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use yizhan_mqtt::{ConnectionProfile, QoS, Session, SessionImage, SessionLimits, Version};

fuzz_target!(|data: &[u8]| {
    let Ok(image) = postcard::from_bytes::<SessionImage>(data) else { return };
    let written = postcard::to_allocvec(&image).expect("every image can be written");
    assert_eq!(postcard::from_bytes::<SessionImage>(&written).as_ref(), Ok(&image));
    let limits = SessionLimits {
        max_queued: 100,
        max_queued_bytes: 100_000,
        max_inbound_qos2: 100,
        max_subscriptions: 100,
        replay_spacing_ms: 0,
        max_qos: QoS::ExactlyOnce,
    };
    let mut session = Session::restore(limits, image);
    session.attach(
        ConnectionProfile {
            version: Version::V5,
            receive_maximum: u16::MAX,
            max_packet_size: None,
            topic_alias_maximum: 2,
            server_receive_maximum: 10,
            server_topic_alias_maximum: 2,
        },
        0,
    );
    let (mut out, mut settled) = (BytesMut::new(), Vec::new());
    assert_eq!(session.flush(0, 0, usize::MAX, &mut out, &mut settled), None);
    let pending: Vec<_> = session.pending().collect();
    for (id, _) in pending {
        if session.puback(id, 0).is_none() {
            session.pubrec(id, 0, false, &mut out);
            assert!(session.pubcomp(id).is_some());
        }
    }
    assert_eq!((session.queued_len(), session.queued_bytes(), session.inflight_len()), (0, 0, 0));
});
