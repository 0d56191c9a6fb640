"""The threads in which the model works, so that the event loop never does."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from guillemet_models.document import Document
from guillemet_models.extractor import Extractor, Interrupted, ModelDescription

# Any French text: the first inference allocates what the following ones reuse.
_WARM_UP = "« Nous sommes prêts », a déclaré la ministre. Selon elle, le texte sera adopté."


class Inference:
    """One extractor, loaded and asked in one thread; a second one counts tokens: admission never waits for inference."""

    def __init__(self, load: Callable[[], Extractor]) -> None:
        """Prepare the threads; nothing is loaded yet.

        Args:
            load: Returns the extractor; called once, in the inference thread.
        """
        self._load = load
        self._extractor: Extractor | None = None
        self._inference = ThreadPoolExecutor(1, thread_name_prefix="guillemet-inference")
        self._counting = ThreadPoolExecutor(1, thread_name_prefix="guillemet-counting")

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

    async def load(self) -> None:
        """Load the model and let it read once.

        Raises:
            Exception: Whatever loading raises.
        """
        self._extractor = await asyncio.get_running_loop().run_in_executor(self._inference, self._loaded)

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, at least 1."""
        return await asyncio.get_running_loop().run_in_executor(self._counting, self._counted, texts)

    async def extract(self, texts: Sequence[str], interrupted: Callable[[], bool]) -> list[Document | Exception]:
        """Return the document of each text, or what went wrong with it.

        Raises:
            Interrupted: `interrupted` said so.
        """
        return await asyncio.get_running_loop().run_in_executor(self._inference, self._extracted, texts, interrupted)

    def close(self) -> None:
        """End the threads when they have finished what they do."""
        self._inference.shutdown(wait=False, cancel_futures=True)
        self._counting.shutdown(wait=False, cancel_futures=True)

    def _loaded(self) -> Extractor:
        extractor = self._load()
        extractor.extract([_WARM_UP])
        return extractor

    def _counted(self, texts: Sequence[str]) -> list[int]:
        return [max(1, self.extractor.count_tokens(text)) for text in texts]

    def _extracted(self, texts: Sequence[str], interrupted: Callable[[], bool]) -> list[Document | Exception]:
        try:
            return list(self.extractor.extract(texts, interrupted=interrupted))
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 (the server lives on; the scheduler reports it)
            if len(texts) == 1:
                return [error]
            # One document that breaks the model must not take down those of other callers: each gets its own chance.
            return [outcome for text in texts for outcome in self._extracted([text], interrupted)]
