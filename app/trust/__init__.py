"""Whom the repository trusts: pinned roots from a folder, registered certificates from a table.

It makes the frozen values that `app.signatures` decides with (`TrustSnapshot`, `Registration`), and
keeps the register of certificates: a school asks, a department decides, the holder may take back
(`enrolment`). It decides about no signature and calls no network: OCSP responders and CRL servers
can take minutes and are never asked on the request path.
"""
