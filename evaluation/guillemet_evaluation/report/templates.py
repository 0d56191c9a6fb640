"""What reports are made of: the files in ``assets``."""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """Return a template; what is put into it is escaped."""
    environment = Environment(
        loader=PackageLoader(__name__, "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def asset(name: str) -> str:
    """Return the text of a file."""
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
