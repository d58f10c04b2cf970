//! A process that is out of descriptors goes on accepting as soon as it has some again. A test program of its own,
//! because the limit is the whole process's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "core/server.rs"]
#[expect(dead_code, reason = "the other test program uses the rest")]
mod server;

use std::fs::File;
use std::io::Write;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use yizhan_link::LinkSettings;

use server::{CONNACK, CONNECT, Server, expect};

#[test]
fn connections_that_wait_are_accepted_when_there_are_descriptors_again() {
    let server = Server::start(LinkSettings::default());
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..before }).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    files.pop();
    // The client's own socket takes the last descriptor: the core finds none for its side.
    let mut client = server.open();
    std::thread::sleep(std::time::Duration::from_millis(200));
    drop(files);
    client.write_all(CONNECT).unwrap();
    expect(&mut client, CONNACK);
}
