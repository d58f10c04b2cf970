//! When a core runs a turn.

use std::io::Write;

use yizhan_link::{Closed, LinkSettings};

use crate::server::{DISCONNECT, PINGREQ, PINGRESP, SUBSCRIBE, Server, expect};

#[test]
fn what_a_close_brings_about_does_not_wait_for_another_event() {
    let server = Server::start(LinkSettings::default());
    let mut client = server.client();
    client.write_all(DISCONNECT).unwrap();
    server.wait_until(|seen| seen.closed == [Closed::ByHandler] && seen.settled == 1);
}

#[test]
fn wake_ups_that_are_due_at_once_do_not_keep_a_turn_from_ending() {
    let server = Server::start(LinkSettings::default());
    let mut client = server.client();
    client.write_all(SUBSCRIBE).unwrap();
    server.wait_until(|seen| seen.timers >= 3);
    client.write_all(PINGREQ).unwrap();
    expect(&mut client, PINGRESP);
}
