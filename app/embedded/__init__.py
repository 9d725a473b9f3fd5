"""The real PostgreSQL that pip installed, for one machine and no administrator.

The wheel's binaries run under this small supervisor and not under the wheel's own manager, which
leaks its server when the owner is killed and opens the permissions of parent folders. Here the
server is a child in the foreground that the kernel tells to shut down (SIGINT, PostgreSQL's clean
"fast" shutdown) the moment its owner dies, however it dies. Linux only.

As root the server runs as another account, because PostgreSQL refuses root. Where that account
cannot reach the home folder (a 700 folder above it), the cluster lies under `ELSEWHERE` and the
home folder holds a link to it; binaries that the account cannot run are copied beside the cluster.
"""

from app.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
