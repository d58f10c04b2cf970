"""Batch production over real HTTP: a file goes up through a signed URL, devices are made in the background, what the
factory needs comes down through another signed URL, and a device made that way connects."""

from __future__ import annotations

import csv
import functools
import http.server
import io
import json
import threading
import time
import urllib.error
import urllib.request
import zipfile

import pytest

from device_program import iot_hmac
from paho_client import Client
from server_process import Server

PROJECT = "prj-default1"


@pytest.fixture
def console(server):
    """Calls an operation of the console's surface through the administration socket."""

    def call(operation: str, expect: int = 200, **fields: object) -> dict:
        status, answer = server.admin.operate(operation, fields)
        assert status == expect, f"{operation}: {status} {answer}"
        return answer

    return call


@pytest.fixture
def product(console, request) -> str:
    """A released product."""
    made = console(
        "CreateStudioProduct", ProductName=request.node.name[-30:], CategoryId=1, ProductType=0, EncryptionType="2",
        NetType="wifi", DataProtocol=1, ProductDesc="", ProjectId=PROJECT,
    )["Product"]["ProductId"]
    console("ReleaseStudioProduct", ProductId=made, DevStatus="released")
    return made


def send(url: str, body: bytes | None = None, method: str = "GET"):
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def finished(console, product: str, batch: str) -> dict:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = console("DescribeBatchProduction", ProductId=product, BatchProductionId=batch)
        if found["Status"] == 3:
            return found
        assert found["DownloadUrl"] == ""
        time.sleep(0.05)
    raise AssertionError(f"the batch did not end: {found}")


def start(console, product: str, expect: int = 200, **fields: object) -> dict:
    base = {"ProjectId": PROJECT, "ProductId": product, "BurnMethod": 0, "GenerationMethod": 0}
    return console("CreateBatchProduction", expect, **(base | fields))


def test_names_go_up_and_devices_that_can_connect_come_down(server, console, product):
    upload = console("CreateUploadUrl")["Url"]
    names = "\ufeffDeviceName,remark\r\nlamp-1,kitchen\r\nbad name,\r\nlamp-2,\r\n".encode()
    assert send(upload, names, "PUT")[0] == 200
    made = start(console, product, GenerationMethod="1", UploadUrl=upload, GenerationQRCode="1")
    batch = made["BatchProductionId"]
    assert batch.startswith("LC-") and (made["ProductId"], made["ProjectId"]) == (product, PROJECT)
    again = start(console, product, 404, GenerationMethod=1, UploadUrl=upload)
    assert again["Error"]["Code"] == "ResourceNotFound.CannotGetFromUrl", "a file is gone once it was used"
    done = finished(console, product, batch)
    assert (done["BatchCnt"], done["SuccessCount"], done["GenerationMethod"]) == (3, 2, 1)
    assert "1 of 3" in done["LastFailedReason"]
    status, body, headers = send(done["DownloadUrl"])
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert [row["DeviceName"] for row in rows] == ["lamp-1", "bad name", "lamp-2"]
    assert rows[1]["Error"] and not rows[1]["DevicePsk"]
    login = iot_hmac(product, "lamp-1", rows[0]["DevicePsk"])
    with Client((login["username"], login["password"]), login["clientid"]) as client:
        assert client.connect(server.mqtt)[1].value == 0
    code = json.loads(rows[0]["QR-code"])
    assert (code["ProductId"], code["DeviceName"], len(code["Signature"])) == (product, "lamp-1", 32)
    pictures = console("CreateBatchQRCodesUrl", ProductId=product, BatchProductionId=batch)["Url"]
    archive = zipfile.ZipFile(io.BytesIO(send(pictures)[1]))
    assert sorted(archive.namelist()) == [f"{batch}.csv", "qrcodes/lamp-1.svg", "qrcodes/lamp-2.svg"]
    listed = console("GetBatchProductionsList", ProjectId=PROJECT, Offset=0, Limit=3)
    assert listed["BatchProductions"][0]["BatchProductionId"] == batch
    rows = console("DescribeBatchProductionDevices", ProductId=product, BatchProductionId=batch)
    assert [row["Made"] for row in rows["Devices"]] == [True, False, True] and rows["Total"] == 3


