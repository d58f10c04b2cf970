"""Fixtures of the management API: the keys of two root accounts on the shared server, and a home for each module."""

from __future__ import annotations

import pytest

from console import Console
from home import Home, administer, make_home, new_key
from vendor_cloud import Cloud


@pytest.fixture(scope="session")
def cloud(server) -> Cloud:
    """The management API as the first root account reaches it."""
    return Cloud(server.http, new_key(server))


@pytest.fixture(scope="session")
def uin(server, cloud) -> str:
    """The number of the first root account, of which the authority of its certificates must know."""
    return str(administer(server, "account", "list")["accounts"][0]["uin"])


@pytest.fixture(scope="session")
def other_cloud(server) -> Cloud:
    """The same server as another root account reaches it."""
    administer(server, "account", "create", "neighbour")
    return Cloud(server.http, new_key(server, "neighbour"))


@pytest.fixture(scope="session")
def console(server) -> Console:
    """The console's API as the operator reaches it, who acts for the first root account."""
    return Console.of(server)


@pytest.fixture(scope="module")
def home(cloud, server) -> Home:
    return make_home(cloud, server)
