import socket

import pytest

from devtools.stack.errors import UsageError
from devtools.stack.ports import claim_ports


def test_zero_becomes_free_ports_that_differ() -> None:
    claimed = claim_ports({"--temporal-port": 0, "--ui-port": 0, "--bridge-port": 0})
    assert len(set(claimed.values())) == 3
    for port in claimed.values():
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_port_in_use_is_named_with_its_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UsageError, match=rf"Port {port} .*--ui-port"):
            claim_ports({"--temporal-port": 0, "--ui-port": port})


def test_a_port_cannot_be_given_twice() -> None:
    free = claim_ports({"--ui-port": 0})["--ui-port"]
    with pytest.raises(UsageError, match=rf"Port {free} is given twice.*--bridge-port"):
        claim_ports({"--temporal-port": 0, "--ui-port": free, "--bridge-port": free})
