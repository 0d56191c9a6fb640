"""The learning rates over a run, as factors of their peaks."""


def up_and_down(progress: float, up_share: float, down_share: float) -> float:
    """Return the factor at `progress` in [0, 1]: linear up from 0, flat, linear down to 0; a share of 0 leaves a part out."""
    return min(_ramp(progress, up_share), _ramp(1.0 - progress, down_share))


def _ramp(progress: float, share: float) -> float:
    return progress / share if progress < share else 1.0
