"""Where in a document something stands, as reports write it."""

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES_141 = "http://uri.etsi.org/01903/v1.4.1#"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

PREFIXES = {DS: "ds", XADES: "xades", XADES_141: "xades141", EXCLUSIVE_C14N: "ec"}
"""The namespaces that may be declared, and how a location writes them, whatever the document's own
prefixes are. A relative URI, xsi, XInclude and every other namespace is refused."""


def location_of(element: etree._Element) -> str:
    """Name an element's place: local names, a position only where siblings share the name.

    Example: "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/BANG_DIEM_HOC_BA/DIEM_TONG_KET[2]".
    """
    lineage = [element, *element.iterancestors()]
    return "".join(f"/{_step(node)}" for node in reversed(lineage))


def _step(node: etree._Element) -> str:
    before = sum(1 for _ in node.itersiblings(node.tag, preceding=True))
    alone = before == 0 and next(node.itersiblings(node.tag), None) is None
    return shown_name(node.tag) if alone else f"{shown_name(node.tag)}[{before + 1}]"


def shown_name(tag: str) -> str:
    """Write the name of an element as locations do."""
    if tag[0] != "{":
        return tag
    namespace, _, name = tag[1:].partition("}")
    prefix = PREFIXES.get(namespace)
    return f"{prefix}:{name}" if prefix else name
