"""What tests must not reach: all that is beyond loopback. Whoever tries is noted, here and in processes they start.

Names that are looked up and addresses that are connected to are told by Python's own audit events, so that no way past
a library is missed. Processes that a test starts go through a proxy, which notes what it is asked for.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HERE = "127.0.0.1,localhost,::1"


@dataclass
class Outside:
    """`asked` lists what was tried to be reached; `proxy` is the address of the proxy that notes it."""

    asked: list[str] = field(default_factory=list)
    proxy: str = ""
    watching: bool = False

    def settings(self) -> dict[str, str]:
        """Return the environment by which programs use the proxy."""
        found = {"all_proxy": self.proxy, "no_proxy": HERE}
        return {**found, **{name.upper(): value for name, value in found.items()}}

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        """Note and refuse what an audit event tells, if it leads outside."""
        if not self.watching:
            return
        if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host = args[0]
        elif event in {"socket.connect", "socket.sendto"} and args[0].family in {socket.AF_INET, socket.AF_INET6}:
            host = args[1][0]
        else:
            return
        if host is not None and not _is_here(str(host)):
            self.asked.append(str(host))
            message = f"a test tried to reach {host}"
            raise RuntimeError(message)


def _is_here(host: str) -> bool:
    if host in {"", *HERE.split(","), socket.gethostname()}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@contextmanager
def watched() -> Iterator[Outside]:
    """Watch until the block ends."""
    outside = Outside(watching=True)

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outside.asked.append(self.path)
            self.send_error(403, "outside")

        do_POST = do_HEAD = do_PUT = do_CONNECT = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    outside.proxy = f"http://127.0.0.1:{server.server_port}"
    # A hook stays for good.
    sys.addaudithook(outside.note)
    try:
        yield outside
    finally:
        outside.watching = False
        server.shutdown()
        thread.join()
        server.server_close()