def test_a_batch_goes_on_after_the_server_was_killed(own_server):
    def console(operation: str, expect: int = 200, **fields: object) -> dict:
        status, answer = own_server.admin.operate(operation, fields)
        assert status == expect, f"{operation}: {status} {answer}"
        return answer

    product = console(
        "CreateStudioProduct", ProductName="killed", CategoryId=1, ProductType=0, EncryptionType="2", NetType="wifi",
        DataProtocol=1, ProductDesc="", ProjectId=PROJECT,
    )["Product"]["ProductId"]
    console("ReleaseStudioProduct", ProductId=product, DevStatus="released")
    batch = start(console, product, BatchCnt="10000")["BatchProductionId"]
    own_server.kill()
    own_server.start()
    done = finished(console, product, batch)
    assert (done["SuccessCount"], done["LastFailedReason"]) == (10000, "")
    rows = list(csv.DictReader(io.StringIO(send(done["DownloadUrl"])[1].decode())))
    assert len({row["DeviceName"] for row in rows}) == 10000 and all(row["DevicePsk"] for row in rows)


def test_urls_open_only_what_they_were_made_for(server, console, product):
    upload = console("CreateUploadUrl")["Url"]
    assert send(upload)[0] == 405, "what was uploaded cannot be read back"
    changed = upload.replace("Expires=", "Expires=9")
    assert send(changed, b"x", "PUT")[0] == 403
    assert send(upload.split("?")[0], b"x", "PUT")[0] == 403
    status, body, _ = send(upload, b"x" * (5 * 1024 * 1024), "PUT")
    assert status == 413 and b"larger than" in body
    batch = start(console, product, BatchCnt=1)["BatchProductionId"]
    url = finished(console, product, batch)["DownloadUrl"]
    assert send(url)[0] == 200
    assert send(url.replace(".csv", ".zip"))[0] == 403
    assert send(url, b"", "PUT")[0] == 405


def test_what_cannot_be_made_is_refused_with_the_published_codes(server, console, product):
    def code(expect: int, **fields: object) -> str:
        return start(console, product, expect, **fields)["Error"]["Code"]

    assert code(400, BatchCnt=0) == "LimitExceeded.BatchProductionNull"
    assert code(409, BatchCnt=10001) == "LimitExceeded.BatchProductionExceedLimit"
    nowhere = "http://192.0.2.1/names.csv"
    assert code(404, GenerationMethod=1, UploadUrl=nowhere) == "ResourceNotFound.CannotGetFromUrl"
    unused = console("CreateUploadUrl")["Url"]
    assert code(404, GenerationMethod=1, UploadUrl=unused) == "ResourceNotFound.CannotGetFromUrl"
    foreign = unused.replace("100000000001", "100000000002")
    assert code(404, GenerationMethod=1, UploadUrl=foreign) == "ResourceNotFound.CannotGetFromUrl"
    unknown = console("DescribeBatchProduction", 404, ProductId=product, BatchProductionId="LC-nothing1")
    assert unknown["Error"]["Code"] == "ResourceNotFound.BatchProductionNotExist"


def test_a_binding_signature_is_32_hexadecimal_characters(server, console, product):
    console("CreateDevice", ProductId=product, DeviceName="dev001")
    fields = {"ProductId": product, "DeviceName": "dev001"}
    signed = console("GenSingleDeviceSignatureOfPublic", **fields, Expire=86400)["DeviceSignature"]
    assert signed["DeviceName"] == "dev001"
    assert len(signed["DeviceSignature"]) == 32 and int(signed["DeviceSignature"], 16) >= 0
    assert console("GenSingleDeviceSignatureOfPublic", **fields, Expire=-1)
    refused = console("GenSingleDeviceSignatureOfPublic", 400, **fields, Expire=86401)
    assert refused["Error"]["Code"] == "InvalidParameterValue"


