//! When a core runs a turn.

use std::io::Write;

use yizhan_link::{Closed, LinkSettings};

use crate::server::{DISCONNECT, Server};

#[test]
fn what_a_close_brings_about_does_not_wait_for_another_event() {
    let server = Server::start(LinkSettings::default());
    let mut client = server.client();
    client.write_all(DISCONNECT).unwrap();
    server.wait_until(|seen| seen.closed == [Closed::ByHandler] && seen.settled == 1);
}
