"""No test reaches beyond loopback unnoticed, nor does a process that it starts."""

from __future__ import annotations

import socket
import subprocess
import sys

import httpx
import pytest

from tests.outside import Outside
from tests.services import Services


def test_a_name_that_is_looked_up_fails_the_test_even_if_nobody_minds(outside: Outside) -> None:
    for host in ("arxiv.org", "93.184.216.34"):
        with pytest.raises((RuntimeError, UserWarning)), socket.socket() as line:
            line.connect((socket.getaddrinfo(host, 80)[0][4][0], 80))
    assert outside.asked == ["arxiv.org", "93.184.216.34"]
    outside.asked.clear()


@pytest.mark.parametrize("address", ["http://arxiv.org/abs/1712.02304", "https://inspirehep.net/api"])
def test_a_process_that_asks_outside_is_noted(outside: Outside, address: str) -> None:
    program = f"import httpx\ntry: httpx.get({address!r})\nexcept httpx.HTTPError: pass"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert outside.asked == [address if address.startswith("http:") else "inspirehep.net:443"]
    outside.asked.clear()


def test_loopback_is_asked_directly(services: Services, outside: Outside) -> None:
    services.paper("1712.02304v1")
    assert httpx.get(f"{services.address}{services.api}?id_list=1712.02304").status_code == 200
    assert outside.asked == []
