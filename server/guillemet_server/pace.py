"""How fast the model reads, measured."""

# Weight of what was known before, at each inference: some ten inferences are remembered.
_MEMORY = 0.9


class Pace:
    """Tokens a second, of the last inferences."""

    def __init__(self) -> None:
        self._tokens = 0.0
        self._seconds = 0.0
        self._least = 0.0  # seconds a token, of the fastest inference

    def record(self, tokens: int, seconds: float) -> None:
        """Add an inference. Sums, not rates, decay: a short text, all overhead, says little of a long one."""
        self._tokens = _MEMORY * self._tokens + tokens
        self._seconds = _MEMORY * self._seconds + seconds
        self._least = min(self._least or seconds / tokens, seconds / tokens)

    def record_unfinished(self, tokens: int, seconds: float) -> None:
        """Learn that an inference, broken off after so long, takes longer than was known, if that is so."""
        if seconds > (self.seconds_for(tokens) or 0.0):
            least = self._least
            self.record(tokens, seconds)
            self._least = least

    def seconds_for(self, tokens: float) -> float | None:
        """Return how long that many take; None before anything was measured."""
        return tokens * self._seconds / self._tokens if self._tokens else None

    def least_seconds_for(self, tokens: float) -> float:
        """Return how long that many take at the best of times; 0 before anything was measured."""
        return tokens * self._least
