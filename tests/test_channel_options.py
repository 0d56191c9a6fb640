"""gRPC passes over options that it does not know: those that are set are options of the library that is installed."""

from pathlib import Path

import pytest
from grpc._cython import cygrpc

from guillemet_client._channel import options_of
from guillemet_server.channel import channel_options
from guillemet_server.config import ServerConfig

LIBRARY = Path(cygrpc.__file__).read_bytes()
CLIENT = [name for name, _ in options_of("127.0.0.1:1", max_message_bytes=1, server_name="a")]
SERVER = [name for name, _ in channel_options(ServerConfig(listen="127.0.0.1:0", max_connection_seconds=60.0))]


@pytest.mark.parametrize("option", sorted({*CLIENT, *SERVER}))
def test_an_option_is_one_that_grpc_knows(option: str) -> None:
    assert option.encode() in LIBRARY
