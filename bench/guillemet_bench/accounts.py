"""What a server says of itself, in its metrics: what it did, and what is left when nobody asks any more."""

import asyncio
import http.client
import time
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

_SETTLING_SECONDS = 30.0
_BETWEEN_LOOKS_SECONDS = 0.1


class Metrics:
    """All numbers of a server at one moment."""

    def __init__(self, address: str) -> None:
        """Read them.

        Args:
            address: HOST:PORT of the server's metrics.

        Raises:
            RuntimeError: Nobody answers there.
        """
        connection = http.client.HTTPConnection(address, timeout=_SETTLING_SECONDS)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        except OSError as error:
            raise RuntimeError(f"the server shows no metrics any more: {error}") from error
        finally:
            connection.close()
        self._samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def total(self, name: str, **labels: str) -> int:
        """Return the sum of the samples of that name that have these labels, among others."""
        return round(sum(it.value for it in self._samples if it.name == name and labels.items() <= it.labels.items()))


@dataclass(frozen=True, slots=True)
class Account:
    """What a server did between two moments, and what it still holds at the second."""

    received: int  # unary RPCs
    answered: int  # of these, ended with OK
    broken: int  # refused with INTERNAL
    read_in_vain: int  # texts and windows read to the end of which no document came
    queue_tokens: int
    texts_in_work: int
    rpcs_in_flight: int
    open_files: int

    @classmethod
    def of(cls, before: Metrics, now: Metrics) -> "Account":
        """Compare two moments."""

        def more(name: str, **labels: str) -> int:
            return now.total(name, **labels) - before.total(name, **labels)

        return cls(
            received=more("guillemet_rpcs_total", method="ExtractQuotations"),
            answered=more("guillemet_rpcs_total", method="ExtractQuotations", code="OK"),
            broken=more("guillemet_refusals_total", reason="INTERNAL"),
            read_in_vain=more("guillemet_batch_texts_sum") - more("guillemet_documents_total"),
            queue_tokens=now.total("guillemet_queue_tokens"),
            texts_in_work=now.total("guillemet_texts_in_work"),
            rpcs_in_flight=now.total("guillemet_rpcs_in_flight"),
            open_files=now.total("process_open_fds"),
        )

    @property
    def held(self) -> tuple[int, int, int]:
        """Tokens that wait, texts in work, RPCs in flight: of a server that nobody asks, nothing."""
        return self.queue_tokens, self.texts_in_work, self.rpcs_in_flight


async def settled(address: str, before: Metrics) -> Account:
    """Return the account when the server holds nothing more, or will not let go of it.

    Args:
        address: Of its metrics.
        before: What they were.

    Raises:
        RuntimeError: It is gone.
    """
    until = time.monotonic() + _SETTLING_SECONDS
    while True:
        account = Account.of(before, await asyncio.to_thread(Metrics, address))
        if not any(account.held) or time.monotonic() >= until:
            return account
        await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
