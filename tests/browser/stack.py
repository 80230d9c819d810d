"""The component behind its host, and the stand-in for Azure that it speaks with."""

import json
import time
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

#: How long captures take, as tests/tests/page.rs sets it.
LIMIT_SECONDS = 3_600

OPERATOR_KEY = "operator-key-for-tests"
_FIXTURES = Path(__file__).parent.parent / "fixtures"


class Stack:
    def __init__(self, told: dict):
        self.url: str = told["url"]
        self.azure: str = told["azure"]
        self._sample: dict = told["sample"]
        self._webhook_key: str = told["webhook_key"]
        self._operator_key: str = told["operator_key"]
        self._sweep_key: str = told["sweep_key"]
        #: What the captures of one machine leave a copy of.
        self.recording = Path(told["recording"])
        self._clock = Path(told["clock"])
        self._ahead = 0
        self._alerts = 0

    def alert(
        self, machine: str = "web-01", rule: str = "tcp-segments-sent-high", context: dict | None = None, **essentials
    ) -> str:
        """Fires an alert of its own about a machine; the name of its capture. `context` goes over the alert's own."""
        body = json.loads((_FIXTURES / "metric-fired.json").read_text())
        self._alerts += 1
        about = body["data"]["essentials"]
        # Two seconds ago, and each at another moment.
        fired = self.now() - timedelta(seconds=2)
        about["firedDateTime"] = f"{fired:%Y-%m-%dT%H:%M:%S}.{self._alerts:06}Z"
        about["alertRule"] = rule
        kind = "virtualMachineScaleSets" if machine.startswith("vmss-") else "virtualMachines"
        group = about["alertTargetIDs"][0].rsplit("/providers/", 1)[0]
        about["alertTargetIDs"] = [f"{group}/providers/Microsoft.Compute/{kind}/{machine}"]
        about["configurationItems"] = [machine]
        about.update(essentials)
        body["data"]["alertContext"].update(context or {})
        answer = self._post(f"{self.url}/api/alerts", body, {"x-functions-key": self._webhook_key})
        return answer["captures"][0]["name"]

    def record(self, name: str) -> dict:
        return self._get(f"{self.url}/api/captures/{name}", {"x-functions-key": self._operator_key})

    def wait_for(self, name: str, *states: str) -> dict:
        """The record, as soon as it is in one of these states."""
        return _until(f"{name} in {states}", lambda: self._if(name, lambda record: record["state"] in states))

    def wait_for_summary(self, name: str) -> dict:
        """The record, as soon as each of its files has been read or never will be."""
        done = ("done", "declined", "failed", "off")
        is_read = lambda record: record.get("files") and all(file["summary"] in done for file in record["files"])
        return _until(f"{name} read", lambda: self._if(name, is_read))

    def _if(self, name: str, test) -> dict | None:
        record = self.record(name)
        return record if test(record) else None

    def over(self, name: str) -> dict:
        """Lets time pass until a capture is over, read and told."""
        self.wait_for(name, "running", "ended", "reported")
        self.advance(LIMIT_SECONDS + 60)
        return self.read_and_told(name)

    def read_and_told(self, name: str) -> dict:
        """The record of one that has ended, as soon as its files are read and everybody knows."""
        self.wait_for_summary(name)
        _until(f"{name} told", lambda: self._if(name, lambda record: record["state"] == "reported") or self._goes_on())
        return self.wait_for_summary(name)

    def _goes_on(self) -> None:
        """The instances of a scale set upload one after the other: alertcap looks again some seconds later."""
        self.advance(10)
        self.sweep()

    def advance(self, seconds: int) -> None:
        """Moves the clocks of the stand-in and of the host, in this order."""
        self.control("clock", {"advance_s": seconds})
        self._ahead += seconds
        self._clock.write_text(str(self._ahead))

    def now(self) -> datetime:
        """What time it is there."""
        return datetime.now(timezone.utc) + timedelta(seconds=self._ahead)

    def begin_at(self, moment: str) -> None:
        """Moves the clocks to a moment that is to come."""
        self.advance(int((datetime.fromisoformat(moment) - self.now()).total_seconds()))

    def sweep(self) -> None:
        """Calls the sweep, as somebody does every minute."""
        self._post(f"{self.url}/api/sweep", {}, {"x-functions-key": self._sweep_key})

    def control(self, route: str, body: dict) -> dict:
        return self._post(f"{self.azure}/_standin/{route}", body)

    def sessions(self) -> list[str]:
        """The names of those that Azure really has."""
        captures = self._get(f"{self.azure}/_standin/captures")["captures"]
        return [capture["id"].rsplit("/", 1)[-1] for capture in captures]

    def wait_until_gone(self, name: str) -> None:
        """Until Azure has no session of this name any more: it takes a moment over deleting one."""
        _until(f"{name} gone", lambda: name not in self.sessions())

    def requests(self, operation: str) -> list[dict]:
        """What Azure was asked for."""
        all_of_them = self._get(f"{self.azure}/_standin/requests")["requests"]
        return [request for request in all_of_them if request["operation"] == operation]

    def blob(self, url: str) -> bytes:
        """What Azure has at a file's address, asked for as anybody may who has the right."""
        form = {
            "grant_type": "client_credentials",
            "scope": "https://storage.azure.com/.default",
            "client_id": self._sample["client_id"],
            "client_secret": self._sample["client_secret"],
        }
        token_url = f"{self.azure}/{self._sample['tenant_id']}/oauth2/v2.0/token"
        token = json.loads(_ask(token_url, urllib.parse.urlencode(form).encode(), {}))["access_token"]
        return _ask(url, None, {"authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"})

    def _get(self, url: str, headers: dict | None = None) -> dict:
        return json.loads(_ask(url, None, headers or {}))

    def _post(self, url: str, body: dict, headers: dict | None = None) -> dict:
        headers = {"content-type": "application/json"} | (headers or {})
        return json.loads(_ask(url, json.dumps(body).encode(), headers) or "null")


def _ask(url: str, body: bytes | None, headers: dict) -> bytes:
    request = urllib.request.Request(url, body, headers)
    # Never through the machine's proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return answer.read()


def _until(what: str, question, seconds: int = 30):
    """The answer, as soon as there is one: a record's change cannot be waited for otherwise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for: {what}")
