"""A share of the transcripts is verified again; what newer evidence says is no surprise."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.fsck.findings import Code
from app.fsck.progress import Options
from app.fsck.report import Report
from app.intake.processes import VerificationProcesses
from app.sandbox.certificates import Revocation
from app.secondopinion.sampling import EVERYTHING
from app.signatures.trust import TrustSnapshot
from tests.inspection import report_on
from tests.mixture import Site
from tests.revocation import certificate, issuer_of, list_of
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS, LoopThread

pytestmark = pytest.mark.xdist_group("mixture")

TRUST = scenario_of(STUDENTS).pki.trust
EVERY_SIGNATURE = Options(reading=False, verify=1, settled=True)


@pytest.fixture(scope="module")
def verifying(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    with VerificationProcesses(processes=1, trust=TRUST, sampling=EVERYTHING) as started:
        loop_thread.run(started.start())
        yield started


def verified(
    site: Site,
    verifying: VerificationProcesses,
    thread: LoopThread,
    trust: TrustSnapshot = TRUST,
    options: Options = EVERY_SIGNATURE,
) -> Report:
    async def run() -> Report:
        await verifying.renew(trust)
        return await report_on(site.stores, options, processes=verifying)

    return thread.run(run())


def tamper(site: Site, thread: LoopThread, *statements: str) -> None:
    thread.run(site.tamper(*statements))


def test_all_signatures_of_a_sound_mixture_pass_again(
    mixture: Site, verifying: VerificationProcesses, loop_thread: LoopThread
) -> None:
    report = verified(mixture, verifying, loop_thread)
    assert (report.clean, report.counts["verified"]) == (True, 7)
    assert report.trust_snapshot_sha256 == TRUST.sha256
    # What is provisional without evidence was accepted so.
    assert verified(mixture, verifying, loop_thread, replace(TRUST, evidence=())).clean


def test_a_share_is_drawn_by_the_run(
    mixture: Site, verifying: VerificationProcesses, loop_thread: LoopThread
) -> None:
    some = replace(EVERY_SIGNATURE, verify=0.5)
    counted = verified(mixture, verifying, loop_thread, options=some).counts["verified"]
    assert 0 < counted < 7


@pytest.mark.parametrize(
    ("statement", "code", "detail"),
    [
        (
            "UPDATE certificates SET approved_from = '2026-06-30' WHERE role = 'CBQL'",
            Code.TRANSCRIPT_VERIFICATION,
            "refused SIG-501",
        ),
        ("UPDATE transcripts SET report = '{{}}'", Code.TRANSCRIPT_VERIFICATION, "changed report"),
        (
            "UPDATE transcripts SET byte_offset = byte_offset + 4",
            Code.TRANSCRIPT_BYTES,
            "altered PKG-106",
        ),
        ("UPDATE transcripts SET byte_length = 0", Code.TRANSCRIPT_BYTES, "altered"),
    ],
    ids=["signer", "report", "place", "nothing"],
)
def test_what_does_not_pass_again_is_found(
    site: Site,
    verifying: VerificationProcesses,
    loop_thread: LoopThread,
    statement: str,
    code: Code,
    detail: str,
) -> None:
    tamper(site, loop_thread, statement)
    report = verified(site, verifying, loop_thread)
    assert report.found == {code: 7}
    assert detail in {finding.detail for finding in report.findings}


def test_bytes_that_are_gone_are_no_matter_of_signatures(
    site: Site, verifying: VerificationProcesses, loop_thread: LoopThread
) -> None:
    for path in site.vault_folder.rglob("sha256/*/*/*"):
        path.unlink()
    found = verified(site, verifying, loop_thread).found
    assert found == {Code.OBJECT_LOST: 4, Code.TRANSCRIPT_BYTES: 7}


def revoking(der: bytes) -> TrustSnapshot:
    """What is trusted once the school's seal turns out to have been revoked long ago."""
    authority = issuer_of(der)
    entry = Revocation(certificate=certificate(der), since=NOW - timedelta(days=100))
    issuer = sha256(authority.certificate.public_bytes(Encoding.DER)).hexdigest()
    others = tuple(one for one in TRUST.evidence if one.issuer_sha256 != issuer)
    newer = list_of(authority, entry, at=NOW + timedelta(hours=1))
    return replace(TRUST, evidence=(*others, replace(newer, fetched_at=NOW + timedelta(hours=2))))


def test_a_revocation_that_the_register_knows_is_no_fault(
    site: Site, verifying: VerificationProcesses, loop_thread: LoopThread
) -> None:
    trust = revoking(scenario_of(STUDENTS).school.seal.certificate_der)
    report = verified(site, verifying, loop_thread, trust)
    # Six were made final: for them it is a contradiction. The last one is still to be decided on.
    assert {finding.detail for finding in report.findings} == {"refused SIG-410"}
    assert report.found == {Code.TRANSCRIPT_VERIFICATION: 6}
    tamper(
        site,
        loop_thread,
        """UPDATE transcript_standings SET standing = 'revoked', code = 'SIG-410'
        WHERE standing = 'final'""",
    )
    found = verified(site, verifying, loop_thread, trust).found
    assert Code.TRANSCRIPT_VERIFICATION not in found
