"""What findings come to together: nothing mild outweighs or hides something grave."""

from hypothesis import given
from hypothesis import strategies as st

from app.signatures.assessment import conclusion
from app.signatures.catalogue import CATALOGUE
from app.signatures.report import Indication
from app.transcripts.finding import Finding

CODES = st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=5)


@given(codes=CODES)
def test_the_gravest_finding_decides_wherever_it_stands(codes: list[str]) -> None:
    entries = [CATALOGUE[code] for code in codes]
    indication, sub_indication = conclusion([Finding(code=code) for code in codes])
    indications = {entry.indication for entry in entries}
    if Indication.FAILED in indications:
        gravest = [entry for entry in entries if entry.indication is Indication.FAILED]
    else:
        errors = [entry for entry in entries if entry.severity == "error"]
        open_ones = [entry for entry in entries if entry.indication is Indication.INDETERMINATE]
        gravest = errors or open_ones
    if not gravest:
        assert (indication, sub_indication) == (Indication.PASSED, None)
    else:
        assert (indication, sub_indication) == (gravest[0].indication, gravest[0].sub_indication)
        assert indication is not Indication.PASSED


def test_a_remark_before_an_error_does_not_pass() -> None:
    remark, error = Finding(code="SIG-504"), Finding(code="SIG-400")
    assert conclusion([remark]) == (Indication.PASSED, None)
    assert conclusion([remark, error])[0] is Indication.INDETERMINATE
    assert conclusion([error, remark])[0] is Indication.INDETERMINATE
