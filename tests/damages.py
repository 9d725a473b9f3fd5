"""What somebody who owns the database can do to a mixture, and what fsck says then."""

from app.fsck.findings import Code

Damage = tuple[tuple[str, ...], set[Code]]
"""What is done, and what is found then, and nothing else."""

PACKAGE_DAMAGES: dict[str, Damage] = {
    "a read package that is only replied": (
        ("UPDATE packages SET state = '03' WHERE {CLASS}",),
        {Code.PACKAGE_STATE, Code.PACKAGE_RECORD},
    ),
    "a moment of another state": (
        ("UPDATE packages SET read_at = now() WHERE {TAKING}",),
        {Code.PACKAGE_STATE},
    ),
    "a decision that is gone": (
        ("UPDATE packages SET accepted = NULL, rejected = NULL WHERE {CLASS}",),
        {Code.PACKAGE_STATE, Code.PACKAGE_COUNTS, Code.REPLY_CONTENT},
    ),
    "items of what is not decided": (
        (
            """UPDATE packages SET state = '01', finished_at = NULL, replied_at = NULL,
                total = NULL, accepted = NULL, rejected = NULL WHERE {TAKING}""",
            "DELETE FROM package_replies WHERE {TAKING}",
        ),
        {
            Code.PACKAGE_STATE,
            Code.PACKAGE_UNFINISHED,
            Code.PACKAGE_RECORD,
            Code.TRANSCRIPT_WITHDRAWAL,
        },
    ),
    "a package that nobody finishes": (
        (
            "UPDATE packages SET state = '02', replied_at = NULL WHERE {TAKING}",
            "DELETE FROM package_replies WHERE {TAKING}",
        ),
        {Code.PACKAGE_UNFINISHED},
    ),
    "a lease on what is finished": (
        ("UPDATE packages SET leases = 1 WHERE {CLASS}",),
        {Code.PACKAGE_LEASE},
    ),
    "a lease without an end": (
        ("UPDATE packages SET leased_by = 'ai' WHERE {CLASS}",),
        {Code.PACKAGE_LEASE},
    ),
    "a wrong total": (
        ("UPDATE packages SET total = total + 1 WHERE {CLASS}",),
        {Code.PACKAGE_COUNTS, Code.REPLY_CONTENT},
    ),
    "an item that is gone": (
        ("DELETE FROM package_items WHERE ordinal = 6 AND {CLASS}",),
        {Code.PACKAGE_COUNTS, Code.REPLY_CONTENT, Code.TRANSCRIPT_SOURCE},
    ),
    "something recorded twice": (
        (
            """INSERT INTO audit (at, actor, action, object)
            SELECT at, actor, action, object FROM audit WHERE action = 'package.processed'""",
        ),
        {Code.PACKAGE_RECORD},
    ),
    "receipts without a record": (
        ("DELETE FROM audit WHERE action = 'package.received'",),
        {Code.PACKAGE_RECORD},
    ),
    "a record of no package": (
        (
            """INSERT INTO audit (at, actor, action, object)
            VALUES (now(), 'ai', 'package.received', 'x'),
                (now(), 'ai', 'package.received', '00000000-0000-0000-0000-000000000001')""",
        ),
        {Code.RECORD_UNKNOWN},
    ),
    "a hold that is gone": (
        ("DELETE FROM package_holds WHERE {CLASS}",),
        {Code.PACKAGE_HOLD},
    ),
    "a hold that is too short": (
        ("UPDATE package_holds SET retained_until = held_at WHERE {CLASS}",),
        {Code.PACKAGE_HOLD},
    ),
    "accepted things discarded": (
        ("INSERT INTO package_discards SELECT package_id, now() FROM packages WHERE {CLASS}",),
        {Code.PACKAGE_DISCARD, Code.PACKAGE_RECORD, Code.OBJECT_KEPT},
    ),
    "a refusal without a reason": (
        ("UPDATE package_items SET findings = '[]' WHERE result = '02' AND {CLASS}",),
        {Code.ITEM_RESULT, Code.REPLY_CONTENT},
    ),
    "an acceptance without a code": (
        ("UPDATE package_items SET transcript_code = NULL WHERE ordinal = 6 AND {CLASS}",),
        {Code.ITEM_RESULT, Code.REPLY_CONTENT, Code.TRANSCRIPT_SOURCE},
    ),
    "an item about another original": (
        (
            """UPDATE package_items SET original_sha256 = repeat('0', 64)
            WHERE ordinal = 6 AND {CLASS}""",
        ),
        {Code.ITEM_UNREGISTERED},
    ),
    "a withdrawal of somebody else": (
        ("UPDATE package_items SET student_code = 'khac' WHERE ordinal = 1 AND {TAKING}",),
        {Code.ITEM_WITHDRAWAL, Code.REPLY_CONTENT},
    ),
    "withdrawals without their record": (
        ("DELETE FROM transcript_withdrawals",),
        {Code.ITEM_WITHDRAWAL, Code.TRANSCRIPT_WITHDRAWAL},
    ),
    "a withdrawal by a package that brings": (
        (
            """UPDATE transcript_withdrawals
            SET package_id = (SELECT package_id FROM packages WHERE {CLASS})""",
        ),
        {Code.ITEM_WITHDRAWAL, Code.TRANSCRIPT_WITHDRAWAL},
    ),
    "a replacement of what was never revoked": (
        (
            """UPDATE transcript_withdrawals SET cause = 'revocation', reason = NULL,
                package_id = (SELECT package_id FROM packages WHERE {CLASS})""",
            "UPDATE package_items SET findings = '[]' WHERE {TAKING}",
        ),
        {
            Code.ITEM_WITHDRAWAL,
            Code.ITEM_RESULT,
            Code.REPLY_CONTENT,
            Code.TRANSCRIPT_WITHDRAWAL,
        },
    ),
    "a reply that is gone": (
        ("DELETE FROM package_replies WHERE {CLASS}",),
        {Code.REPLY_MISSING},
    ),
    "a reply with another signature": (
        (
            r"""UPDATE package_replies SET body = convert_to(regexp_replace(
            convert_from(body, 'UTF8'), 'SignatureValue>....', 'SignatureValue>AAAA'), 'UTF8')""",
        ),
        {Code.REPLY_SIGNATURE},
    ),
    "a reply with other words": (
        (
            """UPDATE package_replies SET body = convert_to(replace(
            convert_from(body, 'UTF8'), '<SO_DUYET>5', '<SO_DUYET>6'), 'UTF8')""",
        ),
        {Code.REPLY_SIGNATURE, Code.REPLY_CONTENT},
    ),
    "a reply that is none": (
        ("UPDATE package_replies SET body = 'khong phai XML' WHERE {CLASS}",),
        {Code.REPLY_SIGNATURE, Code.REPLY_CONTENT},
    ),
    "a package of another name": (
        ("UPDATE packages SET message_id = 'khac' WHERE {CLASS}",),
        {Code.REPLY_CONTENT},
    ),
    "a digest that is none": (
        ("UPDATE packages SET digest = 'khong' WHERE {CLASS}",),
        {
            Code.OBJECT_LOST,
            Code.OBJECT_ORPHAN,
            Code.REPLY_CONTENT,
            Code.TRANSCRIPT_SOURCE,
        },
    ),
    "a size of other bytes": (
        ("UPDATE packages SET size = size + 1 WHERE {CLASS}",),
        {Code.OBJECT_ALTERED},
    ),
}
"""Damages to packages, items, replies and records."""
