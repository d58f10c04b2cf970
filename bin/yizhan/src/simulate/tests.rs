//! The options as they are typed, and what becomes of them.

use clap::{CommandFactory, Parser};
use yizhan_simulator::fleet::{FaultKind, FleetConfig, ReportPolicy};

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    simulate: Simulate,
}

fn parse(line: &str) -> Result<Simulate, String> {
    let words = std::iter::once("simulate").chain(line.split_whitespace());
    Line::try_parse_from(words).map(|line| line.simulate).map_err(|error| error.to_string())
}

fn fleet(line: &str) -> FleetConfig {
    let simulate = parse(line).unwrap();
    let target = Target::at("127.0.0.1:1883".parse().unwrap(), simulate.transport);
    simulate.fleet(target, Vec::new(), BTreeMap::new())
}

#[test]
fn every_option_reaches_the_fleet() {
    let config = fleet(
        "--product P --count 5 --transport psk --interval 250 --event-interval 0 --on-change --qos 0 --duration 3 \
         --fault disconnect:2% --fault late-reply:9s --seed 7 --keep-alive 30 --connects-per-second 50",
    );
    assert_eq!(config.target.transport, Transport::Psk);
    assert_eq!((config.interval.as_millis(), config.event_interval), (250, None));
    assert_eq!((config.policy, config.qos, config.seed), (ReportPolicy::OnChange, 0, 7));
    assert_eq!(config.duration.unwrap().as_secs(), 3);
    assert_eq!((config.keep_alive.as_secs(), config.connects_per_second), (30, 50));
    let faults: Vec<_> = config.faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(faults, [FaultKind::Disconnect, FaultKind::LateReply]);
}

#[test]
fn wrong_options_are_refused_with_words() {
    let refusal = |line| parse(line).err().unwrap();
    assert!(refusal("").contains("--product"));
    assert!(refusal("--product P --transport udp").contains("tcp, tls, psk, ws, wss"));
    assert!(refusal("--product P --fault explode").contains("reconnect-storm"));
    for line in ["--product P --count 0", "--product P --interval 0", "--product P --qos 2"] {
        assert!(!refusal(line).is_empty());
    }
}

#[test]
fn the_port_follows_the_transport_and_everywhere_means_here() {
    let listeners: Listeners = serde_json::from_value(serde_json::json!({
        "pid": 1, "mqtt": "0.0.0.0:1883", "mqtts": "[::]:8883", "http": "192.0.2.1:8080", "https": null,
    }))
    .unwrap();
    let shown = |transport| listener(&listeners, transport).map(|address| address.to_string());
    assert_eq!(shown(Transport::Tcp).unwrap(), "127.0.0.1:1883");
    assert_eq!(shown(Transport::Psk).unwrap(), "[::1]:8883");
    assert_eq!(shown(Transport::WebSocket).unwrap(), "192.0.2.1:8080");
    assert_eq!(shown(Transport::WebSocketTls), None);
}

#[test]
fn the_long_help_explains_the_faults() {
    let help = Line::command().render_long_help().to_string();
    assert!(help.contains("reconnect-storm:60s"), "{help}");
}
