"""More damages: to transcripts, codes, withdrawals and standings."""

from app.fsck.findings import Code
from tests.damages import Damage

REGISTER_DAMAGES: dict[str, Damage] = {
    "an original elsewhere": (
        ("UPDATE transcripts SET byte_offset = byte_offset + 4 WHERE {ONE}",),
        {Code.TRANSCRIPT_BYTES},
    ),
    "an original that is no text": (
        ("UPDATE transcripts SET byte_offset = byte_offset - 1 WHERE {ONE}",),
        {Code.TRANSCRIPT_BYTES},
    ),
    "a code without a transcript": (
        ("INSERT INTO transcript_codes VALUES ('MA-KHAC', 2025, 'khong')",),
        {Code.TRANSCRIPT_INDEX},
    ),
    "a transcript without its code": (
        ("DELETE FROM transcript_codes WHERE {ONE}",),
        {Code.TRANSCRIPT_INDEX, Code.ITEM_UNREGISTERED},
    ),
    "a transcript of other bytes": (
        ("UPDATE transcripts SET original_sha256 = 'khong' WHERE {ONE}",),
        {
            Code.TRANSCRIPT_BYTES,
            Code.TRANSCRIPT_CODE,
            Code.TRANSCRIPT_INDEX,
            Code.ITEM_UNREGISTERED,
        },
    ),
    "a transcript of other bytes of its package": (
        ("UPDATE transcripts SET package_digest = repeat('0', 64) WHERE {ONE}",),
        {Code.TRANSCRIPT_SOURCE},
    ),
    "a transcript accepted at another time": (
        ("UPDATE transcripts SET accepted_at = accepted_at - interval '1 s' WHERE {ONE}",),
        {Code.TRANSCRIPT_SOURCE, Code.TRANSCRIPT_STANDING},
    ),
    "a class that was not signed": (
        ("UPDATE transcripts SET class_name = '9Z' WHERE {ONE}",),
        {Code.TRANSCRIPT_CONTENT},
    ),
    "a personal number that is gone": (
        ("UPDATE transcripts SET personal_number_hash = NULL WHERE {ONE}",),
        {Code.TRANSCRIPT_CONTENT},
    ),
    "a chain with a gap": (
        ("UPDATE transcripts SET version = 3 WHERE {SECOND}",),
        {Code.TRANSCRIPT_CHAIN},
    ),
    "a chain without a beginning": (
        ("UPDATE transcripts SET previous_code = NULL WHERE {SECOND}",),
        {Code.TRANSCRIPT_CHAIN},
    ),
    "a chain of two students": (
        (
            """UPDATE transcripts SET previous_code = (
                SELECT transcript_code FROM transcripts WHERE {ONE}) WHERE {SECOND}""",
        ),
        {Code.TRANSCRIPT_CHAIN},
    ),
    "two transcripts in force": (
        (
            "DROP INDEX uq_transcripts_in_force",
            "DELETE FROM transcript_withdrawals",
            "UPDATE transcripts SET withdrawn_at = NULL",
        ),
        {Code.TRANSCRIPT_RIVAL, Code.TRANSCRIPT_CHAIN, Code.ITEM_WITHDRAWAL},
    ),
    "a withdrawal that nobody asked for": (
        ("UPDATE transcripts SET withdrawn_at = now() WHERE {ONE}",),
        {Code.TRANSCRIPT_WITHDRAWAL},
    ),
    "a standing without a beginning": (
        (
            """DELETE FROM transcript_standings AS p WHERE standing = 'provisional' AND EXISTS (
                SELECT FROM transcript_standings AS f
                WHERE f.transcript_code = p.transcript_code AND f.standing = 'final')""",
        ),
        {Code.TRANSCRIPT_STANDING},
    ),
    "a revocation without a reason": (
        (
            """UPDATE transcript_standings SET standing = 'revoked', code = NULL
            WHERE standing = 'final'""",
        ),
        {Code.TRANSCRIPT_STANDING},
    ),
}
