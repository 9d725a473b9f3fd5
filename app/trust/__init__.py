"""Whom the repository trusts: pinned roots from a folder, registered certificates from a table.

It makes the frozen values that `app.signatures` decides with (`TrustSnapshot`, `Registration`). It
decides about no signature and calls no network: OCSP responders and CRL servers can take minutes
and are never asked on the request path.
"""
