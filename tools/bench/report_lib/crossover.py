"""What the names `Cross/System.Op/COUNTxSIZE` say: which of the systems is the fastest where."""

from typing import NamedTuple

from .runs import unique

SYSTEMS = ("Sheaf", "OneKey", "WideColumns")
TITLES = {"Sheaf": "Sheaf", "OneKey": "one key a value", "WideColumns": "wide columns"}
OPERATIONS = ("Whole", "One", "Append", "AppendOne")
OPERATION_TITLES = {"Whole": "read the list", "One": "read one value", "Append": "append a value",
                    "AppendOne": "append, read one"}

# Two medians that are closer than this are not told apart: runs differ by as much.
LEVEL = 1.05


class Cell(NamedTuple):
    """One shape: who is the fastest, and by how much."""

    fastest: tuple  # of systems; more than one where they are level
    factor: float  # what the second takes, in parts of what the first takes


class Crossover:
    """The times of all systems, operations and shapes that were measured."""

    def __init__(self, results):
        self.medians = {}  # (system, operation, count, size) -> Median
        for median in results.of_group("Cross"):
            system, _, operation = median.system.partition(".")
            count, _, size = median.shape.partition("x")
            if count.isdigit() and size.isdigit():
                self.medians[system, operation, int(count), int(size)] = median
        known = [name for name in OPERATIONS if any(key[1] == name for key in self.medians)]
        self.operations = unique(known + [key[1] for key in self.medians])
        self.systems = unique([name for name in SYSTEMS if any(k[0] == name for k in self.medians)]
                              + [key[0] for key in self.medians])
        self.counts = sorted({key[2] for key in self.medians})
        self.sizes = sorted({key[3] for key in self.medians})

    def time(self, system, operation, count, size):
        """Nanoseconds, or None."""
        median = self.medians.get((system, operation, count, size))
        return median.time if median else None

    def cell(self, operation, count, size):
        """None where fewer than two systems were measured: nothing to compare."""
        times = sorted((self.time(system, operation, count, size), system)
                       for system in self.systems
                       if self.time(system, operation, count, size))
        if len(times) < 2:
            return None
        best = times[0][0]
        fastest = {system for time, system in times if time < best * LEVEL}
        return Cell(tuple(s for s in self.systems if s in fastest), times[1][0] / best)

    def disk_bytes(self, system, count, size):
        """Bytes on disk a value, by whichever operation counted them, or None."""
        for operation in self.operations:
            median = self.medians.get((system, operation, count, size))
            if median and "disk_bytes_per_value" in median.entry:
                return median.entry["disk_bytes_per_value"]
        return None

    def stretches(self, operation, size):
        """[(fastest, first count, last count)] with growing counts."""
        found = []
        for count in self.counts:
            cell = self.cell(operation, count, size)
            if cell is None:
                continue
            if found and found[-1][0] == cell.fastest:
                found[-1] = (cell.fastest, found[-1][1], count)
            else:
                found.append((cell.fastest, count, count))
        return found


def title(system):
    return TITLES.get(system, system)


def operation_title(operation):
    return OPERATION_TITLES.get(operation, operation)
