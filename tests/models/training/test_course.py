"""What a run reads in which epoch."""

from typing import Any

from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training.augmentation import Augmentation
from guillemet_models.training.course import Course

UNVARIED = Augmentation(renamed=0.0, other_marks=0.0, lost_breaks=0.0, glued=0.0, doubled=0.0, bare_capitals=0.0, shouted=0.0)


def document(text: str) -> dict[str, Any]:
    return {"id": text, "text": text, "entities": [], "quotations": []}


def test_the_annotations_of_others_are_read_in_the_first_epochs(tiny_tokenizer: TextTokenizer) -> None:
    course = Course(
        [document("Un.")],
        tiny_tokenizer,
        epochs=3,
        batch_documents=1,
        augmentation=UNVARIED,
        seed=1,
        others=[document("Deux."), document("Trois.")],
        others_epochs=2,
    )

    read = [lesson.text.text for batch in course.lessons(0) for lesson in batch]

    assert len(course) == len(read) == 7
    for epoch in (read[:3], read[3:6]):
        assert sorted(epoch) == ["Deux.", "Trois.", "Un."]
    assert read[6:] == ["Un."]
    assert [lesson.text.text for batch in course.lessons(4) for lesson in batch] == read[4:]
