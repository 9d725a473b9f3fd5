"""All attacks by family, as they are tried and as they are counted.

A29, other octets of the same content, is no attack: `harmless` holds it.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from tests.attacks import (
    authorities,
    characters,
    content,
    covering,
    evidence,
    identities,
    keys,
    signers,
    wrapping,
)
from tests.attacks.attack import Attack

_Maker = Callable[[], Iterator[Attack]]

FAMILIES: Mapping[str, tuple[_Maker, ...]] = {
    "A01": (wrapping.wrappings,),
    "A02": (identities.colliding_ids,),
    "A03": (covering.swapped_targets,),
    "A04": (covering.reference_counts,),
    "A05": (covering.transforms,),
    "A06": (covering.outside_uris,),
    "A07": (keys.hmacs,),
    "A08": (keys.weak_algorithms, keys.weak_keys, keys.ecdsa_values, keys.rsa_values),
    "A09": (signers.bindings,),
    "A10": (signers.key_infos,),
    "A11": (characters.split_texts,),
    "A12": (characters.document_types,),
    "A13": (characters.inclusions,),
    "A14": (characters.namespaces,),
    "A15": (characters.differentials,),
    "A16": (covering.void_canonicalizations,),
    "A17": (wrapping.second_signed_infos,),
    "A18": (wrapping.foreign_additions,),
    "A19": (content.pasted_content,),
    "A20": (signers.foreign_signers,),
    "A21": (characters.encodings,),
    "A22": (identities.doubled_attributes,),
    "A23": (characters.oversizes,),
    "A24": (characters.compressions,),
    "A25": (authorities.path_bombs, evidence.huge_lists),
    "A26": (authorities.urls_inside,),
    "A27": (evidence.worthless_evidence,),
    "A28": (content.clocks,),
    "A30": (wrapping.repeated_signatures,),
}


def attacks_of(family: str) -> Iterator[Attack]:
    """Make the attacks of one family, one at a time: some are large."""
    return chain.from_iterable(make() for make in FAMILIES[family])
