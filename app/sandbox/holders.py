"""The names inside certificates, written as the real authorities write them (RFC 5280, X.520)."""

from cryptography.x509 import Name, NameAttribute, ObjectIdentifier
from cryptography.x509.oid import NameOID


def official_name(common_name: str, *, units: tuple[str, ...], province: str, email: str) -> Name:
    """Name an official as the government authority does: units repeat, no personal number.

    Args:
        common_name: the full name of the person or the organisation.
        units: the organisation, then the units inside it from the highest to the lowest.
        province: the province's name.
        email: an address in ASCII.
    """
    organisation, *parts = units
    return _name(
        (NameOID.LOCALITY_NAME, province),
        (NameOID.ORGANIZATION_NAME, organisation),
        *((NameOID.ORGANIZATIONAL_UNIT_NAME, part) for part in parts),
        (NameOID.COMMON_NAME, common_name),
        (NameOID.EMAIL_ADDRESS, email),
    )


def public_name(common_name: str, *, uids: tuple[str, ...], units: tuple[str, ...] = ()) -> Name:
    """Name a customer as the public authorities do, with typed identifiers.

    Args:
        common_name: the full name of the person or the organisation.
        uids: identifiers such as "CCCD:079313000123" or "MST:0312345678".
        units: the organisations to which the person belongs.
    """
    return _name(
        *((NameOID.USER_ID, uid) for uid in uids),
        *((NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
        (NameOID.COMMON_NAME, common_name),
    )


def authority_name(common_name: str, organisation: str, unit: str | None = None) -> Name:
    """Name a certification authority."""
    units = [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    return _name(
        (NameOID.ORGANIZATION_NAME, organisation), *units, (NameOID.COMMON_NAME, common_name)
    )


def _name(*attributes: tuple[ObjectIdentifier, str]) -> Name:
    country = NameAttribute(NameOID.COUNTRY_NAME, "VN")
    return Name([country, *(NameAttribute(oid, value) for oid, value in attributes)])
