"""Whom the repository trusts: pinned roots from a folder, registered certificates from a table.

It makes the frozen values that `app.signatures` decides with (`TrustSnapshot`, `Registration`), and
keeps the register of certificates: a school asks, a department decides, the holder may take back
(`enrolment`). It decides about no signature. Only the worker's rounds ask OCSP responders and CRL
servers, which can take minutes; the request path never does.
"""
