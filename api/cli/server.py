"""`cutbook serve`."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from kb.errors import InputError, RefusedError

if TYPE_CHECKING:
    from types import FrameType

    from api.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands about the server."""
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; one beyond this machine needs CUTBOOK_TOKEN.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8000,
) -> None:
    """Serve the knowledge base over REST (see /docs)."""
    import uvicorn

    from api.app import create_app
    from api.cli.jobs import end_at_once
    from api.cli.screen import errors
    from api.settings import Settings
    from api.workspace import Workspace

    settings = Settings.read()
    require_token(host, settings)
    listening = bind(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}"
    with listening, Workspace(settings, label=f"cutbook serve at {address}") as workspace:
        app = create_app(workspace, local_only=is_loopback(host))

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                # Streams of events end by themselves; uvicorn would wait for those who listen to let go.
                app.state.leaving = True
                super().handle_exit(sig, frame)

        # A home that another process has open is told here, before the server claims to be up.
        workspace.store.papers()
        workspace.index.open()
        app.state.jobs.start()
        errors().print(f"cutbook listens on {address} (documentation: {address}/docs)", soft_wrap=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=10, server_header=False)
        Server(config).run(sockets=[listening])
        if not app.state.idle:
            end_at_once(0)


def is_loopback(host: str) -> bool:
    """Say whether an address is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_token(host: str, settings: Settings) -> None:
    """Raise `RefusedError` for an address that others reach while no token is set."""
    if not is_loopback(host) and settings.token is None:
        message = f"{host} can be reached from other machines, and no token protects the server"
        raise RefusedError(message, hint="set CUTBOOK_TOKEN to a long random string, or listen on 127.0.0.1")


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `InputError` for an address that cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        message = f"'{host}' is no address of this machine: {error.strerror or error}"
        raise InputError(message, hint="choose another one with --host") from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        listening.close()
        message = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise InputError(
            message, hint="choose another one with --port and --host, or stop what listens there"
        ) from error
    return listening
