"""Code points to the caller's units: one table for a document, read once for every offset."""

import numpy as np
import numpy.typing as npt

from guillemet.v1 import quotation_pb2 as pb


class OffsetTable:
    """The place of every code point of one text, in the units of one encoding."""

    def __init__(self, text: str, encoding: "pb.OffsetEncoding.ValueType") -> None:
        """Count the units before each code point, in one vectorised pass.

        Args:
            text: As sent; without surrogates, which no protobuf string holds.
            encoding: UTF8, UTF16 or UTF32.
        """
        # Where every code point is one unit, the table would be the identity.
        same = encoding == pb.OFFSET_ENCODING_UTF32 or text.isascii()
        self._before = None if same else _units_before(text, encoding)

    def __getitem__(self, code_point: int) -> int:
        """Return the offset of that code point; the length of the text is one too."""
        return code_point if self._before is None else int(self._before[code_point])


def _units_before(text: str, encoding: "pb.OffsetEncoding.ValueType") -> npt.NDArray[np.int64]:
    """Return the units before each code point.

    *Shape:* ``(len(text) + 1,)``
    """
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    if encoding == pb.OFFSET_ENCODING_UTF16:
        units = 1 + (points >= 0x10000).astype(np.int64)
    else:
        units = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(units)])
