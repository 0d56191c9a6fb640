"""What a training run reads, and in which order: gold articles in every epoch, other annotations and readings in the first."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from guillemet_models.tokenization import TextTokenizer, TokenizedText
from guillemet_models.training.augmentation import Augmentation, vary
from guillemet_models.training.corpus import Example, batches_by_length, example
from guillemet_models.training.distillation import Teachers
from guillemet_models.training.objective import Lesson
from guillemet_models.training.renaming import Renaming


class Course:
    """Batches of lessons, the same ones whenever the course is taken from a step on."""

    def __init__(
        self,
        documents: Sequence[dict[str, Any]],
        tokenizer: TextTokenizer,
        *,
        epochs: int,
        batch_documents: int,
        augmentation: Augmentation,
        seed: int,
        others: Sequence[dict[str, Any]] = (),
        others_epochs: int = 0,
        teachers: Teachers | None = None,
        unlabelled: Sequence[str] = (),
        taught_epochs: int = 0,
    ) -> None:
        """Plan the course.

        Args:
            documents: Annotated, in the one format.
            tokenizer: Of the encoder.
            epochs: Over the documents.
            batch_documents: How many a step reads.
            augmentation: How the texts are varied, anew in each epoch.
            seed: Of everything random.
            others: Annotated too, less carefully or by other readers.
            others_epochs: The first ones, which read them as well: what a run ends with shapes a model most.
            teachers: Read the unlabelled texts.
            unlabelled: Texts.
            taught_epochs: The first ones, which read the unlabelled texts as well.
        """
        self._documents = [[*documents, *others] if epoch < others_epochs else documents for epoch in range(epochs)]
        self._unlabelled = unlabelled if teachers else ()
        self._teachers = teachers
        self._tokenizer = tokenizer
        self._batch_documents = batch_documents
        self._augmentation = augmentation
        self._renaming = Renaming([*documents, *others])
        self._seed = seed
        self._taught_epochs = taught_epochs

    def __len__(self) -> int:
        """Return how many batches there are."""
        return sum(map(self._steps, range(len(self._documents))))

    def lessons(self, done: int) -> Iterator[list[Lesson]]:
        """Yield the batches behind the first `done`."""
        for epoch, documents in enumerate(self._documents):
            if done >= self._steps(epoch):
                done -= self._steps(epoch)
                continue
            # Everything random follows from the number of the epoch, so that a resumed run sees what it would have seen.
            randomness = random.Random(self._seed * 1000 + epoch)
            batches: list[list[Example] | list[TokenizedText]] = [*self._annotated(documents, randomness)]
            if epoch < self._taught_epochs:
                batches += self._unannotated(randomness)
            randomness.shuffle(batches)
            for batch in batches[done:]:
                yield self._taught(batch)
            done = 0

    def _steps(self, epoch: int) -> int:
        """Return how many batches an epoch has."""
        unlabelled = self._unlabelled if epoch < self._taught_epochs else ()
        return sum(-(-len(texts) // self._batch_documents) for texts in (self._documents[epoch], unlabelled))

    def _annotated(self, documents: Sequence[dict[str, Any]], randomness: random.Random) -> list[list[Example]]:
        def varied(document: dict[str, Any]) -> Example:
            if randomness.random() < self._augmentation.renamed:
                document = self._renaming(document, randomness)
            document = vary(document, self._augmentation, randomness)
            return example(document, self._tokenizer(document["text"]), randomness)

        return batches_by_length(map(varied, documents), self._batch_documents, lambda item: len(item.text))

    def _unannotated(self, randomness: random.Random) -> list[list[TokenizedText]]:
        def varied(text: str) -> TokenizedText:
            bare = {"text": text, "entities": [], "quotations": []}
            return self._tokenizer(vary(bare, self._augmentation, randomness)["text"])

        return batches_by_length(map(varied, self._unlabelled), self._batch_documents, len)

    def _taught(self, batch: list[Example] | list[TokenizedText]) -> list[Lesson]:
        texts = [item for item in batch if isinstance(item, TokenizedText)]
        if texts and self._teachers:
            return self._teachers.lessons(texts)
        return [Lesson.of(item) for item in batch if isinstance(item, Example)]
