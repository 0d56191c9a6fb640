"""The dashboard and the alerts ask for what a server shows: every query is parsed, and answered by a live /metrics."""

import json
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import promql_parser
import pytest
import yaml

from guillemet.v1 import quotation_pb2 as pb
from guillemet_server.config import Limits

if TYPE_CHECKING:
    from conftest import RegexReader, Watched

    Start = Callable[..., Watched]

WAIT = 30.0
ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "guillemet.json").read_text(encoding="utf-8"))
[GROUP] = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ERRORS = (ROOT / "server" / "guillemet_server" / "errors.py").read_text(encoding="utf-8")

PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
OF_PROMETHEUS = {"up"}
OPERATORS: dict[str, Callable[[float, float], float]] = {">": operator.gt, "*": operator.mul, "+": operator.add}
LABELS_OF_PROMETHEUS = {"instance", "job"}
# What callers are told, and under what codes.
VALUES = {
    "reason": set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|INTERNAL)"', ERRORS)),
    "code": {code.name for code in grpc.StatusCode},
    "method": {method.name for service in pb.DESCRIPTOR.services_by_name.values() for method in service.methods},
}


class Selector(NamedTuple):
    """What a query selects."""

    metric: str
    matchers: tuple[tuple[str, str], ...]


class Query:
    """A query of PromQL, parsed."""

    def __init__(self, expression: str) -> None:
        # Grafana's variables stand for a duration and a pattern.
        self._text = expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
        self.selectors: list[Selector] = []
        self.labels: set[str] = set()
        self.buckets: set[str] = set()
        self._walk(promql_parser.parse(self._text))

    def _walk(self, node: Any) -> None:
        match node:
            case promql_parser.VectorSelector():
                matchers = tuple((it.name, it.value) for it in node.matchers.matchers)
                self.selectors.append(Selector(node.name, matchers))
            case promql_parser.MatrixSelector():
                self._walk(node.vector_selector)
            case promql_parser.AggregateExpr():
                self.labels |= set(node.modifier.labels) if node.modifier else set()
                self._walk(node.expr)
            case promql_parser.Call():
                for argument in node.args:
                    self._walk(argument)
            case promql_parser.BinaryExpr():
                self._walk(node.lhs)
                self._walk(node.rhs)
            case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
                self._walk(node.expr)
            case promql_parser.NumberLiteral():
                pass
            case _:
                pytest.fail(f"{type(node).__name__} in {self._text}")


QUERIES = {
    **{f"panel {panel['title']} {target['refId']}": target["expr"] for panel in PANELS for target in panel["targets"]},
    **{f"alert {rule['alert']}": rule["expr"] for rule in GROUP["rules"]},
}


def since_start(node: Any, server: "Watched") -> float:
    """Return what a query about one server comes to, if its rates are over all the time since the start."""
    match node:
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr():
            return since_start(node.expr, server)
        case promql_parser.Call():
            selector = node.args[0].vector_selector
            patterns = {it.name: it.value for it in selector.matchers.matchers}
            counted = [it for family in server.families().values() for it in family.samples if it.name == selector.name]
            return sum(
                it.value for it in counted if all(re.fullmatch(value, it.labels[key]) for key, value in patterns.items())
            )
        case promql_parser.BinaryExpr():
            return OPERATORS[str(node.op)](since_start(node.lhs, server), since_start(node.rhs, server))
    return float(node.val)


@pytest.fixture(scope="module")
def shown() -> dict[str, set[str]]:
    """The labels of each sample, filled by the first test that starts a server."""
    return {}


@pytest.fixture
def samples(shown: dict[str, set[str]], watched: "Start") -> dict[str, set[str]]:
    """Return the labels of each sample that a server shows."""
    if not shown:
        server = watched()
        server.extract("« Nous partons », a dit Zoé Li.")
        for family in server.families().values():
            for sample in family.samples:
                shown.setdefault(sample.name, set()).update(sample.labels)
    return shown


@pytest.mark.parametrize("expression", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_asks_for_what_a_server_shows(expression: str, samples: dict[str, set[str]]) -> None:
    query = Query(expression)

    assert query.selectors
    for metric, matchers in query.selectors:
        assert metric in samples.keys() | OF_PROMETHEUS
        known = samples.get(metric, set()) | LABELS_OF_PROMETHEUS
        for label, pattern in matchers:
            assert label in known
            if label in VALUES:
                assert set(pattern.split("|")) <= VALUES[label]
        assert query.labels <= known | set().union(*(samples.get(it.metric, set()) for it in query.selectors))
    if "histogram_quantile" in expression:
        assert "le" in query.labels
        assert all(metric.endswith("_bucket") for metric, _ in query.selectors)


@pytest.mark.parametrize("expression", QUERIES.values(), ids=QUERIES.keys())
def test_counters_are_asked_for_their_rate_and_gauges_for_their_value(expression: str) -> None:
    for function, metric in re.findall(r"(?:(rate|increase)\()?((?:guillemet|process)_\w+)", expression):
        grows = metric.endswith(("_total", "_bucket", "_count", "_sum"))
        assert grows == bool(function)


def test_every_metric_of_ours_is_on_the_dashboard(samples: dict[str, set[str]]) -> None:
    asked = {selector.metric for panel in PANELS for it in panel["targets"] for selector in Query(it["expr"]).selectors}
    # A histogram by its quantiles or its average, a counter without the time of its birth.
    families = {re.sub(r"_(bucket|count|sum|created|total)$", "", name) for name in samples if name.startswith("guillemet_")}

    assert {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in asked if name.startswith("guillemet_")} == families


def test_half_of_the_work_refused_in_batches_is_overload(watched: "Start", reader: "RegexReader") -> None:
    server = watched(limits=Limits(max_queue_tokens=10))
    batch = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text="« Oui »")] * 50)
    server.quotations.BatchExtractQuotations(batch, timeout=WAIT)
    [rule] = [promql_parser.parse(it["expr"]) for it in GROUP["rules"] if it["alert"] == "GuillemetOverloaded"]
    before = since_start(rule, server)

    reader.hold()
    held = server.quotations.BatchExtractQuotations.future(batch, timeout=WAIT)
    reader.wait_until_begun()  # one text is read, or some together; the others fill the queue
    with pytest.raises(grpc.RpcError):
        server.quotations.BatchExtractQuotations(batch, timeout=WAIT)
    reader.release()
    assert held.result()

    assert (before, since_start(rule, server)) == (False, True)


def test_every_alert_is_explained_and_no_other() -> None:
    explained = re.findall(r"^### `(\w+)`$", OPERATIONS, re.MULTILINE)

    assert explained == [rule["alert"] for rule in GROUP["rules"]]


def test_every_alert_says_how_grave_it_is_and_what_happened_where() -> None:
    for rule in GROUP["rules"]:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary"}
        if "for" in rule:
            promql_parser.parse_duration(rule["for"])
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        by = Query(rule["expr"]).labels
        assert used <= LABELS_OF_PROMETHEUS & (by or LABELS_OF_PROMETHEUS)


def test_the_dashboard_can_be_imported() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(DASHBOARD)))

    assert len(set(ids)) == len(ids)
    assert used == names == {"datasource", "instance"}
    assert all(panel["title"] and panel["description"].endswith(".") for panel in PANELS)
    taken = [
        (p["gridPos"]["x"] + dx, p["gridPos"]["y"] + dy)
        for p in DASHBOARD["panels"]
        for dx in range(p["gridPos"]["w"])
        for dy in range(p["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken), "two panels lie over each other"
    assert max(x for x, _ in taken) < 24
