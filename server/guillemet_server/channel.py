"""What gRPC itself is told: limits, pings, how long connections last."""

from guillemet_server.config import ServerConfig

# Whoever has not said by then what certificate it shows does not want to call.
_HANDSHAKE_MS = 20_000
# A connection that nobody uses makes room for another; its client opens a new one when it needs it.
_IDLE_MS = 600_000
# Of its algorithms, none but "identity".
_NO_COMPRESSION = 1


def channel_options(config: ServerConfig) -> list[tuple[str, int]]:
    """Return the options of the server's connections."""
    limits = config.limits
    options = [
        ("grpc.max_receive_message_length", limits.max_request_bytes),
        ("grpc.max_send_message_length", limits.max_request_bytes),
        # The first alone would refuse only some of what is larger.
        ("grpc.max_metadata_size", limits.max_header_bytes),
        ("grpc.absolute_max_metadata_size", limits.max_header_bytes),
        ("grpc.max_concurrent_streams", limits.max_connection_rpcs),
        ("grpc.max_allowed_incoming_connections", limits.max_connections),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
        ("grpc.max_connection_idle_ms", _IDLE_MS),
        # gRPC unpacks a message before it measures it: a thousandth of the limit could fill the memory.
        ("grpc.compression_enabled_algorithms_bitset", _NO_COMPRESSION),
        # A second server on the port is an error, not a silent half of the connections.
        ("grpc.so_reuseport", 0),
        # Clients may ping, as they do to keep a connection through a firewall; by default that ends in GOAWAY.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # And the server pings, so that the documents of a machine that vanished leave the queue.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
    ]
    if config.max_connection_seconds is not None:
        # RPCs in work are finished, however long they take: by default gRPC grants them all the time they need.
        options.append(("grpc.max_connection_age_ms", round(1000 * config.max_connection_seconds)))
    return options
