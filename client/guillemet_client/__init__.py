"""Client of Guillemet: the quotations of French texts, attributed.

>>> from guillemet_client import Client
>>> with Client("localhost:50051") as client:
...     for quotation in client.extract("« Nous partons », a dit Jeanne Morvan.").quotations:
...         print(quotation.speaker and quotation.speaker.name, quotation.text)
Jeanne Morvan « Nous partons »
"""

from guillemet_client._async_client import AsyncClient
from guillemet_client._client import Client
from guillemet_client._errors import (
    DeadlineExceeded,
    GuillemetError,
    InvalidRequest,
    ModelUnknown,
    Overloaded,
    PermissionDenied,
    ServerFault,
    TryLater,
    Unauthenticated,
    Unavailable,
)
from guillemet_client._security import TLS, Token
from guillemet_client._types import Document, Entity, EntityKind, Model, Quotation, QuotationType, Span

__all__ = [
    "TLS",
    "AsyncClient",
    "Client",
    "DeadlineExceeded",
    "Document",
    "Entity",
    "EntityKind",
    "GuillemetError",
    "InvalidRequest",
    "Model",
    "ModelUnknown",
    "Overloaded",
    "PermissionDenied",
    "Quotation",
    "QuotationType",
    "ServerFault",
    "Span",
    "Token",
    "TryLater",
    "Unauthenticated",
    "Unavailable",
]

# Users see where they import from, not where it is written.
for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
