"""What revocation lists and OCSP responses, all of them together, say about a path at a time.

RFC 5280 section 6.3 and RFC 6960, by pyhanko-certvalidator, one certificate and one OCSP response
at a time: the library stops at the first good answer, and here a revocation that anybody
authoritative states wins over every "good".
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator._state import ValProcState
from pyhanko_certvalidator.errors import (
    CRLNoMatchesError,
    CRLValidationIndeterminateError,
    OCSPNoMatchesError,
    OCSPValidationIndeterminateError,
    RevokedError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response
from pyhanko_certvalidator.util import ConsList

from app.signatures.pkix import (
    Material,
    finish,
    open_context,
)

REVOKED, REVOKED_AUTHORITY = "SIG-410", "SIG-411"
UNKNOWN, INVALID, ON_HOLD = "SIG-412", "SIG-413", "SIG-414"

_Verify = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """Revocation lists and OCSP responses, parsed, nothing verified.

    Attributes:
        ocsps: one for each certificate that a response speaks of.
        unreadable: whether some octets were neither.
    """

    crls: tuple[CRLContainer, ...] = ()
    ocsps: tuple[OCSPContainer, ...] = ()
    unreadable: bool = False


def read_statements(crls: Sequence[bytes], ocsps: Sequence[bytes]) -> Statements:
    """Parse DER lists and responses; what cannot be read is left out and noted."""
    lists: list[CRLContainer] = []
    answers: list[OCSPContainer] = []
    unreadable = False
    for der in crls:
        try:
            stated = CRLContainer(crl.CertificateList.load(der, strict=True))
            # asn1crypto parses late; what this touches, the library relies on.
            _ = stated.crl_data.issuer.hashable, stated.issuance_date
            lists.append(stated)
        except (ValueError, TypeError):
            unreadable = True
    for der in ocsps:
        try:
            loaded = OCSPContainer.load_multi(ocsp.OCSPResponse.load(der, strict=True))
            _ = [answer.issuance_date for answer in loaded]
            answers += loaded
        except (ValueError, TypeError):
            unreadable = True
    return Statements(crls=tuple(lists), ocsps=tuple(answers), unreadable=unreadable)


def faults_of(
    path: ValidationPath, material: Material, statements: Statements, at: datetime
) -> Iterator[str]:
    """Say what is wrong with each certificate below the anchor, from the top down.

    Args:
        path: validated but for revocation.
        material: anchors, and the certificates that signers of lists may be among.
        statements: all that is known about revocation.
        at: an aware time; lists and responses must cover it.

    Yields:
        SIG-410 or SIG-411 revoked, SIG-414 on hold, SIG-413 nothing usable, SIG-412 nothing at all
        or nothing fresh; no code for a certificate that is stated to be good.
    """
    known = [*material.anchors, *material.certificates]
    answers = [one for one in statements.ocsps if not impersonates(one, known)]
    doubtful = statements.unreadable or len(answers) < len(statements.ocsps)
    with_lists = replace(material, crls=statements.crls)
    above = ValidationPath(path.trust_anchor, interm=[], leaf=None)
    validated = [(path.first, above)]
    for index, certificate in enumerate(path.iter_certs(include_root=False), start=1):
        contexts = []
        # A response is asked in a context of its own, because it brings certificates along.
        for responses in [(), *((answer,) for answer in answers)]:
            context = open_context(replace(with_lists, ocsps=responses), at, revocation=True)
            for good, its_path in validated:
                context.record_validation(good, its_path)  # type: ignore[no-untyped-call]  # reason: library
            contexts.append(context)
        code = _ask(contexts, path, index)
        above = above.copy_and_append(certificate)
        validated.append((certificate, above))
        if code is not None:
            yield INVALID if code == UNKNOWN and doubtful else code


def impersonates(answer: OCSPContainer, known: Sequence[x509.Certificate]) -> bool:
    """Say whether a response brings another certificate under the number of a known one.

    The library compares only issuer, number and signature value of a responder's certificate with
    the authority's, and would take the key of a forged copy for the authority's.
    """
    numbers = {one.issuer_serial: one.dump() for one in known}
    response = answer.extract_basic_ocsp_response()
    brought = [] if response is None else response["certs"] or []
    return any(one.dump() != numbers.get(one.issuer_serial, one.dump()) for one in brought)


def _ask(contexts: Sequence[ValidationContext], path: ValidationPath, index: int) -> str | None:
    """Collect what lists (the first context) and responses (the others) say of one certificate."""
    lists, *responses = contexts
    outcomes = {_outcome(verify_crl, lists, path, index)}
    outcomes |= {_outcome(verify_ocsp_response, context, path, index) for context in responses}
    for outcome in (REVOKED, REVOKED_AUTHORITY, ON_HOLD, None, INVALID):
        if outcome in outcomes:
            return outcome
    return UNKNOWN


def _outcome(
    verify: _Verify, context: ValidationContext, path: ValidationPath, index: int
) -> str | None:
    state = ValProcState(cert_path_stack=ConsList.sing(path), init_index=index)
    try:
        finish(verify(path[index], path, context, proc_state=state))
    except RevokedError as error:
        if error.reason.native == "certificate_hold":
            return ON_HOLD
        return REVOKED if index == path.pkix_len else REVOKED_AUTHORITY
    except (CRLNoMatchesError, OCSPNoMatchesError):
        return UNKNOWN
    except (CRLValidationIndeterminateError, OCSPValidationIndeterminateError) as error:
        return UNKNOWN if error.suspect_stale else INVALID
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- reason: data that make the library stumble prove nothing
        return INVALID
    return None
