"""What an owner of the keys can do to a bucket, and what a bucket must be to be used at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig
from structlog.testing import capture_logs

from app.errors import StartRefused, Unavailable
from app.main import read_clock
from app.vault.lock import LAST_MOMENT, Lock, read_lock
from app.vault.proving import prove_on_bucket
from app.vault.s3 import LEAST_LOCK, S3Vault
from app.vault.vault import FIRST_LOCK, PROBE, PROBE_DIGEST, object_key
from tests.s3 import S3Server
from tests.vaults import open_bucket, owner_of, put_without_lock

pytestmark = pytest.mark.xdist_group("s3")

CONTENT = "Học bạ của Lê Văn Mẫu".encode() * 1000
DIGEST = sha256(CONTENT).hexdigest()
KEY = object_key(DIGEST)
FAR = read_clock() + timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    vault: S3Vault
    owner: Minio
    bucket: str

    def lock_of(self, version: str | None, key: str = KEY) -> Lock:
        stat = self.owner.stat_object(self.bucket, key, version_id=version)
        return read_lock(stat.metadata or {})

    def versions(self) -> list[str | None]:
        found = self.owner.list_objects(self.bucket, prefix=KEY, include_version=True)
        return [one.version_id for one in found]


@pytest.fixture
async def site(s3_server: S3Server) -> Site:
    bucket = f"vault-{uuid4()}"
    vault = open_bucket(s3_server, bucket)
    assert isinstance(vault, S3Vault)
    await vault.check()
    return Site(vault=vault, owner=owner_of(s3_server), bucket=bucket)


def retain(site: Site, version: str, mode: str, until: datetime) -> None:
    site.owner.set_object_retention(site.bucket, KEY, Retention(mode, until), version_id=version)


async def test_every_object_is_locked_for_ninety_days_at_once(site: Site) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    (version,) = site.versions()
    lock = site.lock_of(version)
    assert lock.lasts(lock.now + FIRST_LOCK - timedelta(minutes=5))


async def test_a_bucket_that_lost_its_default_is_made_up_for(site: Site) -> None:
    site.owner.set_object_lock_config(site.bucket, ObjectLockConfig(None, None, None))
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    (version,) = site.versions()
    lock = site.lock_of(version)
    assert lock.lasts(lock.now + LEAST_LOCK)


async def test_a_lock_that_ends_soon_is_renewed_when_the_bytes_come_again(site: Site) -> None:
    version = put_without_lock(site.owner, site.bucket, DIGEST, CONTENT)
    retain(site, version, COMPLIANCE, read_clock() + timedelta(days=1))
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert site.versions() == [version]
    lock = site.lock_of(version)
    assert lock.lasts(lock.now + LEAST_LOCK)


async def test_a_hold_locks_the_very_version_and_says_which(site: Site) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await site.vault.hold(DIGEST, FAR)
    assert [held.version] == site.versions()
    assert site.lock_of(held.version).lasts(held.until)
    assert held.until == FAR.replace(microsecond=0)


async def test_a_hold_is_prolonged_and_never_shortened(site: Site) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await site.vault.hold(DIGEST, FAR)
    assert await site.vault.hold(DIGEST, FAR - timedelta(days=200)) == held
    longer = await site.vault.hold(DIGEST, FAR + timedelta(days=200))
    assert (longer.version, longer.until - held.until) == (held.version, timedelta(days=200))


ATTACKS: dict[str, Callable[[Site, str], object]] = {
    "delete": lambda site, held: site.owner.remove_object(site.bucket, KEY, version_id=held),
    "shorten": lambda site, held: retain(site, held, COMPLIANCE, FAR - timedelta(days=1)),
    "end": lambda site, held: retain(site, held, COMPLIANCE, read_clock() + timedelta(seconds=9)),
    "weaken": lambda site, held: retain(site, held, GOVERNANCE, FAR),
    "weaken-and-prolong": lambda site, held: retain(
        site, held, GOVERNANCE, FAR + timedelta(days=9)
    ),
    "stop-versioning": lambda site, _: site.owner.set_bucket_versioning(
        site.bucket, VersioningConfig("Suspended")
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_whoever_has_the_keys_cannot_break_a_hold(site: Site, name: str) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await site.vault.hold(DIGEST, FAR)
    assert held.version is not None
    before = site.lock_of(held.version)
    with pytest.raises(S3Error, match=r"AccessDenied|InvalidBucketState"):
        ATTACKS[name](site, held.version)
    after = site.lock_of(held.version)
    assert (after.mode, after.until) == (before.mode, before.until)
    assert await site.vault.get(DIGEST) == CONTENT


async def test_a_bypass_of_governance_does_not_reach_a_held_version(site: Site) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await site.vault.hold(DIGEST, FAR)
    doomed = [DeleteObject(KEY, held.version)]
    refused = list(site.owner.remove_objects(site.bucket, doomed, bypass_governance_mode=True))
    assert [error.code for error in refused] == ["AccessDenied"]
    assert await site.vault.get(DIGEST) == CONTENT


@pytest.mark.parametrize("fresh", [True, False], ids=["new-process", "process-that-knows"])
async def test_what_is_put_above_an_object_is_looked_past(
    site: Site, s3_server: S3Server, *, fresh: bool
) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    site.owner.put_object(site.bucket, KEY, BytesIO(b"overwritten"), 11)
    site.owner.put_object(site.bucket, KEY, BytesIO(CONTENT[:-1]), len(CONTENT) - 1)
    site.owner.remove_object(site.bucket, KEY)
    site.owner.put_object(site.bucket, KEY + "0", BytesIO(b"a longer name"), 13)
    vault = open_bucket(s3_server, site.bucket) if fresh else site.vault
    assert await vault.get_range(DIGEST, 7, 100) == CONTENT[7:107]
    with capture_logs() as lines:
        assert await vault.get(DIGEST) == CONTENT
    assert [line["event"] for line in lines] == ["vault.looked_past"]
    before = site.versions()
    await vault.put_once(DIGEST, BytesIO(CONTENT))
    assert (await vault.hold(DIGEST, FAR)).version in before
    assert site.versions() == before


async def test_a_lock_that_the_server_does_not_show_is_not_believed(site: Site) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    (version,) = site.versions()
    assert version is not None
    # This server keeps 32 bits of seconds: it says yes, and the lock ends in the past.
    with pytest.raises(Unavailable):
        site.vault._versions.lock(KEY, version, LAST_MOMENT + timedelta(days=30))


async def test_a_lock_ends_before_a_server_loses_count(site: Site) -> None:
    await site.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await site.vault.hold(DIGEST, LAST_MOMENT + timedelta(days=9000))
    assert held.until == site.lock_of(held.version).until == LAST_MOMENT
    doomed = [DeleteObject(KEY, held.version)]
    assert list(site.owner.remove_objects(site.bucket, doomed)) != []


async def test_a_bucket_that_keeps_no_versions_takes_no_object(site: Site) -> None:
    plain = f"vault-{uuid4()}"
    site.owner.make_bucket(plain)
    with pytest.raises(Unavailable):
        await S3Vault(site.owner, plain).put_once(DIGEST, BytesIO(CONTENT))


async def test_a_good_bucket_withstands_every_attempt(site: Site) -> None:
    proofs = await site.vault.prove_locks()
    assert {proof.attempt: proof.withstood for proof in proofs} == dict.fromkeys(
        (proof.attempt for proof in proofs), True
    )
    assert len(proofs) == 6


async def test_a_version_without_a_lock_is_shown_to_be_at_mercy(site: Site) -> None:
    version = put_without_lock(site.owner, site.bucket, PROBE_DIGEST, PROBE)
    lock = site.lock_of(version, object_key(PROBE_DIGEST))
    proofs = prove_on_bucket(site.owner, site.bucket, version, lock)
    broken = {str(proof.attempt) for proof in proofs if not proof.withstood}
    assert broken == {"delete", "delete-bypassing", "shorten", "weaken"}


def _plain(owner: Minio, bucket: str) -> None:
    owner.make_bucket(bucket)


def _versioned(owner: Minio, bucket: str) -> None:
    owner.make_bucket(bucket)
    owner.set_bucket_versioning(bucket, VersioningConfig(ENABLED))


def _used_without_default(owner: Minio, bucket: str) -> None:
    owner.make_bucket(bucket, object_lock=True)
    owner.put_object(bucket, "another-use", BytesIO(b"x"), 1)


def _governed(owner: Minio, bucket: str) -> None:
    owner.make_bucket(bucket, object_lock=True)
    owner.set_object_lock_config(bucket, ObjectLockConfig(GOVERNANCE, 90, DAYS))


UNFIT = {
    "no-versions": (_plain, "hãy bật versioning"),
    "no-object-lock": (_versioned, "tạo kho chứa mới có Object Lock"),
    "no-default-retention": (_used_without_default, "thời hạn khóa mặc định"),
    "weak-default-retention": (_governed, "COMPLIANCE"),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_a_bucket_that_does_not_lock_refuses_the_start(
    s3_server: S3Server, name: str
) -> None:
    make, sentence = UNFIT[name]
    bucket = f"vault-{uuid4()}"
    make(owner_of(s3_server), bucket)
    vault = open_bucket(s3_server, bucket)
    for _ in range(2):
        with pytest.raises(StartRefused, match=sentence):
            await vault.check()


async def test_a_bucket_whose_maker_died_in_between_is_finished(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    owner = owner_of(s3_server)
    owner.make_bucket(bucket, object_lock=True)
    await open_bucket(s3_server, bucket).check()
    made = owner.get_object_lock_config(bucket)
    assert (made.mode, made.duration, made.duration_unit) == (COMPLIANCE, 90, DAYS)


async def test_an_operators_longer_default_is_left_alone(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    owner = owner_of(s3_server)
    owner.make_bucket(bucket, object_lock=True)
    owner.set_object_lock_config(bucket, ObjectLockConfig(COMPLIANCE, 2, "Years"))
    vault = open_bucket(s3_server, bucket)
    await vault.check()
    assert owner.get_object_lock_config(bucket).duration_unit == "Years"
    await vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await vault.discard(DIGEST, before=datetime(2100, 1, 1, tzinfo=UTC)) is False
