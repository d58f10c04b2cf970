"""A lamp made with the vendor's own Python kit, unmodified; run with PYTHONPATH set to where it is installed.

The kit knows only the vendor's host names and the standard ports. This program stands in for name resolution alone:
connections to those hosts and ports go to the addresses on the command line. Everything else is the kit's, down to
its habits: it speaks MQTT 3.1, signs with "now" in milliseconds, and, following its sample, answers every property
downlink, replies included, with a message that has no method. Each step is printed as one JSON line.
"""

import json
import socket
import sys
import time

device_file, mqtt_address, http_address, transport = sys.argv[1:]


def standing_in_for_name_resolution():
    real = socket.create_connection

    def address(text):
        host, _, port = text.rpartition(":")
        return host, int(port)

    ways = {1883: address(mqtt_address), 80: address(http_address)}

    def connect(wanted, *arguments, **named):
        host, port = wanted
        assert host.endswith(".tencentdevices.com"), wanted
        return real(ways[port], *arguments, **named)

    socket.create_connection = connect


standing_in_for_name_resolution()

from explorer.explorer import QcloudExplorer  # noqa: E402  (after the stand-in)


def tell(happened, **details):
    print(json.dumps({"happened": happened, **details}), flush=True)


def wait_until(check, what, seconds=10):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            tell("timeout", what=what)
            sys.exit(1)
        time.sleep(0.02)


kit = QcloudExplorer(device_file=device_file, tls=False, useWebsocket=transport == "ws")
kit.logInit(kit.LoggerLevel.ERROR, "/dev/null", 1024, 1, enable=False)
with open(device_file, encoding="utf-8") as file:
    info = json.load(file)
product_id, device_name = info["productId"], info["deviceName"]

if info["key_deviceinfo"]["deviceSecret"] == "YOUR_DEVICE_SECRET":
    code, text = kit.dynregDevice()
    tell("registered", code=code, secret=text)
    if code != 0:
        sys.exit(1)

granted = []
kit.registerMqttCallback(
    lambda flags, rc, userdata: tell("connected", code=rc),
    lambda rc, userdata: tell("disconnected", code=rc),
    lambda topic, payload, qos, userdata: None,
    lambda mid, userdata: None,
    lambda qos, mid, userdata: granted.append(qos),
    lambda mid, userdata: None,
)
kit.connect()
wait_until(kit.isMqttConnected, "connection")

replies = {}


def reply_parameters(code, text):
    parameters = kit.ReplyPara()
    parameters.timeout_ms = 5 * 1000
    parameters.code = code
    parameters.status_msg = text
    return parameters


def on_property(topic, qos, payload, userdata):
    method = payload["method"]
    replies[method] = payload
    tell("property", method=method, payload=payload)
    # As in the kit's sample: every downlink gets the same answer.
    kit.templateControlReply(product_id, device_name, reply_parameters(0, "\0"))
    if method == "control":
        report(payload["params"])


def on_action(topic, qos, payload, userdata):
    tell("action", payload=payload)
    kit.templateActionReply(
        product_id, device_name, payload["clientToken"], {"err_code": 0}, reply_parameters(0, "action execute success!")
    )


def on_event(topic, qos, payload, userdata):
    replies[payload["method"]] = payload
    tell("event", payload=payload)


def report(params):
    message = kit.templateJsonConstructReportArray(product_id, device_name, params)
    kit.templateReport(product_id, device_name, message)


kit.templateInit(product_id, device_name, on_property, on_action, on_event, lambda *anything: None)
wait_until(lambda: len(granted) == 4, "four subscriptions")
tell("subscribed", granted=granted)

kit.templateReportSysInfo(product_id, device_name, {"module_hardinfo": "ESP8266", "fw_ver": "1.0", "device_label": {"append_info": "x"}})
wait_until(lambda: "report_info_reply" in replies, "report_info_reply")
kit.templateGetStatus(product_id, device_name)
wait_until(lambda: "get_status_reply" in replies, "get_status_reply")
kit.clearControl(product_id, device_name)
wait_until(lambda: "clear_control_reply" in replies, "clear_control_reply")
report({"power_switch": 0, "color": 1, "brightness": 20, "name": "from the kit"})
wait_until(lambda: "report_reply" in replies, "report_reply")
one = {"eventId": "status_report", "type": "info", "timestamp": int(time.time() * 1000), "params": {"status": 0, "message": "single"}}
kit.templateEventPost(product_id, device_name, {"events": [one]})
wait_until(lambda: "event_reply" in replies, "event_reply")
two = {"eventId": "low_voltage", "type": "alert", "timestamp": int(time.time() * 1000), "params": {"voltage": 2.9}}
kit.templateEventPost(product_id, device_name, {"events": [one, two]})
wait_until(lambda: "events_reply" in replies, "events_reply")
tell("time", milliseconds=kit.getNtpAccurateTime())
tell("idle")
for line in sys.stdin:
    break
kit.disconnect()
