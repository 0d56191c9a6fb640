"""How the server is found, and what gRPC itself does about failures."""

import ipaddress
import json
import re

DEFAULT_TIMEOUT_SECONDS = 60.0
DEFAULT_MAX_MESSAGE_BYTES = 16 * 2**20  # the server's default

# Pings keep idle streams alive behind proxies; more often than every 30 s a server may take for an attack.
_KEEPALIVE_MS = 60_000
_KEEPALIVE_TIMEOUT_MS = 20_000
# gRPC's own is two minutes: a server that is back should not wait that long for its callers.
_LONGEST_RECONNECT_MS = 5_000

# A name or an address; one of IPv6 in brackets.
_HOST = re.compile(r"[^\s:/\[\]]+|\[[0-9A-Fa-f:.%\w]+\]")
_SCHEMES = ("dns:", "unix:", "unix-abstract:", "vsock:", "ipv4:", "ipv6:", "xds:")

_SERVICE_CONFIG = json.dumps(
    {
        # A name may stand for several servers.
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {
                # Streams are absent: what to send again only extract_iter knows.
                "name": [
                    {"service": "guillemet.v1.QuotationService", "method": "ExtractQuotations"},
                    {"service": "guillemet.v1.QuotationService", "method": "BatchExtractQuotations"},
                    {"service": "guillemet.v1.ModelService"},
                ],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "2s",
                    "backoffMultiplier": 2,
                    # An overloaded server says in its trailers when to come back, and gRPC obeys. Never DEADLINE_EXCEEDED:
                    # the caller's time is over, and the server is the slower for each repetition.
                    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
                },
            }
        ],
        # Once most requests fail, repeating them all would only add to the load.
        "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.5},
    }
)


def target_of(address: str) -> str:
    """Return the gRPC name of "HOST:PORT", "unix:PATH" or a gRPC name.

    Raises:
        ValueError: The address is none of them.
    """
    if address.startswith(_SCHEMES) and not address.endswith(":"):
        return address
    host, _, port = address.rpartition(":")
    if not _HOST.fullmatch(host) or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f"{address!r} is no address; HOST:PORT and unix:PATH are")
    return f"dns:///{address}"


def options_of(address: str, *, max_message_bytes: int, server_name: str | None = None) -> list[tuple[str, str | int]]:
    """Return the options of a channel to `address`, whose certificate bears `server_name` if that is not its host."""
    options: list[tuple[str, str | int]] = [
        ("grpc.service_config", _SERVICE_CONFIG),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.max_receive_message_length", max_message_bytes),
        # A request larger than this buffer, 256 KiB by default, would not be sent again.
        ("grpc.per_rpc_retry_buffer_size", max_message_bytes),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
        ("grpc.max_reconnect_backoff_ms", _LONGEST_RECONNECT_MS),
        ("grpc.primary_user_agent", "guillemet-client"),
        # A proxy set for the web cannot reach this machine's own servers.
        ("grpc.enable_http_proxy", 0 if is_this_machine(address) else 1),
    ]
    if server_name is not None:
        options.append(("grpc.ssl_target_name_override", server_name))
    return options


def is_this_machine(address: str) -> bool:
    """Tell whether what is sent to `address` surely stays on this machine."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    host = address.rpartition("/")[2].rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
