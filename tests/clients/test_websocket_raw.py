"""The WebSocket handshake of the vendor's C kit, byte for byte: it reads the answer with fixed expectations."""

import base64
import hashlib
import socket
import ssl
import struct
import time

import pytest

from device_program import iot_hmac
from server_process import Server

# The C kit always sends this key.
CONSTANT_KEY = "MTIzNDU2Nzg5MGFiY2RlZg=="
READ_AT_ONCE = 512
MASK = b"\x11\x22\x33\x44"


def handshake(address, path, tls=None):
    """Sends the kit's request and returns the connection and the whole answer head."""
    connection = socket.create_connection((address.host, address.port), timeout=10)
    if tls:
        connection = tls.wrap_socket(connection, server_hostname=address.host)
    request = (
        f"GET {path} HTTP/1.1\r\n"
        "Host: LAMPPROD01.ap-guangzhou.iothub.tencentdevices.com\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {CONSTANT_KEY}\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    connection.sendall(request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = connection.recv(READ_AT_ONCE)
        assert more, f"the connection was closed after {answer!r}"
        answer += more
    return connection, answer


def masked(data):
    return bytes(byte ^ MASK[index % 4] for index, byte in enumerate(data))


def send_in_two_segments(connection, packet):
    """Frame header in one segment, payload in the next, as the kit writes them."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    length = bytes([0x80 | len(packet)]) if len(packet) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(packet))
    connection.sendall(b"\x82" + length + MASK)
    connection.sendall(masked(packet))


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, "the connection was closed"
        data += more
    return data


def read_frame(connection):
    first, second = read_exactly(connection, 2)
    assert first == 0x82, "one whole binary frame"
    assert second < 126, "unmasked and short"
    return read_exactly(connection, second)


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def connect_packet(device):
    login = iot_hmac(device.product_id, device.name, device.secret, "hmacsha1")
    body = text("MQTT") + b"\x04\xc2" + struct.pack(">H", 120)
    body += text(login["clientid"]) + text(login["username"]) + text(login["password"])
    length = len(body)
    assert length < 16384
    remaining = bytes([length]) if length < 128 else bytes([length % 128 | 0x80, length // 128])
    return b"\x10" + remaining + body


@pytest.mark.parametrize("path", ["/", "/mqtt"])
def test_the_kits_handshake_and_split_frames(server, lamp, path):
    connection, answer = handshake(server.http, path)
    with connection:
        assert len(answer) < READ_AT_ONCE
        head = answer.split(b"\r\n\r\n")[0].decode()
        assert head.startswith("HTTP/1.1 101 ")
        accept = base64.b64encode(hashlib.sha1((CONSTANT_KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        # These exact spellings: the kit compares header names with their case.
        assert f"\r\nSec-WebSocket-Accept: {accept.decode()}" in head
        assert "\r\nSec-WebSocket-Protocol: mqtt" in head
        assert "\r\nUpgrade: " in head and "\r\nConnection: " in head

        send_in_two_segments(connection, connect_packet(lamp))
        assert read_frame(connection) == b"\x20\x02\x00\x00"
        send_in_two_segments(connection, b"\xc0\x00")
        assert read_frame(connection) == b"\xd0\x00"


def test_a_websocket_ping_is_answered_and_a_close_is_returned(server):
    connection, _ = handshake(server.http, "/mqtt")
    with connection:
        connection.sendall(b"\x89\x82" + MASK + masked(b"hi"))
        assert read_exactly(connection, 4) == b"\x8a\x02hi"
        connection.sendall(b"\x88\x82" + MASK + masked(struct.pack(">H", 1000)))
        assert read_exactly(connection, 4) == b"\x88\x02\x03\xe8"


def test_a_text_frame_ends_the_connection(server, lamp):
    connection, _ = handshake(server.http, "/mqtt")
    with connection:
        packet = connect_packet(lamp)
        connection.sendall(b"\x81" + bytes([0x80 | 126]) + struct.pack(">H", len(packet)) + MASK + masked(packet))
        received = b""
        while more := connection.recv(4096):
            received += more
        assert b"\x20\x02\x00\x00" not in received


def test_a_client_that_stays_behind_tls_is_dropped_when_the_server_has_said_goodbye(tmp_path):
    server = Server(tmp_path / "data", "--set", "connections.handshake_deadline_s=1")
    try:
        before = server.open_descriptors()
        connection, _ = handshake(server.https, "/mqtt", ssl.create_default_context(cafile=server.ca_file))
        with connection:
            # No CONNECT comes, so the server ends the connection; this side does not.
            while connection.recv(4096):
                pass
            deadline = time.monotonic() + 10
            while server.open_descriptors() > before:
                assert time.monotonic() < deadline, "the server keeps what belongs to the connection"
                time.sleep(0.1)
    finally:
        server.kill()
