from dataclasses import replace

from app.transcripts.profile import BAN_TIN_1, HOC_BA_1_THCS


def test_a_profile_that_differs_in_any_rule_has_another_digest() -> None:
    changed = replace(HOC_BA_1_THCS, slots=HOC_BA_1_THCS.slots[:-1])
    assert len({HOC_BA_1_THCS.sha256, BAN_TIN_1.sha256, changed.sha256}) == 3
