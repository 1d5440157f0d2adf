from __future__ import annotations

from experiments.compare.cluster import local_client


def test_two_comparisons_at_once_take_no_port_from_each_other():
    """Dask warns of a port that is taken, and warnings fail here."""
    with local_client(1) as one, local_client(1) as other:
        assert [client.submit(abs, -1).result() for client in (one, other)] == [1, 1]
