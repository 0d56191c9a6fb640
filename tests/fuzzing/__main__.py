"""``python -m fuzzing TARGET``, from the folder `tests`: executions until there were as many as asked for.

With atheris (``pip install --group fuzz``) what is sent is led by the code that it reaches; without, it is drawn at random from
what hypothesis thinks of.
"""

import argparse
import random
import sys
from contextlib import ExitStack
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 96  # bytes of an input


def main() -> int:
    """Run; return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="fuzzing", description=__doc__)
    parser.add_argument("target", choices=["pipeline", "wire"])
    parser.add_argument("--executions", type=int, default=200_000)
    parser.add_argument("--engine", choices=["atheris", "random"], default="atheris")
    parser.add_argument("--model", choices=["random", "embedded"], default="random", help="of the pipeline")
    parser.add_argument("--output", type=Path, required=True, help="folder of the count and of what is found")
    arguments = parser.parse_args()
    if arguments.engine == "atheris":
        import atheris  # noqa: PLC0415 (of the group fuzz)

        with atheris.instrument_imports(include=["guillemet_models", "guillemet_server"]):
            return run(arguments, atheris)
    return run(arguments, None)


def run(arguments: argparse.Namespace, atheris: object) -> int:
    """Execute the target as often as asked for, in all runs with this output together."""
    from fuzzing.campaign import Campaign  # noqa: PLC0415 (what they import is instrumented)
    from fuzzing.pipeline import Pipeline  # noqa: PLC0415
    from fuzzing.wire import served  # noqa: PLC0415
    from guillemet_models.extractor import Extractor  # noqa: PLC0415

    output = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if arguments.target == "wire":
            wire = stack.enter_context(served())
            campaign = Campaign(wire, output / "findings", output / "count.json", alive=wire.check_alive)
        else:
            extractors = [Extractor.load(threads=1)] if arguments.model == "embedded" else None
            campaign = Campaign(Pipeline(extractors), output / "findings", output / "count.json")
        if atheris is None:
            _draw(campaign, arguments.executions)
        else:
            _lead(campaign, arguments.executions, output / "corpus", atheris)
        campaign.save()
        print(f"{campaign.executions:,} executions; found: {campaign.found or 'nothing'}")  # noqa: T201
        return int(bool(campaign.found))


def _draw(campaign, executions: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Mutate the seeds and draw anew, in turn."""
    seeds = [path.read_bytes() for path in sorted(CORPUS.iterdir())] or [b""]
    source = random.Random(campaign.executions)
    while campaign.executions < executions:
        data = bytearray(source.choice(seeds) if source.random() < 0.3 else source.randbytes(source.randrange(LONGEST)))
        for _ in range(source.randrange(4)):
            data[source.randrange(len(data) + 1) :][:1] = source.randbytes(1)
        campaign.run(bytes(data))


def _lead(campaign, executions: int, corpus: Path, atheris) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Let libFuzzer look for inputs that reach code which none reached before."""
    corpus.mkdir(exist_ok=True)
    left = executions - campaign.executions
    if left <= 0:
        return

    def execute(data: bytes) -> None:
        campaign.run(data)
        if campaign.executions >= executions:  # libFuzzer ends the process without a word of Python's
            campaign.save()

    arguments = [
        sys.argv[0],
        str(corpus),
        str(CORPUS),
        f"-runs={left}",
        f"-max_len={LONGEST}",
        "-timeout=120",
        "-rss_limit_mb=0",
    ]
    atheris.Setup(arguments, execute)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
