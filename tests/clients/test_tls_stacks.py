"""TLS stacks of devices that know only RSA, only ECDSA in handshakes, or both: each is shown a certificate it can check.

OpenSSL's own client, restricted to what such a stack offers, checks chain and host name against the server's ca.pem.
"""

from __future__ import annotations

import base64
import re
import subprocess

import pytest

from device_program import iot_hmac

DEADLINE_S = 15
RSA_SIGNATURES = "RSA+SHA256"
RSA_PSS = "rsa_pss_rsae_sha256"
ECDSA_SIGNATURES = "ECDSA+SHA256"

STACKS = {
    "1.2 ECDHE-RSA": (["-tls1_2", "-cipher", "ECDHE+aRSA+AES", "-sigalgs", RSA_SIGNATURES], "RSA"),
    "1.2 plain RSA": (["-tls1_2", "-cipher", "AES128-SHA:AES256-SHA", "-sigalgs", RSA_SIGNATURES], None),
    "1.2 ECDHE-ECDSA": (["-tls1_2", "-cipher", "ECDHE+ECDSA+AES", "-sigalgs", ECDSA_SIGNATURES], "ECDSA"),
    "1.2 RSA preferred": (["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"], "ECDSA"),
    "1.2 everything": (["-tls1_2"], "ECDSA"),
    # A suite with ECDSA does not help a client that cannot check its signature.
    "1.2 suites of both, RSA signatures": (["-tls1_2", "-sigalgs", RSA_SIGNATURES], "RSA"),
    "1.3 RSA": (["-tls1_3", "-sigalgs", f"{RSA_PSS}:{RSA_SIGNATURES}"], "RSA-PSS"),
    "1.3 ECDSA": (["-tls1_3", "-sigalgs", ECDSA_SIGNATURES], "ECDSA"),
    "1.3 everything": (["-tls1_3"], "ECDSA"),
}


def shake_hands(server, listener: str, *arguments: str) -> str:
    """What OpenSSL's client says about a handshake that must succeed."""
    address = getattr(server, listener)
    command = ["openssl", "s_client", "-connect", f"{address.host}:{address.port}", "-servername", "localhost"]
    command += ["-CAfile", server.ca_file, "-verify_return_error", "-verify_hostname", "localhost", *arguments]
    done = subprocess.run(command, input="Q\n", capture_output=True, text=True, timeout=DEADLINE_S)
    output = done.stdout + done.stderr
    assert done.returncode == 0 and "Verify return code: 0 (ok)" in output, output
    return output


@pytest.mark.parametrize("listener", ["mqtts", "https"])
@pytest.mark.parametrize("stack", STACKS)
def test_each_tls_stack_is_shown_a_certificate_it_can_check(server, listener, stack):
    arguments, signature = STACKS[stack]
    output = shake_hands(server, listener, *arguments)
    shown = re.search(r"^Peer signature type: (\S+)$", output, re.MULTILINE)
    # Without forward secrecy the server signs nothing: it proves itself by decrypting.
    assert (shown and shown[1]) == signature, output


def test_everything_in_the_chain_is_signed_with_rsa(server):
    for arguments in (["-tls1_2", "-cipher", "aRSA"], ["-tls1_2", "-cipher", "aECDSA"]):
        output = shake_hands(server, "mqtts", "-showcerts", *arguments)
        chain = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", output, re.DOTALL)
        assert chain
        for certificate in chain:
            text = subprocess.run(
                ["openssl", "x509", "-noout", "-text"], input=certificate, capture_output=True, text=True, check=True
            ).stdout
            assert set(re.findall(r"Signature Algorithm: (\S+)", text)) == {"sha256WithRSAEncryption"}, text


def test_a_host_name_that_the_certificate_does_not_have_is_noticed(server):
    with pytest.raises(AssertionError, match="ostname mismatch"):
        shake_hands(server, "mqtts", "-tls1_2", "-cipher", "aRSA", "-verify_hostname", "elsewhere.example.com")


def psk_connection(server, device, *arguments: str) -> subprocess.Popen:
    """A TLS connection opened with the device's key, on which nothing was said yet."""
    command = ["openssl", "s_client", "-connect", f"{server.mqtts.host}:{server.mqtts.port}", "-brief", *arguments]
    command += ["-psk", base64.b64decode(device.secret).hex(), "-psk_identity", device.client_id]
    pipe = subprocess.PIPE
    client = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
    assert b"CONNECTION ESTABLISHED\n" in iter(client.stderr.readline, b"")
    return client


def mqtt_connect(device) -> bytes:
    """A CONNECT (MQTT 3.1.1) of the device without a password."""
    login = iot_hmac(device.product_id, device.name, device.secret, "hmacsha1")
    texts = [text.encode() for text in (login["clientid"], login["username"])]
    body = b"\x00\x04MQTT\x04\x82\x00\x3c" + b"".join(len(text).to_bytes(2, "big") + text for text in texts)
    assert len(body) < 128
    return bytes([0x10, len(body)]) + body


@pytest.mark.parametrize("version", [["-tls1_2", "-cipher", "PSK-AES128-CBC-SHA"], ["-tls1_3"]], ids=["1.2", "1.3"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_psk_handshake_is_worth_nothing_once_the_key_was_reset(server, admin, lamp, version, reset):
    with psk_connection(server, lamp, *version) as client:
        if reset:
            admin.post(f"{lamp.path}/secret", {})
        client.stdin.write(mqtt_connect(lamp))
        answer = client.stdout.read(4)
        client.kill()
    assert answer[:3] == b"\x20\x02\x00" and (answer[3] != 0) == reset, answer
