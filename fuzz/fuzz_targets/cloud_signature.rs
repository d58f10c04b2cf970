//! A request to the cloud API: reading it, what it claims and the arguments in it never panic, and nothing that was not
//! signed with the key is believed.
//!
//! Input: method, target, headers one a line, an empty line, body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yizhan_identity::cloud_signature::{Arguments, CloudCall, CloudRequest, DEFAULT_WINDOW, Method};
use yizhan_vocabulary::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fuzz_target!(|data: &[u8]| {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (Ok(head), body) = (std::str::from_utf8(&data[..end]), data.get(end + 2..).unwrap_or_default()) else {
        return;
    };
    let mut lines = head.split('\n');
    let method = if lines.next() == Some("GET") { Method::Get } else { Method::Post };
    let (path, query) = lines.next().and_then(|target| target.split_once('?')).unwrap_or(("/", ""));
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |name: &str| {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
    };
    let request = CloudRequest { method, path, query, header: &header, body };
    let Ok(call) = CloudCall::read(request) else { return };
    let _ = (call.action(), call.version(), call.region(), call.language(), call.token());
    if let Ok(Arguments::Tree(tree)) = call.arguments() {
        let text = tree.to_string();
        assert!(text.len() <= 16 * (data.len() + 2), "arguments stay in proportion to the request");
    }
    if let Ok(claim) = call.claim(NOW, DEFAULT_WINDOW) {
        assert!(claim.timestamp().abs_diff(NOW.seconds()) <= DEFAULT_WINDOW.as_secs());
        let _ = (claim.replay_mark(), claim.usable_for(NOW, DEFAULT_WINDOW));
        assert!(claim.verify("a key that no input is signed with").is_err());
    }
});
