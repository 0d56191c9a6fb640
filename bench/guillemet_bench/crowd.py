"""Clients that come and go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from guillemet_bench.calls import Caller


@dataclass(slots=True)
class _Client:
    caller: Caller
    asking: int = 0
    leaves: bool = False


class Crowd:
    """As many clients at any time, each with a connection of its own; they ask in turn."""

    def __init__(self, address: str, number: int) -> None:
        """Connect, within the event loop.

        Args:
            address: Of the server.
            number: Of clients.
        """
        self._address = address
        self._clients = [_Client(Caller(address)) for _ in range(number)]
        self._turns = count()
        self.replaced = 0

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Caller]:
        """Let the next client ask while the block lasts."""
        client = self._clients[next(self._turns) % len(self._clients)]
        client.asking += 1
        try:
            yield client.caller
        finally:
            client.asking -= 1
            await _close_unless_asking(client)

    async def replace_oldest(self) -> None:
        """Let a new client take the place of the oldest, who leaves when it has been answered."""
        oldest = self._clients.pop(0)
        self._clients.append(_Client(Caller(self._address)))
        self.replaced += 1
        oldest.leaves = True
        await _close_unless_asking(oldest)

    async def close(self) -> None:
        """Let all leave."""
        for client in self._clients:
            client.leaves = True
            await _close_unless_asking(client)


async def _close_unless_asking(client: _Client) -> None:
    if client.leaves and not client.asking:
        await client.caller.close()
