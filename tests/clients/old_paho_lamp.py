"""One report over MQTT 3.1 with Paho 1.5.1; prints the answer. Run with PYTHONPATH set to that release."""

import base64
import hashlib
import hmac
import json
import queue
import random
import string
import sys
import time

import paho.mqtt
import paho.mqtt.client as mqtt

host, port, transport, product_id, device_name, secret = sys.argv[1:]
assert paho.mqtt.__version__ == "1.5.1", paho.mqtt.__version__

client_id = product_id + device_name
connection_id = "".join(random.sample(string.ascii_letters + string.digits, 5))
# The vendor's kit puts "now" in milliseconds where the guide wants a far second; the server must take it as a number.
username = "%s;21010406;%s;%d" % (client_id, connection_id, round(time.time() * 1000))
token = hmac.new(base64.b64decode(secret), username.encode(), hashlib.sha1).hexdigest()

happened = queue.Queue()
client = mqtt.Client(client_id, clean_session=True, protocol=mqtt.MQTTv31, transport=transport)
client.username_pw_set(username, token + ";hmacsha1")
client.on_connect = lambda client, data, flags, code: happened.put(code)
client.on_subscribe = lambda client, data, mid, granted: happened.put(granted)
client.on_message = lambda client, data, message: happened.put(message.payload.decode())
client.connect(host, int(port), 60)
client.loop_start()
assert happened.get(timeout=10) == 0
client.subscribe("$thing/down/property/%s/%s" % (product_id, device_name), 0)
assert happened.get(timeout=10) == (0,)
report = {"method": "report", "clientToken": "old-1", "params": {"brightness": 55}}
client.publish("$thing/up/property/%s/%s" % (product_id, device_name), json.dumps(report), 0)
print(happened.get(timeout=10))
client.disconnect()
client.loop_stop()
