"""The service on Ray Serve: gRPC in, by the same contract, for the same clients."""

from pathlib import Path
from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy, gRPCOptions

from guillemet_server.config import Limits
from guillemet_server.ray.replica import Replica

APPLICATION = "guillemet"


def application(
    *, model: Path | None = None, threads: int = 1, replicas: tuple[int, int] = (1, 1), limits: Limits | None = None
) -> Any:
    """Return what ``serve.run`` takes.

    Args:
        model: A folder that every machine of the cluster has. None: the embedded model.
        threads: And CPUs, of each replica.
        replicas: The least and the most; as many as the queued tokens need are run.
        limits: Of each replica.
    """
    deployment = serve.deployment(
        Replica,
        name="Replica",
        # The replica's own queue says when there is too much, with a reason and a time to come back.
        max_ongoing_requests=(limits or Limits()).max_connection_rpcs,
        autoscaling_config=AutoscalingConfig(
            min_replicas=replicas[0],
            max_replicas=replicas[1],
            policy=AutoscalingPolicy(policy_function="guillemet_server.ray.scaling:replicas_for"),
            upscale_delay_s=10,
            downscale_delay_s=300,
        ),
        # What is in work is finished, as a server finishes it on SIGTERM.
        graceful_shutdown_timeout_s=40,
        ray_actor_options={"num_cpus": threads},
    )
    return deployment.bind(model, threads, limits)


def start(port: int = 50051, **options: Any) -> None:
    """Run the service in the cluster of this process, on every machine's `port`.

    Ray's proxies encrypt nothing and ask for no token: other machines reach them unless the network forbids it.

    Args:
        port: Of gRPC.
        options: See `application`.
    """
    serve.start(
        proxy_location="EveryNode",
        grpc_options=gRPCOptions(
            port=port, grpc_servicer_functions=["guillemet_server.ray.proxying.add_services"], enable_reflection=False
        ),
    )
    # With one application, whatever comes is for it.
    serve.run(application(**options), name=APPLICATION)
