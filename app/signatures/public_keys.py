"""Public keys as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), read strictly."""

from asn1crypto import algos, core, keys
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PSS
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.signatures.algorithms import SignatureMethod


def read_public_key(spki: bytes, method: SignatureMethod) -> object:
    """Read a key that may serve a signature method.

    Returns:
        None for octets that are none, for curves that are not named but described (RFC 5480 section
        2.1.1), for kinds of keys that no method takes, and for keys that are kept for RSASSA-PSS
        with other parameters or for another method than that (RFC 4055 section 3.1).
    """
    try:
        algorithm = keys.PublicKeyInfo.load(spki, strict=True)["algorithm"]
        parameters = algorithm["parameters"]
        match algorithm["algorithm"].native:
            case "rsa":
                fits = True
            case "ec":
                fits = (
                    isinstance(parameters, keys.ECDomainParameters) and parameters.name == "named"
                )
            case "rsassa_pss":
                fits = isinstance(method.padding, PSS) and (
                    isinstance(parameters, core.Void) or parameters.dump() == _parameters(method)
                )
            case _:
                fits = False
        return load_der_public_key(spki) if fits else None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _parameters(method: SignatureMethod) -> bytes:
    digest = {"algorithm": method.hash.name}
    parameters = {
        "hash_algorithm": digest,
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
        "salt_length": method.hash.digest_size,
    }
    octets: bytes = algos.RSASSAPSSParams(parameters).dump()
    return octets
