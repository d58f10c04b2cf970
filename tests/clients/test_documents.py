"""The documents: links lead somewhere, both languages say the same, and what README tells to paste works when pasted."""

import os
import pathlib
import re
import subprocess
import time

import pytest

from server_process import REPOSITORY, Device, Server, server_binary

TRACKED = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True
).stdout.split()
PAIRS = [("README.md", "README.zh-CN.md")] + [
    (f"docs/guide/en/{page}.md", f"docs/guide/zh/{page}.md")
    for page in ("connect-a-device", "thing-model", "cloud-api", "batch-production", "applications", "access", "move-in")
]
# The guides with marked blocks, and what those print.
GUIDES = [
    ("access", [r"^Allowed by statement \d of policy look-and-switch", r"^Refused: ", r'"ActorUin":100000000001']),
    ("batch-production", [r'"SuccessCount":2', r"^DEMOPROD01,unit-1,"]),
    ("cloud-api", [r'^{"Data":"']),
    ("move-in", [r"^2 made, 0 there already$", r"MYOLDPROD1lamp-a", r"^ok$"]),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A block that follows this mark is run by the tests below, in order of appearance; one with a name is the file of that name.
TESTED = re.compile(r"<!-- tested(?:: (\S+))? -->\n+```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def without_comments(block):
    lines = (re.sub(r"\s*# .*", "", line) for line in block.splitlines())
    return "\n".join(line for line in lines if line)


@pytest.mark.parametrize("name", TRACKED)
def test_links_lead_to_files_that_exist(name):
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", FENCE.sub("", read(name))):
        assert (REPOSITORY / name).parent.joinpath(target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("english,chinese", PAIRS)
def test_both_languages_have_the_same_sections_examples_and_tables(english, chinese):
    one, other = read(english), read(chinese)
    for what in (r"^#+ ", r"^\|", r"^- "):
        assert len(re.findall(what, one, re.MULTILINE)) == len(re.findall(what, other, re.MULTILINE)), what
    blocks = [[(kind, without_comments(text)) for kind, text in FENCE.findall(page)] for page in (one, other)]
    assert blocks[0] == blocks[1]


@pytest.fixture
def demo_server(tmp_path):
    """What `make run` starts, on free ports."""
    running = Server(tmp_path / "data", "--demo")
    # It listens before the demo's devices are made; a person reads what it prints after that.
    deadline = time.monotonic() + 30
    while "for any device: yizhan admin device login" not in running.output() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield running
    running.kill()


def run_as_pasted(script, server):
    """Runs a shell script in the folder of `data`, with `yizhan` and Paho at hand, against the server's real ports."""
    ports = {"1883": server.mqtt.port, "8883": server.mqtts.port, "8080": server.http.port, "8443": server.https.port}
    script = re.sub(r"\b(1883|8883|8080|8443)\b", lambda port: str(ports[port.group()]), script)
    path = f"{server_binary().parent.resolve()}:{REPOSITORY / '.venv' / 'bin'}:{os.environ['PATH']}"
    folder = pathlib.Path(server.data).parent
    # A person pastes in the clone, whose files are named; this folder has the data instead, and is the home of what writes there.
    tests = folder / "tests"
    if not tests.exists():
        tests.symlink_to(REPOSITORY / "tests")
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + script], cwd=folder,
        env={**os.environ, "PATH": path, "HOME": str(folder)}, capture_output=True, text=True, timeout=180,
    )
    assert done.returncode == 0, f"{script}\n--- printed ---\n{done.stdout}{done.stderr}"
    return done.stdout


def script_of(page):
    """The marked blocks of a page as one script."""
    script = ""
    for file, kind, text in TESTED.findall(read(page)):
        if kind == "python" or file:
            script += f"cat > {file or 'first_device.py'} <<'END_OF_FILE'\n{text}END_OF_FILE\n"
        else:
            script += text
    return script


def test_what_readme_says_to_paste_works(demo_server):
    """Runs the marked blocks of README one after the other in one shell, as a person would paste them."""
    printed = run_as_pasted(script_of("README.md"), demo_server)
    for expected in (r"^lamp-1 ", r"^hello$", r"^state +done$", r"'method': 'report_reply'", r" 42$", r" 80$", r'"Result": .*Sent.*1', r"^1$"):
        assert re.search(expected, printed, re.MULTILINE), f"{expected}: {printed}"


@pytest.mark.parametrize("page,prints", GUIDES)
def test_what_a_guide_says_to_paste_works(demo_server, page, prints):
    printed = run_as_pasted(script_of(f"docs/guide/en/{page}.md"), demo_server)
    for expected in prints:
        assert re.search(expected, printed, re.MULTILINE), f"{expected}: {printed}"


def test_the_line_that_the_demo_prints_works(demo_server):
    printed = demo_server.output()
    for over_tcp_or_psk in (1, 2):
        line = "mosquitto_pub" + printed.split("mosquitto_pub")[over_tcp_or_psk].split("\n\n")[0]
        run_as_pasted(line.replace(":42}", f":{41 + over_tcp_or_psk}}}"), demo_server)
        yours = Device("DEMOPROD01", "dev001", "")
        assert demo_server.admin.properties(yours)["brightness"]["value"] == 41 + over_tcp_or_psk


def test_the_lines_of_a_login_work(demo_server):
    printed = run_as_pasted("yizhan admin device login DEMOPROD01 dev001", demo_server)
    for line in printed.split("mosquitto_pub")[1:]:
        run_as_pasted("mosquitto_pub" + line.split("\n\n")[0], demo_server)
    yours = Device("DEMOPROD01", "dev001", "")
    assert demo_server.admin.properties(yours)["power_switch"]["value"] == 1