def test_names_are_fetched_from_hosts_that_the_operator_has_listed(tmp_path):
    (tmp_path / "names.csv").write_text("lamp-1\nlamp-2\n")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{elsewhere.server_port}"
        running = Server(tmp_path / "data", "--set", f'files.fetch_hosts=["{host}"]')
        try:
            def console(operation: str, expect: int = 200, **fields: object) -> dict:
                status, answer = running.admin.operate(operation, fields)
                assert status == expect, f"{operation}: {status} {answer}"
                return answer

            product = console(
                "CreateStudioProduct", ProductName="fetched", CategoryId=1, ProductType=0, EncryptionType="2",
                NetType="wifi", DataProtocol=1, ProductDesc="", ProjectId=PROJECT,
            )["Product"]["ProductId"]
            console("ReleaseStudioProduct", ProductId=product, DevStatus="released")
            missing = start(console, product, 404, GenerationMethod=1, UploadUrl=f"http://{host}/none.csv")
            assert missing["Error"]["Code"] == "ResourceNotFound.CannotGetFromUrl"
            made = start(console, product, GenerationMethod=1, UploadUrl=f"http://{host}/names.csv")
            assert finished(console, product, made["BatchProductionId"])["SuccessCount"] == 2
        finally:
            running.kill()
            elsewhere.shutdown()


def test_a_batch_ends_where_the_activation_codes_do(own_server):
    def console(operation: str, expect: int = 200, **fields: object) -> dict:
        status, answer = own_server.admin.operate(operation, fields)
        assert status == expect, f"{operation}: {status} {answer}"
        return answer

    instance = console("DescribeInstances")["Instances"][0]["InstanceId"]
    assert console("DescribeLicenseOverview", InstanceId=instance)["Data"] == []
    product = console(
        "CreateStudioProduct", ProductName="limited", CategoryId=1, ProductType=0, EncryptionType="2", NetType="wifi",
        DataProtocol=1, ProductDesc="", ProjectId=PROJECT,
    )["Product"]["ProductId"]
    console("ReleaseStudioProduct", ProductId=product, DevStatus="released")
    pool = {"InstanceId": instance, "LicenseType": "normal", "TotalNum": 2, "Period": "5_year"}
    number = console("AddLicensePool", **pool)["PoolId"]
    batch = start(console, product, BatchCnt=3)["BatchProductionId"]
    done = finished(console, product, batch)
    assert (done["SuccessCount"], done["LastFailedReason"]) == (0, "normal device license limit")
    for name in ("one", "two"):
        console("CreateDevice", ProductId=product, DeviceName=name)
    refused = console("CreateDevice", 409, ProductId=product, DeviceName="three")
    assert refused["Error"]["Code"] == "LimitExceeded.DeviceLicenseLimitExceeded"
    basic = {"ServiceType": "basic", "TotalLicenseNum": 2, "UsedLicenseNum": 2, "Period": "5_year"}
    overview = console("DescribeLicenseOverview", InstanceId=instance)["Data"]
    assert overview == [{"LicenseType": "basic", "ActivationLicense": [basic]}]
    used = console("DescribeActivateDevice", InstanceId=instance)["Data"]["DeviceActivationDetails"]
    assert (used["TotalNormalLicense"], used["UsedNormalLicense"], used["UsedDeviceNum"]) == (2, 2, 2)
    console("AddLicensePool", InstanceId=instance, LicenseType="TWeCall", TotalNum=7)
    services = console("DescribeActivateLicenseService", InstanceId=instance)["Data"]
    assert services == [{"LicenseType": "TWeCall", "TotalNum": 7, "UsedNum": 0}]
    console("RemoveLicensePool", PoolId=number)
    console("CreateDevice", ProductId=product, DeviceName="three")
