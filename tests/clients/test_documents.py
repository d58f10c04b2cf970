"""The documents: links lead somewhere, both languages say the same, and what README tells to paste works when pasted."""

import os
import pathlib
import re
import subprocess

import pytest

from server_process import REPOSITORY, server_binary

TRACKED = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True
).stdout.split()
PAIRS = [("README.md", "README.zh-CN.md"), ("docs/guide/en/connect-a-device.md", "docs/guide/zh/connect-a-device.md")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A block that follows this mark is run by the test below, in order of appearance.
TESTED = re.compile(r"<!-- tested -->\n+```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def without_comments(block):
    return "\n".join(line for line in block.splitlines() if not line.lstrip().startswith("#"))


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


def test_what_readme_says_to_paste_works(own_server, tmp_path):
    """Runs the marked blocks of README one after the other in one shell, as a person would paste them."""
    blocks = TESTED.findall(read("README.md"))
    assert blocks, "README has blocks to try"
    script = "set -euo pipefail\n"
    for kind, text in blocks:
        if kind == "python":
            script += f"cat > first_device.py <<'END_OF_PROGRAM'\n{text}END_OF_PROGRAM\n"
        else:
            script += text
    ports = {"1883": own_server.mqtt.port, "8883": own_server.mqtts.port, "8080": own_server.http.port, "8443": own_server.https.port}
    script = re.sub(r"\b(1883|8883|8080|8443)\b", lambda port: str(ports[port.group()]), script)
    path = f"{server_binary().parent.resolve()}:{REPOSITORY / '.venv' / 'bin'}:{os.environ['PATH']}"
    # The server's data directory is called `data` in both places.
    done = subprocess.run(
        ["bash", "-c", script], cwd=pathlib.Path(own_server.data).parent, env={**os.environ, "PATH": path},
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, f"{script}\n--- printed ---\n{done.stdout}{done.stderr}"
