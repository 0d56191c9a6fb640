"""Compose: what it mounts is there, and the parts find each other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def mounts() -> dict[str, Path]:
    """Return what is mounted from here, by where it is mounted."""
    found: dict[str, Path] = {}
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source, target = mount.split(":")[:2]
            if source.startswith("."):
                found[target] = FOLDER / source
            else:
                assert source in COMPOSE["volumes"]
    return found


def test_what_is_mounted_is_there() -> None:
    assert len(mounts()) == 5
    assert all(path.is_file() for path in mounts().values())


def test_prometheus_asks_the_server_and_knows_the_alerts() -> None:
    prometheus = yaml.safe_load(mounts()["/etc/prometheus/prometheus.yml"].read_text(encoding="utf-8"))
    [job] = prometheus["scrape_configs"]
    [target] = job["static_configs"][0]["targets"]

    assert prometheus["rule_files"] == ["alerts.yml"]
    assert "/etc/prometheus/alerts.yml" in mounts()
    assert job["job_name"] == "guillemet"
    assert target.split(":")[0] in SERVICES
    assert f":{target.split(':')[1]}" in (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def test_grafana_finds_its_source_and_its_dashboard() -> None:
    provisioning = "/etc/grafana/provisioning"
    sources = yaml.safe_load(mounts()[f"{provisioning}/datasources/guillemet.yml"].read_text(encoding="utf-8"))
    dashboards = yaml.safe_load(mounts()[f"{provisioning}/dashboards/guillemet.yml"].read_text(encoding="utf-8"))

    assert sources["datasources"][0]["url"].split("/")[2].split(":")[0] in SERVICES
    folder = dashboards["providers"][0]["options"]["path"]
    assert [target for target in mounts() if target.startswith(folder)]


def test_the_server_runs_without_privileges_on_a_file_system_that_it_cannot_write() -> None:
    server = SERVICES["guillemet"]

    assert server["read_only"]
    assert server["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for service in SERVICES.values() for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_has_a_version_and_no_host(name: str) -> None:
    assert re.fullmatch(r"[a-z]+(/[a-z]+)?:v?\d[\w.-]*", SERVICES[name]["image"])
