"""School software under load: sends, repeats, withdraws, reads, and insists on every answer."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from threading import Event, Lock
from time import monotonic, sleep
from typing import TypeVar

import httpx

from app.sandbox import client as sandbox_client
from app.sandbox.client import Answer, Client, Refused
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import Scenario, sign_class, with_changed_mark, without_signature
from tests.chaos.ledger import Ledger, Reader, Sent

INSIST_SECONDS = 120.0
"""A client that has no answer for so long reports a fault: no outage here lasts a tenth of it."""

PAUSE_SECONDS = 0.3
"""Pause before asking again; less than `Retry-After` says, so that the pressure is kept up."""

STUDENTS = 3
"""Transcripts of a package: few, because the moments between the steps matter."""

CLASS = 15
"""Students who are signed for at a time."""

_LATER = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}

_T = TypeVar("_T")

sandbox_client.ATTEMPTS = 1  # the insisting is done here, with other processes in turn


class Supply:
    """Fresh transcripts and message numbers for all clients of one school."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._numbers = count(100)
        self._classes = count(2)
        self._ready: list[SignedTranscript] = []
        self._students: set[str] = set()
        self._lock = Lock()

    def package(self, transcripts: list[SignedTranscript]) -> bytes:
        return self.scenario.repackaged(transcripts, number=self._number())

    def withdrawal(self, codes: list[str]) -> bytes:
        return self.scenario.withdrawing(
            [(code, "Nhập sai điểm") for code in codes], number=self._number()
        )

    def some_class(self) -> list[SignedTranscript]:
        """Give students that no package has had."""
        with self._lock:
            while len(self._ready) < STUDENTS:
                self._sign_class()
            some, self._ready = self._ready[:STUDENTS], self._ready[STUDENTS:]
            return some

    def _sign_class(self) -> None:
        """Sign another class; its codes are made from its name, so two may meet."""
        name = f"6A{next(self._classes)}"
        spec = replace(self.scenario.spec, class_name=name, students=CLASS)
        signed = sign_class(spec, self.scenario.school, self.scenario.pki)
        self._ready += [one for one in signed if one.student_code not in self._students]
        self._students |= {one.student_code for one in signed}

    def _number(self) -> int:
        with self._lock:
            return next(self._numbers)


@dataclass(slots=True)
class _Known:
    """A package of this account, and its transcripts."""

    sent: Sent
    transcripts: list[SignedTranscript]
    package_id: str


