"""The sources of a page besides its text, and the policy that lets nothing else in."""

import base64
import hashlib
from importlib.resources import files


def asset(name: str) -> str:
    """Return a file of ``assets/``: a template, styles or a script."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def stylesheet() -> str:
    """Return the colours, the type and the marks of a text, in CSS that reaches no further than the class "guillemet"."""
    return asset("article.css")


def content_policy(*, styles: str, script: str) -> str:
    """Return the content security policy of a page that runs these inline sources, and loads and runs nothing else."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(styles)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"
