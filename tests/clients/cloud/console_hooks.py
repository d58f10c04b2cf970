"""For schemathesis: half of the made-up requests name objects that exist, so that operations do their work and not only refuse.

The objects come from the test in the environment variable CONSOLE_OBJECTS, as JSON: a list of values for each member name.
"""

import json
import os
import random

import schemathesis

OBJECTS = json.loads(os.environ["CONSOLE_OBJECTS"])
choices = random.Random(1)


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict) or choices.random() < 0.5:
        return body
    return {name: existing(name, value) for name, value in body.items()}


def existing(name, value):
    if isinstance(value, dict):
        return {inner: existing(inner, each) for inner, each in value.items()}
    if isinstance(value, list):
        return [existing(name, each) for each in value]
    if name in OBJECTS and isinstance(value, str):
        return choices.choice(OBJECTS[name])
    return value
