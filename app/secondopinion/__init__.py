"""A second, independent engine looks at signatures that the first one has judged.

`app.signatures` decides. Here signxml, another program with another author, verifies the same
signatures over the same bytes; where the two differ, one of them is wrong and nobody knows which,
so the transcript must not pass (SIG-330). It decides nothing else: whose certificate it is, who may
sign and at which time stay with the first engine.

signxml is a primitive and no validator, so it is told exactly which signature, which certificate
and which algorithms to look at, and what it says was signed is compared with what the first engine
says. Its known habits are contained in `opinion`: it passes over transforms that it does not know,
takes the first signature that fits a place, parses the document again for every reference, and lets
errors of other libraries through. Pure: no clock, network, file or database.
"""
