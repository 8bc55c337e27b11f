"""The people of one story and their accounts, over HTTP alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from behave.runner import Context
from hamcrest import assert_that, has_properties

from truestep.services.application.exchange import Answer

_MEET_WITHIN_S = 10.0
_NOBODYS_NUMBER = 4_711


class Holders:
    """Does what people do with accounts, and remembers what each was answered last."""

    def __init__(self, context: Context) -> None:
        self._http = context.http
        self._accounts: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Answer] = {}

    def open(self, who: str, email: str) -> None:
        """Opens an account."""
        self.open_with(who, {"email": email})

    def open_with(self, who: str, changes: Mapping[str, Any]) -> None:
        """Opens an account by a sign-up that differs by `changes`; None leaves a part out."""
        self._opened(who, self._sign_up(who, changes))

    def open_all(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Opens an account for each row with the columns `name` and `e-mail`; all succeed."""
        for row in rows:
            self.open(row["name"], row["e-mail"])
            self.account(row["name"])

    def open_many(self, count: int) -> None:
        """Opens so many accounts."""
        self.open_all(
            {"name": f"Member{number}", "e-mail": f"member{number}@example.com"}
            for number in range(1, count + 1)
        )

    def open_at_once(self, rivals: list[str], email: str) -> None:
        """Opens accounts with one e-mail at the same moment."""
        start = Barrier(len(rivals), timeout=_MEET_WITHIN_S)

        def sign_up(who: str) -> Answer:
            start.wait()
            return self._sign_up(who, {"email": email})

        with ThreadPoolExecutor(len(rivals)) as threads:
            for who, answer in zip(rivals, threads.map(sign_up, rivals), strict=True):
                self._opened(who, answer)

    def read(self, who: str) -> None:
        """Reads an account by its number."""
        self._request("GET", who)

    def read_nobodys(self, who: str) -> None:
        """Lets somebody read an account that is not there."""
        self.answers[who] = self._http.request("GET", f"/users/{_NOBODYS_NUMBER}")

    def rename(self, who: str, name: str) -> None:
        """Renames an account."""
        self._request("PATCH", who, json={"name": name})

    def rename_without_a_name(self, who: str) -> None:
        """Renames an account to nothing."""
        self._request("PATCH", who, json={"name": ""})

    def close(self, who: str) -> None:
        """Closes an account."""
        self._request("DELETE", who)

    def find(self, email: str) -> list[dict[str, Any]]:
        """Returns the accounts that are found by an e-mail address."""
        answer = self._http.request("GET", "/users", query={"email": email})
        found: list[dict[str, Any]] = answer.json()
        return found

    def find_nothing(self, who: str) -> None:
        """Lets somebody look for an account without an e-mail address."""
        self.answers[who] = self._http.request("GET", "/users")

    def follow_location(self, who: str) -> Answer:
        """Reads the account at the place that opening it named."""
        answer: Answer = self._http.request("GET", self.answers[who].header("location"))
        return answer

    def account(self, who: str) -> dict[str, Any]:
        """Returns the account as it was opened; fails the step when it was not."""
        if who not in self._accounts:
            raise AssertionError(f"{who} has no account: {self.answers.get(who, 'never tried')}")
        return self._accounts[who]

    def health(self) -> Answer:
        """Asks the service how it is."""
        answer: Answer = self._http.request("GET", "/health")
        return answer

    def _opened(self, who: str, answer: Answer) -> None:
        self.answers[who] = answer
        if answer.status == 201:  # noqa: PLR2004  # Created
            self._accounts[who] = answer.json()

    def _request(self, method: str, who: str, **more: Any) -> None:
        path = f"/users/{self.account(who)['id']}"
        self.answers[who] = self._http.request(method, path, **more)

    def _sign_up(self, who: str, changes: Mapping[str, Any]) -> Answer:
        asked = {"name": who, "email": f"{who.lower()}@example.com", **changes}
        sent = {name: value for name, value in asked.items() if value is not None}
        answer: Answer = self._http.request("POST", "/users", json=sent)
        return answer


def holders(context: Context) -> Holders:
    """Returns the people of this story."""
    if "holders" not in context:
        context.holders = Holders(context)
    found: Holders = context.holders
    return found


def assert_answered(context: Context, who: str, status: int) -> Answer:
    """Fails the step unless that was the last answer to somebody; returns it."""
    answer = holders(context).answers[who]
    assert_that(answer, has_properties(status=status), f"the answer to {who}")
    return answer
