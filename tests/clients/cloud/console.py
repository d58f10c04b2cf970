"""The console's API as a program of one's own uses it: every operation without signatures, with a token of the operator's."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field

from home import administer, fresh
from server_process import Address, Server


@dataclass(frozen=True)
class Console:
    address: Address
    token: str = field(repr=False)

    @classmethod
    def of(cls, server: Server) -> "Console":
        return cls(server.http, administer(server, "token", "create", fresh("console"))["token"])

    def ask(self, operation: str, members: object, method: str = "POST", **headers: str) -> tuple[int, dict]:
        """Status and answer of one operation."""
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=30)
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", "Accept-Language": "en", **headers}
        connection.request(method, f"/api/v1/{operation}", json.dumps(members), sent)
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        assert response.headers["Content-Type"] == "application/json" and response.headers["X-Request-Id"]
        return response.status, json.loads(raw)

    def call(self, operation: str, members: dict) -> dict:
        status, answer = self.ask(operation, members)
        assert status == 200, answer
        return answer
