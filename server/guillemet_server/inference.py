"""The threads in which the model works, so that the event loop never does."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import zip_longest

from guillemet_models.document import Document
from guillemet_models.extractor import EncodedWindow, Extractor, Interrupted, ModelDescription, PreparedText
from guillemet_models.steps import timed_steps
from guillemet_server.reading.process import ReaderProcess, ReadingFailedError
from guillemet_server.waiting import Entry, FairQueue, Turn, Window
from guillemet_server.yielding import let_this_thread_yield

# Longer texts take a second and more of what cannot be interrupted.
_BOOK_CHARACTERS = 100_000

Report = Callable[[list[Entry], list[Turn | Exception]], None]
"""Told what became of each entry of a batch."""


class Inference:
    """One extractor, and the threads that read with it: some take what waits in a queue, two care for long texts.

    What is not the encoder's work takes seconds for the longest texts, and cannot be interrupted: it is done aside, so that
    nobody waits behind it but others of that kind, a long article not behind a book.

    A third of what a text takes is Python, which runs in one thread of a process at a time. So where several texts are read at
    a time, each thread lets a process read for it. A text that is alone, and the windows of a long one, it reads itself.
    """

    def __init__(self, load: Callable[[], Extractor], new_reader: Callable[[Extractor], ReaderProcess] | None = None) -> None:
        """Prepare; nothing is loaded yet.

        Args:
            load: Returns the extractor; called once, not in the event loop.
            new_reader: Returns a process for one thread, of the model of that extractor. None: all is read in threads.
        """
        self.readers: list[ReaderProcess] = []  # of the threads that have one
        self._load = load
        self._new_reader = new_reader
        self._closed = False
        self._extractor: Extractor | None = None
        self._articles = ThreadPoolExecutor(1, thread_name_prefix="guillemet-articles", initializer=let_this_thread_yield)
        self._books = ThreadPoolExecutor(1, thread_name_prefix="guillemet-books", initializer=let_this_thread_yield)
        self._in_work: dict[str, tuple[int, float]] = {}  # of each thread that reads: tokens, start

    @property
    def extractor(self) -> Extractor:
        """What was loaded."""
        if self._extractor is None:
            raise RuntimeError("the model is asked before it is loaded")
        return self._extractor

    @property
    def description(self) -> ModelDescription:
        """What is known of it."""
        return self.extractor.description

    @property
    def in_work(self) -> list[tuple[int, float]]:
        """Of each batch that is being read: its tokens, and when it began by the monotonic clock."""
        return list(self._in_work.values())

    async def load(self) -> None:
        """Load the model and let it read once.

        Raises:
            Exception: Whatever loading raises.
        """
        self._extractor = await asyncio.get_running_loop().run_in_executor(self._books, self._loaded)

    def start(self, queue: FairQueue, max_batch_tokens: int, report: Report) -> None:
        """Begin to read what waits, until the queue is closed.

        Args:
            queue: Of texts and windows.
            max_batch_tokens: Padded.
            report: Called in the event loop.
        """
        loop = asyncio.get_running_loop()

        def report_in_loop(batch: list[Entry], turns: list[Turn | Exception]) -> None:
            with suppress(RuntimeError):  # a loop that is closed wants to know nothing more
                loop.call_soon_threadsafe(report, batch, turns)

        for number, reader in zip_longest(range(self.description.concurrency), self.readers):
            arguments = (queue, max_batch_tokens, report_in_loop, reader)
            threading.Thread(target=self._read, args=arguments, name=f"guillemet-reading-{number}").start()

    async def prepare(self, text: str) -> PreparedText:
        """Return the windows of a long text."""
        return await asyncio.get_running_loop().run_in_executor(self._aside(text), self.extractor.prepare, text)

    async def finish(self, text: PreparedText, encoded: Sequence[EncodedWindow]) -> Turn:
        """Return the document of a long text, timed from when its own turn has come."""
        return await asyncio.get_running_loop().run_in_executor(self._aside(text.tokenized.text), self._finished, text, encoded)

    def close(self) -> None:
        """End what is done aside as soon as that can be, and the processes; the other threads end with their queue."""
        self._closed = True
        self._close_readers()
        for executor in (self._articles, self._books):
            executor.shutdown(wait=False, cancel_futures=True)

    def _aside(self, text: str) -> ThreadPoolExecutor:
        return self._articles if len(text) < _BOOK_CHARACTERS else self._books

    def _loaded(self) -> Extractor:
        extractor = self._load()
        extractor.warm_up()
        concurrency = extractor.description.concurrency
        if self._new_reader is not None and concurrency > 1:
            self.readers = [self._new_reader(extractor) for _ in range(concurrency)]
        for reader in self.readers:
            reader.account(0.0)  # some begin at once, side by side
        for reader in self.readers:
            reader.wait()
        if self._closed:  # meanwhile
            self._close_readers()
        return extractor

    def _close_readers(self) -> None:
        for reader in self.readers:
            reader.close()

    def _finished(self, text: PreparedText, encoded: Sequence[EncodedWindow]) -> Turn:
        started = time.monotonic()
        document = self.extractor.finish(text, encoded)
        return Turn(document, started, time.monotonic() - started)

    def _read(self, queue: FairQueue, max_batch_tokens: int, report: Report, reader: ReaderProcess | None) -> None:
        let_this_thread_yield()
        name = threading.current_thread().name
        while batch := queue.next_batch(max_batch_tokens):
            self._in_work[name] = (sum(entry.tokens for entry in batch), time.monotonic())
            turns = self._turns(batch, reader)
            del self._in_work[name]
            report(batch, turns)

    def _turns(self, batch: Sequence[Entry], reader: ReaderProcess | None) -> list[Turn | Exception]:
        started = time.monotonic()
        try:
            with timed_steps() as steps:
                found = self._found(batch, reader)
        except Interrupted:
            return [Turn(None, started, time.monotonic() - started)] * len(batch)
        except Exception as error:  # noqa: BLE001 (the server lives on; the scheduler reports it)
            if len(batch) == 1:
                return [error]
            # One text that breaks the model must not take down those of other callers: each gets its own chance.
            return [turn for entry in batch for turn in self._turns([entry], reader)]
        seconds = time.monotonic() - started
        return [Turn(it, started, seconds, tuple(steps)) for it in found]

    def _found(self, batch: Sequence[Entry], reader: ReaderProcess | None) -> Sequence[Document | EncodedWindow]:
        def interrupted() -> bool:
            return all(entry.outcome.done() for entry in batch)

        texts = [entry.content for entry in batch if isinstance(entry.content, str)]
        if texts:
            beside = reader if len(self._in_work) > 1 else None
            if beside and beside.is_ready:
                # What the model fails with is read here once more, where the failure can be traced.
                with suppress(ReadingFailedError):
                    return beside.extract(texts, interrupted=interrupted)
            began = time.monotonic()
            documents = self.extractor.extract(texts, interrupted=interrupted)
            if beside:
                beside.account(time.monotonic() - began)
            return documents
        return self.extractor.encode([entry.content for entry in batch if isinstance(entry.content, Window)])
