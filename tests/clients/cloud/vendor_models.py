"""The vendor's own description of its API, which its command line carries: every action, type and documented sample.

`samples()` turns what the documentation prints into calls, in the way in which it prints them (JSON or query), and
`differences()` compares an answer with the declared types, member by member.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

import tccli

SERVICES = Path(tccli.__file__).parent / "services"


@dataclass(frozen=True)
class Sample:
    service: str
    version: str
    action: str
    number: int
    title: str
    method: str
    members: dict = field(hash=False)

    @property
    def label(self) -> str:
        return f"{self.service}-{self.version}-{self.action}-{self.number}"


@functools.cache
def _read(service: str, version: str, name: str) -> dict:
    return json.loads((SERVICES / service / ("v" + version.replace("-", "")) / f"{name}.json").read_text(encoding="utf-8"))


def actions(service: str, version: str) -> list[str]:
    return sorted(_read(service, version, "api")["actions"])


def required_members(service: str, version: str, action: str) -> list[dict]:
    """The declared members of a request that must be given."""
    members = _read(service, version, "api")["objects"][action + "Request"]["members"]
    return [member for member in members if member.get("required")]


def samples(service: str, version: str, action: str) -> list[Sample]:
    found = _read(service, version, "examples")["actions"].get(action, [])
    return [
        Sample(service, version, action, number, each["title"], *_parsed(each["input"]))
        for number, each in enumerate(found)
    ]


def _parsed(text: str) -> tuple[str, dict]:
    """Method and members of a documented request: an HTTP POST with a JSON body, or a URL over several lines."""
    if text.startswith("POST"):
        return "POST", json.loads(text[text.index("{"):])
    members: dict = {}
    for name, value in re.findall(r"^&([\w.]+)=(.*)$", text, re.MULTILINE):
        _place(members, name.split("."), urllib.parse.unquote_plus(value).strip())
    return "GET", members


def _place(members: dict | list, path: list[str], value: str) -> None:
    """Puts `A.0.B=value` where it belongs."""
    key = int(path[0]) if isinstance(members, list) else path[0]
    if len(path) == 1:
        if isinstance(members, list):
            members.append(value)
        else:
            members[key] = value
        return
    empty: dict | list = [] if path[1].isdigit() else {}
    if isinstance(members, list):
        if key == len(members):
            members.append(empty)
    else:
        members.setdefault(key, empty)
    _place(members[key], path[1:], value)


def differences(service: str, version: str, action: str, answer: dict) -> list[str]:
    """Where an answer is not what is declared: members that nobody declared, that are missing, or of another type."""
    objects = _read(service, version, "api")["objects"]
    return list(_object_differences(objects, action + "Response", answer, "Response"))


def _object_differences(objects: dict, name: str, value: object, path: str):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {name}"
        return
    declared = {member["name"]: member for member in objects[name]["members"]}
    for unknown in value.keys() - declared.keys():
        yield f"{path}.{unknown}: not declared in {name}"
    for key, member in declared.items():
        if key in value:
            yield from _member_differences(objects, member, value[key], f"{path}.{key}")
        elif member.get("output_required") or key == "RequestId":
            yield f"{path}.{key}: missing, {name} declares it"


def _member_differences(objects: dict, member: dict, value: object, path: str):
    kind, of = member["type"], member["member"]
    if value is None:
        if not member.get("value_allowed_null"):
            yield f"{path}: null"
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for number, each in enumerate(value):
            yield from _value_differences(objects, of, each, f"{path}[{number}]")
    else:
        yield from _value_differences(objects, of, value, path)


def _value_differences(objects: dict, of: str, value: object, path: str):
    if of in objects:
        yield from _object_differences(objects, of, value, path)
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {
        "string": lambda: isinstance(value, str),
        "int64": lambda: whole,
        "uint64": lambda: whole and value >= 0,
        "float": lambda: whole or isinstance(value, float),
        "bool": lambda: isinstance(value, bool),
        "date": lambda: datetime.date.fromisoformat(value),
        "datetime_iso": lambda: datetime.datetime.fromisoformat(value),
    }[of]
    try:
        if fits():
            return
    except (TypeError, ValueError):
        pass
    yield f"{path}: {value!r} is no {of}"
