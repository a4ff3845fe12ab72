"""Workers of a Dask cluster (https://distributed.dask.org): recordings travel with jobs, segments with results."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import ConfigurationError, RenderError
from scenes.production import Studio

PATIENCE = 20  # seconds to reach the scheduler, and for a first worker


@contextmanager
def cluster_studio(address: str) -> Iterator[Studio]:
    """Connect to a Dask scheduler, as ``tcp://HOST:PORT``; its workers need the same neurofilm as this process.

    Dask itself gives a job of a worker that dies to another one. A worker does one job at a time, whatever its number
    of threads.
    """
    if not address.startswith(("tcp://", "tls://")):
        raise ConfigurationError(f"the cluster {address!r} must be given as tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError:
        raise ConfigurationError(
            "the package that speaks with Dask clusters is missing; install it: pip install 'neurofilm[cluster]'"
        ) from None
    # what workers log about themselves is for those who run the cluster
    logging.getLogger("distributed").setLevel(logging.WARNING)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RenderError(f"the cluster {address} does not answer: {error or type(error).__name__}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise RenderError(f"the cluster {address} has no worker; start one: dask worker {address}") from None
        workers = client.nthreads()

        def ship(pack: bytes) -> Any:
            # to all of them: what only one holds is lost with it
            return client.scatter(pack, broadcast=True)

        with client.get_executor() as executor:
            yield Studio(executor, len(workers), ship)
