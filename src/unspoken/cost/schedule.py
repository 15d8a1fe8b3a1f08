"""How long jobs take together: each starts when its inputs are there and its cores and GPU are free."""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from unspoken.cost.estimate import Estimate

Shape = tuple[int, int]
"""The cores and GPUs of a job."""


@dataclass(frozen=True)
class Schedule:
    """What the jobs take together: elapsed seconds, the most memory at a time, hours of cores and GPUs."""

    seconds: float
    memory_mb: float
    core_hours: float
    gpu_hours: float


def _dependents(jobs: Sequence[Estimate]) -> tuple[list[list[int]], list[int]]:
    """Return, by place, the jobs that wait for a job, and for how many each waits."""
    maker = {path: place for place, one in enumerate(jobs) for path in one.job.outputs}
    dependents: list[list[int]] = [[] for _ in jobs]
    waits = [0] * len(jobs)
    for place, one in enumerate(jobs):
        for before in {maker[path] for path in one.job.inputs if path in maker} - {place}:
            dependents[before].append(place)
            waits[place] += 1
    return dependents, waits


def _order(dependents: list[list[int]], waits: Sequence[int]) -> list[int]:
    """Return the jobs' places, each after all that it waits for."""
    left, order = list(waits), [place for place, count in enumerate(waits) if not count]
    for place in order:
        for after in dependents[place]:
            left[after] -= 1
            if not left[after]:
                order.append(after)
    return order


def scheduled(jobs: Sequence[Estimate], cores: int, gpus: int, start: float, each: float) -> Schedule:
    """Return what jobs take together on so many cores and GPUs.

    Of the jobs that may start, those go first from which the longest chain of work hangs, as the
    rules' priorities have it. `start` and `each` are Snakemake's own seconds, at its start and for
    each job. A job that wants more GPUs than there are waits for all of them.
    """
    dependents, waits = _dependents(jobs)
    longest = [one.seconds + each for one in jobs]
    for place in reversed(_order(dependents, waits)):
        longest[place] += max((longest[after] for after in dependents[place]), default=0.0)
    ready: dict[Shape, list[tuple[float, int]]] = defaultdict(list)

    def make_ready(place: int) -> None:
        shape = (min(jobs[place].cores, cores), min(jobs[place].job.gpus, gpus))
        heapq.heappush(ready[shape], (-longest[place], place))

    for place, count in enumerate(waits):
        if not count:
            make_ready(place)
    now, free_cores, free_gpus, memory, most = start, cores, gpus, 0.0, 0.0
    running: list[tuple[float, int, Shape]] = []
    while running or any(ready.values()):
        while fitting := [
            (heap[0], shape)
            for shape, heap in ready.items()
            if heap and shape[0] <= free_cores and shape[1] <= free_gpus
        ]:
            _, shape = min(fitting)
            place = heapq.heappop(ready[shape])[1]
            free_cores, free_gpus = free_cores - shape[0], free_gpus - shape[1]
            memory += jobs[place].memory_mb
            heapq.heappush(running, (now + jobs[place].seconds + each, place, shape))
        most = max(most, memory)
        now, place, shape = heapq.heappop(running)
        free_cores, free_gpus = free_cores + shape[0], free_gpus + shape[1]
        memory -= jobs[place].memory_mb
        for after in dependents[place]:
            waits[after] -= 1
            if not waits[after]:
                make_ready(after)
    on_cores = sum(one.seconds * one.cores for one in jobs)
    on_gpus = sum(one.seconds * one.job.gpus for one in jobs)
    return Schedule(now if jobs else 0.0, most, on_cores / 3600, on_gpus / 3600)
