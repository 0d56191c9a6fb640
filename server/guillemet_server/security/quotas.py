"""How much one caller may have read: tokens of the model a second, on average."""

# What an idle caller may save up, in seconds of its quota: a burst that does not hold up the others for long.
_BURST_SECONDS = 10.0


class Quota:
    """A bucket that fills at the caller's rate and may be overdrawn once, so that no text is too long for ever."""

    def __init__(self, *, now: float) -> None:
        """Begin with a full bucket.

        Args:
            now: Seconds on a clock that only goes forward.
        """
        self._since = now
        self._overdrawn = 0.0  # tokens missing to a full bucket

    def take(self, tokens: int, *, rate: float, now: float) -> float | None:
        """Take that many tokens and return None; or take none, and return the seconds until some may be taken.

        Args:
            tokens: Of one text or batch.
            rate: Tokens a second. It may change.
            now: As above.
        """
        self._overdrawn = max(0.0, self._overdrawn - (now - self._since) * rate)
        self._since = now
        missing = self._overdrawn - rate * _BURST_SECONDS
        if missing >= 0:
            return (missing + 1) / rate
        self._overdrawn += tokens
        return None
