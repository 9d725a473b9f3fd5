"""Every kind of damage is found, and nothing else is: one damage a test, on a copy of a mixture."""

import pytest

from app.fsck.findings import WORDS, Code, Severity
from app.fsck.progress import Options
from tests.damages import PACKAGE_DAMAGES
from tests.inspection import EVERYTHING_AT_REST, faults_of, report_on
from tests.mixture import REFUSED_WHOLE, Site
from tests.registerdamages import REGISTER_DAMAGES

pytestmark = pytest.mark.xdist_group("mixture")

DAMAGES = PACKAGE_DAMAGES | REGISTER_DAMAGES

JOURNAL = {code for code in Code if code.value.startswith("journal.")}
BY_OTHER_WAYS = {Code.OBJECT_UNLOCKED, Code.TRANSCRIPT_VERIFICATION}


async def codes_found(site: Site, options: Options = EVERYTHING_AT_REST) -> set[Code]:
    return set((await report_on(site.stores, options)).found)


async def test_a_sound_mixture_has_no_fault(mixture: Site) -> None:
    report = await report_on(mixture.stores, EVERYTHING_AT_REST)
    assert (report.clean, report.findings) == (True, ())
    assert (report.counts["packages"], report.counts["transcripts"]) == (5, 7)
    assert await faults_of(mixture.stores) == []


@pytest.mark.parametrize("name", DAMAGES)
async def test_a_damage_is_found_and_nothing_else(site: Site, name: str) -> None:
    statements, expected = DAMAGES[name]
    await site.tamper(*statements)
    # What the journal says of it is told by the tests of the journal.
    assert await codes_found(site) - JOURNAL == expected


def test_every_code_is_found_somewhere_and_has_its_words() -> None:
    found = {code for _, codes in DAMAGES.values() for code in codes}
    assert found | JOURNAL | BY_OTHER_WAYS == set(Code) == set(WORDS)
    for words in WORDS.values():
        assert words.what.endswith(".")
        assert words.fix.endswith(".")


async def digest_of_class(site: Site) -> str:
    [(digest,)] = await site.rows("SELECT digest FROM packages WHERE total = 6")
    return str(digest)


async def test_an_object_that_is_gone_is_found_even_without_reading(site: Site) -> None:
    site.object_of(await digest_of_class(site)).unlink()
    for reading in (True, False):
        options = Options(reading=reading, verify=0, settled=True)
        assert await codes_found(site, options) == {Code.OBJECT_LOST}


async def test_a_changed_byte_is_found_by_reading_alone(site: Site) -> None:
    path = site.object_of(await digest_of_class(site))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)
    assert await codes_found(site) == {Code.OBJECT_ALTERED}
    quick = Options(reading=False, verify=0, settled=True)
    assert await codes_found(site, quick) == set()
    path.chmod(0o644)
    path.write_bytes(content[:-1])
    path.chmod(0o444)
    assert await codes_found(site, quick) == {Code.OBJECT_ALTERED}


async def test_a_lock_that_is_gone_is_found(site: Site) -> None:
    site.object_of(await digest_of_class(site)).chmod(0o400)
    assert await codes_found(site) == {Code.OBJECT_UNLOCKED}


async def test_discarded_bytes_that_are_still_there_are_found(site: Site) -> None:
    [(digest,)] = await site.rows(
        "SELECT digest FROM packages JOIN package_discards USING (package_id)"
    )
    path = site.object_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(REFUSED_WHOLE)
    assert await codes_found(site) == {Code.OBJECT_KEPT}
    await site.tamper("UPDATE package_discards SET discarded_at = '2020-01-01'")
    report = await report_on(site.stores, EVERYTHING_AT_REST)
    assert set(report.found) - JOURNAL == {Code.OBJECT_ORPHAN}


async def test_what_a_crash_left_behind_is_told_and_is_no_fault(site: Site) -> None:
    path = site.object_of("ab" * 32)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"khong ai nhac toi")
    report = await report_on(site.stores, EVERYTHING_AT_REST)
    assert [(one.code, one.object) for one in report.findings] == [(Code.OBJECT_ORPHAN, "ab" * 32)]
    assert report.findings[0].severity is Severity.NOTE
    assert report.clean
    assert await faults_of(site.stores) == []


async def test_another_code_key_is_noticed_at_once(site: Site) -> None:
    (site.folder / "keys" / "codes.key").write_bytes(b"k" * 32)
    report = await report_on(site.stores, EVERYTHING_AT_REST)
    assert report.found == {Code.TRANSCRIPT_CODE: 7}


async def test_a_database_that_was_rebuilt_needs_no_older_records(site: Site) -> None:
    await site.tamper(
        "DELETE FROM audit WHERE action = 'package.processed'",
        """INSERT INTO audit (at, actor, action, object)
        VALUES ('2026-08-01', 'rebuild', 'database.rebuilt', 'database')""",
    )
    assert await codes_found(site) == set()
