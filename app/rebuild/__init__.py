"""Make the database anew from the vault and the repository's keys alone.

Originals say what was accepted; the journal's notes beside them say what the originals do not. A
rebuild reads every note, tells the entries whose transaction never ended from the others, and
writes what is missing in one transaction: all of it, or nothing when anything is in doubt. It adds
rows and moves packages forward, so that it also completes a database that is older than its vault,
and a second run changes nothing.

It never gives anybody a right (accounts come back disabled), never removes or overwrites a decided
row, and never writes into the vault. Staff lists, webhooks, evidence about revocation and the
audit of before do not come back: they are loaded, registered and fetched anew, or kept elsewhere.
"""
