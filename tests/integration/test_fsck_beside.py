"""An examination runs beside a service that goes on, and takes nothing under way for a fault."""

import asyncio

from app.fsck.progress import Options
from app.fsck.report import Report
from tests.inspection import Stores, report_on
from tests.working import NOW, Repository

ROUNDS = 4


def test_examinations_beside_a_busy_service_find_nothing(repository: Repository) -> None:
    stores = Stores(
        database_url=repository.database_url,
        vault=repository.vault,
        reply_certificate=repository.vault_folder.parent / "keys" / "reply-certificate.pem",
    )
    over = asyncio.Event()

    async def keep_examining() -> list[Report]:
        reports = []
        while not over.is_set():
            options = Options(reading=True, verify=0)
            reports.append(await report_on(stores, options, clock=lambda: NOW, second_look=1))
        return reports

    repository.start_worker()
    examining = asyncio.run_coroutine_threadsafe(keep_examining(), repository.thread.loop)
    for number in range(ROUNDS):
        one = repository.scenario.transcripts[number : number + 1]
        answer = repository.package(repository.scenario.repackaged(one, number=10 + number))
        repository.client().post(f"{answer['links']['reply']}/read")
        code = answer["items"][0]["transcript_code"]
        taking = repository.scenario.withdrawing([(code, "Sai điểm mẫu")], number=20 + number)
        repository.package(taking)
    repository.thread.loop.call_soon_threadsafe(over.set)
    reports = examining.result(60)
    assert {
        finding.code for report in reports if not report.clean for finding in report.findings
    } == set()
    assert len(reports) > 1
