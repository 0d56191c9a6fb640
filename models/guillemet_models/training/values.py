"""The numbers that a run's settings may be; checked where a run's file is read."""

from typing import Annotated

from annotated_types import Ge, Gt, Interval

Count = Annotated[int, Ge(1)]
CountOrZero = Annotated[int, Ge(0)]
Positive = Annotated[float, Gt(0.0)]
PositiveOrZero = Annotated[float, Ge(0.0)]
Share = Annotated[float, Interval(ge=0.0, le=1.0)]