class Software(Reader):
    """One account's software; speaks to every web process in turn. For one thread."""

    def __init__(
        self,
        urls: list[str],
        account: tuple[str, str],
        ledger: Ledger,
        *,
        patience: float = INSIST_SECONDS,
    ) -> None:
        self.account, secret = account
        self.answers = 0
        self._patience = patience
        self._clients = [Client(url, self.account, secret) for url in urls]
        self._turn = 0
        self.ledger = ledger
        self._known: list[_Known] = []
        self._withdrawn: set[str] = set()

    def close(self) -> None:
        for client in self._clients:
            client.__exit__(None, None, None)

    def package(self, package_id: str) -> Answer:
        return self._insist(lambda client: client.package(package_id))

    def original(self, package_id: str) -> bytes:
        return self._insist(lambda client: client.original(package_id))

    def by_digest(self, sha256: str) -> Answer:
        return self._insist(lambda client: client.by_digest(sha256))

    def submit(self, package: bytes, *, wait: int = 0) -> Answer:
        return self._insist(lambda client: client.submit(package, wait=wait))

    def work(self, supply: Supply, chance: random.Random, stop: Event) -> None:
        """Do one thing after the other until told to stop."""
        deeds = (
            (self._send_class, 8),
            (self._send_spoilt_class, 4),
            (self._repeat, 4),
            (self._send_again, 2),
            (self._withdraw, 2),
            (self._send_rubbish, 1),
            (self._look, 8),
        )
        names, weights = zip(*deeds, strict=True)
        while not stop.is_set():
            [deed] = chance.choices(names, weights)
            try:
                deed(supply, chance)
            except Exception as error:  # noqa: BLE001 -- reason: every surprise is a fault of the run
                self.ledger.fault(f"{self.account} {deed.__name__}: {error!r}")
            sleep(chance.uniform(0, PAUSE_SECONDS))

    def _send_class(self, supply: Supply, chance: random.Random) -> None:
        some = supply.some_class()
        self._send(supply.package(some), some, frozenset(range(1, STUDENTS + 1)), chance)

    def _send_spoilt_class(self, supply: Supply, chance: random.Random) -> None:
        some = supply.some_class()
        spoilt = chance.randrange(STUDENTS)
        xml = some[spoilt].xml
        marked = b"<DIEM_CA_NAM>" in xml  # one that nobody assessed has no mark
        cheat = marked and chance.random() < 0.5
        wrong = with_changed_mark(xml) if cheat else without_signature(xml, "GVCN")
        some[spoilt] = replace(some[spoilt], xml=wrong)
        good = frozenset(range(1, STUDENTS + 1)) - {spoilt + 1}
        self._send(supply.package(some), some, good, chance)

    def _send_again(self, supply: Supply, chance: random.Random) -> None:
        """The same originals in another message: already in force, with the same codes."""
        if known := self._some(chance):
            self._send(supply.package(known.transcripts), known.transcripts, None, chance)

    def _send_rubbish(self, _: Supply, chance: random.Random) -> None:
        self._send(b"<BAN_TIN>" + chance.randbytes(200).hex().encode(), [], frozenset(), chance)

    def _repeat(self, _: Supply, chance: random.Random) -> None:
        if known := self._some(chance):
            self.ledger.told(known.sent, self.submit(known.sent.content))

    def _withdraw(self, supply: Supply, chance: random.Random) -> None:
        known = self._some(chance)
        if known is None:
            return
        answer = self.package(known.package_id)
        codes = [item["transcript_code"] for item in answer["items"] if item["result"] == "01"]
        fresh = [code for code in codes if code and code not in self._withdrawn][:1]
        if fresh:
            self._withdrawn |= set(fresh)
            self._send(supply.withdrawal(fresh), [], None, chance)

    def _look(self, _: Supply, chance: random.Random) -> None:
        """Read a result and what belongs to it, as far as it is there."""
        known = self._some(chance)
        if known is None:
            return
        answer = self.package(known.package_id)
        self.ledger.told(known.sent, answer)
        if answer["state"] < "03":
            return
        if self.original(known.package_id) != known.sent.content:
            self.ledger.fault(f"original altered: {known.package_id}")
        self._insist(lambda client: client.reply(known.package_id))
        self._insist(lambda client: client.acknowledge_reply(known.package_id))
        for one, item in zip(known.transcripts, answer["items"], strict=False):
            if item["result"] == "01":
                self._verify(one, item["transcript_code"])

    def _verify(self, one: SignedTranscript, code: str) -> None:
        said = self._insist(lambda client: client.verification(code))
        status = said["status"]
        expected = {"in_force", "withdrawn"}
        failed = [check for check in said["checks"] if check["outcome"] == "failed"]
        if status not in expected or (failed and status != "withdrawn"):
            self.ledger.fault(f"verification of {code}: {status} {failed}")
        if self._insist(lambda client: client.transcript_original(code)) != one.xml:
            self.ledger.fault(f"transcript altered: {code}")

    def _some(self, chance: random.Random) -> _Known | None:
        known = [one for one in self._known if one.sent.good is not None]
        return chance.choice(known[-30:]) if known else None

    def _send(
        self,
        content: bytes,
        transcripts: list[SignedTranscript],
        good: frozenset[int] | None,
        chance: random.Random,
    ) -> None:
        originals = tuple(sha256(one.xml).hexdigest() for one in transcripts)
        sent = Sent(account=self.account, content=content, originals=originals, good=good)
        self.ledger.sending(sent)
        answer = self.submit(content, wait=chance.choice((0, 0, 5)))
        self.ledger.told(sent, answer)
        known = _Known(sent=sent, transcripts=transcripts, package_id=answer["package_id"])
        if transcripts:
            self._known.append(known)

    def _insist(self, call: Callable[[Client], _T]) -> _T:
        end = monotonic() + self._patience
        for client in self._in_turn():
            try:
                answer = call(client)
            except httpx.TransportError:
                if monotonic() > end:
                    raise
            except Refused as refused:
                if refused.status not in _LATER or monotonic() > end:
                    raise
            else:
                self.answers += 1
                return answer
            sleep(PAUSE_SECONDS)
        raise AssertionError("the turns have no end")

    def _in_turn(self) -> Iterator[Client]:
        while True:
            yield self._clients[self._turn % len(self._clients)]
            self._turn += 1
