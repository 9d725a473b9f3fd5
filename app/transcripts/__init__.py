"""What a file says: hardened XML, the message envelope, the content model, rules and codes.

This package is pure: bytes in, frozen values out. It knows no clock, network, file (but its own
schemas), database or framework, and it decides nothing about signatures: `app.signatures` does, and
hands back the canonical octets from which alone business values are read.

It follows XML 1.0 (fifth edition), Namespaces in XML 1.0, XML Schema 1.0, XMLDSig section 4 and
ETSI EN 319 132-1 for the shape of signatures, and for the rules of transcripts Thông tư
27/2020/TT-BGDĐT (primary) and Thông tư 22/2021/TT-BGDĐT (secondary). Every refusal is a
`DocumentRefused` with coded findings.
"""
