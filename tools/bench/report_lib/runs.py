"""The medians of one or more runs of benchmark binaries, found by name.

Names are `Group/System.Operation/SHAPE`, then what Google Benchmark adds: `real_time`, `threads:2`.
"""

import json
import os
import re
from typing import NamedTuple, Optional

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


class BadInput(Exception):
    """An input that no page can be made of. The message names the file and what to do."""


class NotMeasured(Exception):
    """No run has the benchmark or the counter that is asked for."""


class Median(NamedTuple):
    """What one benchmark measured: the median of its repetitions."""

    group: str
    system: str  # "Sheaf.Open": a system and what is done with it
    shape: str
    threads: Optional[int]  # None where the name does not say
    time: float  # nanoseconds an iteration; real time where the name says so, else CPU time
    spread: Optional[float]  # standard deviation of the repetitions, in parts of their mean
    entry: dict  # as Google Benchmark wrote it

    def counter(self, name):
        value = self.entry.get(name)
        if value is None:
            raise NotMeasured(f"{self.entry['run_name']} has no {name}")
        return value


def parse_name(run_name):
    """Group, system, shape, threads, and whether real time counts."""
    parts = run_name.split("/")
    group, system, shape = (parts + ["", ""])[:3]
    threads, real = None, False
    for part in parts[3:]:
        if part in ("real_time", "manual_time"):
            real = True
        elif part.startswith("threads:"):
            threads = int(part[len("threads:"):])
    return group, system, shape, threads, real


class Run:
    """One file: what one process of one binary measured."""

    def __init__(self, path):
        self.path = path
        document = _read(path)
        self.context = document["context"]
        self.binary = os.path.basename(str(self.context.get("executable", ""))) or path
        self.medians = []
        self.repetitions = 0
        spreads = {entry["run_name"]: entry for entry in document["benchmarks"]
                   if entry.get("aggregate_name") == "cv"}
        for entry in document["benchmarks"]:
            if entry.get("aggregate_name") != "median":
                continue
            group, system, shape, threads, real = parse_name(entry["run_name"])
            clock = "real_time" if real else "cpu_time"
            self.medians.append(Median(
                group, system, shape, threads, entry[clock] * NANOSECONDS[entry["time_unit"]],
                spreads.get(entry["run_name"], {}).get(clock), entry))
            self.repetitions = max(self.repetitions, entry.get("repetitions", 0))
        if not self.medians:
            raise BadInput(f"{path}: has no medians; run the benchmark again with "
                           "--benchmark_repetitions=5 --benchmark_report_aggregates_only")


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; give a file that --benchmark_out "
                       "wrote") from None
    except ValueError as error:
        raise BadInput(f"{path}: is not JSON ({error}); run the benchmark again to its end, with "
                       "--benchmark_out_format=json") from None
    try:
        failed = [f"{entry['name']}: {entry.get('error_message', '')}"
                  for entry in document["benchmarks"] if entry.get("error_occurred")]
        document["context"].get("date")
        for entry in document["benchmarks"]:
            if entry.get("aggregate_name") == "median":
                entry["run_name"], entry["cpu_time"], entry["real_time"]
                NANOSECONDS[entry["time_unit"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: is JSON, but not of Google Benchmark ({error!r}); give a file "
                       "that --benchmark_out wrote") from None
    if failed:
        raise BadInput("\n  ".join([f"{path}: these benchmarks failed; mend them and run again:",
                                    *failed]))
    return document


class Results:
    """The medians of all runs. REQUIRES: at least one run."""

    def __init__(self, runs):
        self.runs = runs
        self._medians = {}
        came_from = {}
        for run in runs:
            for median in run.medians:
                # A ratio is of one process: peers of one shape must not come from two.
                first = came_from.setdefault((median.group, median.shape), run)
                if first is not run:
                    raise BadInput(f"{run.path}: has {median.group}/…/{median.shape}, which "
                                   f"{first.path} has too; give only one of them")
                self._medians[median[:4]] = median

    def __len__(self):
        return len(self._medians)

    def find(self, group, system, shape, threads=None):
        """The median, or None."""
        return self._medians.get((group, system, shape, threads))

    def get(self, group, system, shape, threads=None):
        """The median. Raises NotMeasured where no run has it."""
        found = self.find(group, system, shape, threads)
        if found is None:
            raise NotMeasured("/".join((group, system, shape)))
        return found

    def of_group(self, group, threaded=None):
        """All of a group, in the order of the runs; `threaded`: only those with or without."""
        return [m for m in self._medians.values() if m.group == group
                and (threaded is None or threaded == (m.threads is not None))]

    def groups(self):
        return unique(m.group for m in self._medians.values())


def unique(values):
    """Each of them once, in the order of its first."""
    return list(dict.fromkeys(values))


def shape_order(shape):
    """A sort key: fewer values first, then smaller ones."""
    match = re.fullmatch(r"(\d+)x(.*)", shape)
    if not match:
        return (float("inf"), 0, shape)
    count, size = match.groups()
    return (int(count), int(size) if size.isdigit() else 0, size)


def system_order(system):
    """A sort key: the floor first, then Sheaf, then the others by name."""
    name = system.split(".")[0]
    first = ("Floor", "Sheaf", "SheafFixed64")
    return (first.index(name) if name in first else len(first), system)
