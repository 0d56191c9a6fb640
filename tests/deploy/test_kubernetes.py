"""The manifests: valid by the published schemas, and of one mind with the server about ports, services, metrics and options."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from guillemet_server.cli import add_commands
from guillemet_server.observability import watching
from guillemet_server.serving import SERVICE_NAMES

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
KUBERNETES = "1.33"  # the first with probes, autoscaling and hooks as they are used here
OBJECTS = sorted(path for path in FOLDER.glob("*/*.yaml") if path.name != "kustomization.yaml")


def read(*path: str) -> dict[str, Any]:
    return yaml.safe_load(FOLDER.joinpath(*path).read_text(encoding="utf-8"))


DEPLOYMENTS = [read("base", "deployment.yaml"), read("canary", "deployment.yaml")]
of_each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda it: it["metadata"]["name"])


def container_of(deployment: dict[str, Any]) -> dict[str, Any]:
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return container


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_object_is_valid(path: Path) -> None:
    kubernetes_validate.validate(yaml.safe_load(path.read_text(encoding="utf-8")), KUBERNETES, strict=True)


def test_a_field_that_does_not_exist_is_found() -> None:
    deployment = read("base", "deployment.yaml")
    deployment["spec"]["stratgy"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)


@pytest.mark.parametrize("variant", ["base", "canary"])
def test_a_kustomization_names_what_is_there(variant: str) -> None:
    kustomization = read(variant, "kustomization.yaml")

    assert {path.name for path in OBJECTS if path.parent.name == variant} == set(kustomization["resources"])
    assert [image["name"] for image in kustomization["images"]] == [container_of(it)["image"] for it in DEPLOYMENTS[:1]]


@of_each_deployment
def test_the_server_takes_the_options(deployment: dict[str, Any]) -> None:
    app = typer.Typer()
    add_commands(app)
    name, *options = container_of(deployment)["args"]
    command = typer.main.get_command(app).commands[name]

    assert command.make_context(name, options).params["drain_seconds"] == 30


@of_each_deployment
def test_probes_ask_for_services_that_answer(deployment: dict[str, Any]) -> None:
    container = container_of(deployment)
    ports = {port["containerPort"] for port in container["ports"]}
    probes = {name: container[f"{name}Probe"]["grpc"] for name in ("startup", "readiness", "liveness")}

    assert {probe["port"] for probe in probes.values()} <= ports
    assert probes["startup"]["service"] == probes["readiness"]["service"] in SERVICE_NAMES
    assert "service" not in probes["liveness"], "a draining server lives"


@of_each_deployment
def test_a_pod_has_the_time_to_drain(deployment: dict[str, Any]) -> None:
    pod = deployment["spec"]["template"]["spec"]
    sleep = container_of(deployment)["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pod["terminationGracePeriodSeconds"] > sleep + 30


@of_each_deployment
def test_a_pod_has_no_privileges(deployment: dict[str, Any]) -> None:
    pod, container = deployment["spec"]["template"]["spec"], container_of(deployment)

    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@of_each_deployment
def test_one_name_stands_for_the_pods_of_all_versions(deployment: dict[str, Any]) -> None:
    service, budget, policy = (read("base", f"{name}.yaml")["spec"] for name in ("service", "disruption", "network"))
    labels = deployment["spec"]["template"]["metadata"]["labels"]

    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["clusterIP"] == "None"
    for selector in (service["selector"], budget["selector"]["matchLabels"], policy["podSelector"]["matchLabels"]):
        assert selector.items() <= labels.items()


def test_two_versions_do_not_own_each_others_pods() -> None:
    selectors = [tuple(sorted(it["spec"]["selector"]["matchLabels"].items())) for it in DEPLOYMENTS]

    assert len(set(selectors)) == len({it["metadata"]["name"] for it in DEPLOYMENTS}) == 2


def test_the_versions_differ_in_nothing_but_name_number_and_track() -> None:
    base, canary = (read(variant, "deployment.yaml") for variant in ("base", "canary"))

    assert container_of(base) == container_of(canary)


def test_the_autoscaler_asks_for_a_metric_that_a_server_shows() -> None:
    [metric] = read("base", "autoscaler.yaml")["spec"]["metrics"]
    [rule] = read("adapter.yaml")["rules"]
    name = metric["pods"]["metric"]["name"]

    assert rule["name"]["as"] == name
    assert f'"{name.removeprefix("guillemet_")}"' in Path(watching.__file__).read_text(encoding="utf-8")
