"""Tests tools/bench/report as its users run it: what it writes, what it says, its exit status."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
REPORT = os.path.join(HERE, "report")


def median(name, time, unit="ns", **more):
    """A median whose CPU time is `time`, and whose real time is another, or the other way round."""
    real = "/real_time" in name or "/manual_time" in name
    return {"name": f"{name}_median", "run_name": name, "run_type": "aggregate", "repetitions": 5,
            "aggregate_name": "median", "time_unit": unit, "cpu_time": 7 * time if real else time,
            "real_time": time if real else 7 * time, **more}


def run(benchmarks, binary="read_bench", **context):
    return {"context": {"executable": f"somewhere/{binary}", "date": "2026-11-23T10:00:00+00:00",
                        "num_cpus": 2, "cpu": "A processor", "arguments": f"--of_{binary}",
                        "commit": "abc1234", **context},
            "benchmarks": benchmarks}


READ = [
    median("Read/Floor.Get/10000xmix", 600, allocs=3.0),
    median("Read/Sheaf.Open/10000xmix", 750, allocs=4.0),
    median("Read/WideColumns.Get/10000xmix", 52.5, "us", allocs=5.0),
    median("Read/Lmdb.Dup/10000xmix", 27, "us", allocs=0.0),
    median("Read/Floor.Get/10000x50", 600, allocs=3.0),
    median("Read/Sheaf.Open/10000x50", 660, allocs=4.0),
    median("Read/Floor.Get/10000xmix/real_time/threads:1", 500, items_per_second=2e6),
    median("Read/Floor.Get/10000xmix/real_time/threads:2", 500, items_per_second=4e6),
    median("Read/Sheaf.Open/10000xmix/real_time/threads:1", 800, items_per_second=1.25e6),
    median("Read/Sheaf.Open/10000xmix/real_time/threads:2", 800, items_per_second=2e6),
]

CROSS = [
    median("Cross/Sheaf.Whole/1x64", 1000, disk_bytes_per_value=67.0),
    median("Cross/OneKey.Whole/1x64", 500, disk_bytes_per_value=80.0),
    median("Cross/WideColumns.Whole/1x64", 1500),
    median("Cross/Sheaf.Whole/10x64", 1000),
    median("Cross/OneKey.Whole/10x64", 2000),
    median("Cross/Sheaf.Whole/100x64", 1000),
    median("Cross/OneKey.Whole/100x64", 20, "us"),
    median("Cross/Sheaf.Append/1x64", 1000),
    median("Cross/OneKey.Append/1x64", 1020),
    median("Cross/WideColumns.Append/1x64", 5000),
    median("Cross/Sheaf.Append/10x64", 1000),  # nothing to compare with
]

ONCE = "/iterations:1/manual_time"
APPEND = [
    median(f"Append/Sheaf.Merge/50000x72{ONCE}", 10, "ms"),
    median(f"Append/StringAppendTest.Merge/50000x72{ONCE}", 8, "ms"),
    median("Append/Sheaf.GetMemtable/50000x72", 2, "ms"),
    median("Append/StringAppendTest.GetMemtable/50000x72", 4, "ms"),
    median("Append/StringAppend.GetMemtable/50000x72/iterations:1", 12, "s"),
    median("Operands/Sheaf.Get/1000x72", 20, "us"),
    median("Operands/Sheaf.Get/100000x72", 3, "ms"),
    median("Operands/OneKey.Get/1000x72", 100, "us"),
    median("Segments/Sheaf.Get/2x500000", 60, "us"),
    median("Segments/Sheaf.GetSegments/2x500000", 7, "us"),
    median("Tail/Sheaf.GetLast/50x20000", 1, "us"),
]


def load(system, shape, seconds, peak=None, memory=268.435456, rate=1e8, **more):
    found = {} if peak is None else {"peak_rss_MB": peak}
    return median(f"Load/{system}/{shape}{ONCE}", seconds, "s", memory_MB=memory, cpu_s=1.5,
                  bytes_per_second=rate, **found, **more)


LOAD = [
    load("Sheaf.Unsorted", "2GB-512M", 9, peak=637, memory=536.870912),
    load("GnuSort.Unsorted", "2GB-512M", 20, peak=526, memory=536.870912),
    load("Sheaf.Unsorted", "500MB-256M", 2, peak=300, rate=2.5e8),
    load("GnuSort.Unsorted", "500MB-256M", 5, peak=264),
    load("Sheaf.Unsorted", "2GB-256M", 10, peak=398.435456),
    load("GnuSort.Unsorted", "2GB-256M", 25, peak=264),
    load("Sheaf.Sorted", "2GB", 3, peak=150, memory=536.870912),
    load("SstFileWriter.Sorted", "2GB", 2, memory=536.870912),
    load("Sheaf.Grouped", "500MB", 1, peak=150),
    load("Ldb.Grouped", "500MB", 5, peak=240),
    load("LdbNoWal.Grouped", "500MB", 3, peak=250),
]


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.output = os.path.join(self.folder, "page", "benchmarks.md")
        self.notes = self.write("notes.md", "## Misses\n\nNone.\n")

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def report(self, *paths, plots=False, environment=None):
        arguments = [sys.executable, "-B", REPORT, *paths, "--output", self.output, "--notes",
                     self.notes, *([] if plots else ["--no-plots"])]
        return subprocess.run(arguments, capture_output=True, text=True, check=False,
                              env={**os.environ, **(environment or {})})

    def page(self, *paths):
        done = self.report(*paths)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.output, encoding="utf-8") as file:
            return file.read()

    def assert_refused(self, *paths, says):
        """Refused with these words, and the page that there was is as it was."""
        os.makedirs(os.path.dirname(self.output), exist_ok=True)
        with open(self.output, "w", encoding="utf-8") as file:
            file.write("as it was")
        done = self.report(*paths)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        for words in says:
            self.assertIn(words, done.stderr)
        with open(self.output, encoding="utf-8") as file:
            self.assertEqual(file.read(), "as it was")
        self.assertEqual(os.listdir(os.path.dirname(self.output)), ["benchmarks.md"])

    def test_goals_compare_cpu_times_and_are_met_or_missed_both_ways(self):
        page = self.page(self.write("read.json", run(READ)))
        self.assertIn("| `Sheaf.Open` / `Floor.Get` | <= 1.2 | 1.250 | **missed** |", page)
        self.assertIn("| the same, `10000x50` | <= 1.05 | 1.100 | **missed** |", page)
        self.assertIn("| `WideColumns.Get` / `Sheaf.Open` | >= 60 | 70 | met |", page)
        self.assertIn("| `Lmdb.Dup` / `Sheaf.Open` | >= 40 | 36 | **missed** |", page)
        self.assertIn("| allocations of `Sheaf.Open` beyond `Floor.Get` | <= 1 | 1 | met |", page)
        self.assertIn("two threads / one | >= 1.8 | 1.600 | **missed** |", page)

    def test_a_goal_without_its_peer_is_not_measured(self):
        page = self.page(self.write("read.json", run(READ)))
        self.assertIn("| `Cord.Slices` / `Sheaf.Slices` | >= 8 | not measured | |", page)

    def test_medians_stand_beside_the_floor_of_their_shape(self):
        page = self.page(self.write("read.json", run(READ)))
        self.assertIn("| `Lmdb.Dup` | 27.0 us | 45.0 |  | 0 |", page)
        self.assertIn("| `Sheaf.Open` | 660 ns | 1.10 |  | 4 |", page)

    def test_threads_stand_beside_the_floor_of_as_many(self):
        page = self.page(self.write("read.json", run(READ)))
        self.assertIn("| `Sheaf.Open` | 1.25M | 1.60 | 2M | 2.00 | 1.60 |", page)

    def test_multi_and_scan_have_floors_of_their_own(self):
        page = self.page(self.write("read.json", run([
            median("Multi/Floor.MultiGet/100xmix/real_time/threads:1", 1, items_per_second=3e6),
            median("Multi/Sheaf.MultiGet/100xmix/real_time/threads:1", 1, items_per_second=2e6),
            median("Scan/Floor.Iterate/100xmix/real_time/threads:1", 1, items_per_second=5e6),
            median("Scan/OneKey.Scan/100xmix/real_time/threads:1", 1, items_per_second=4e4),
        ])))
        self.assertIn("| `Sheaf.MultiGet` | 2M | 1.50 |", page)
        self.assertIn("| `OneKey.Scan` | 40k | 125 |", page)

    def test_the_fastest_is_told_by_stretches_of_counts(self):
        page = self.page(self.write("cross.json", run(CROSS, "crossover_bench")))
        self.assertIn("| 64 B | 1: one key a value; 10 to 100: Sheaf "
                      "| 1: Sheaf and one key a value level |", page)
        self.assertIn("| 1 | 64 B | 1,000 ns | 500 ns | 1,500 ns |", page)
        self.assertIn("| 1 | 64 B | 67 | 80 |  |", page)

    def test_overhead_has_a_column_a_shape(self):
        page = self.page(self.write("read.json", run([
            median("Overhead/Sheaf/1x100/iterations:1", 1, overhead_per_value=3.0),
            median("Overhead/Sheaf/10000x50/iterations:1", 1, overhead_per_value=0.0004),
            median("Overhead/Join/1x100/iterations:1", 1, overhead_per_value=0.0),
        ])))
        self.assertIn("| `1x100` | `10000x50` |", page)
        self.assertIn("| `Sheaf` | 3 | 0.0004 |", page)
        self.assertIn("| `Join` | 0 |  |", page)

    def test_an_unknown_group_gets_a_plain_table(self):
        page = self.page(self.write("other.json", run([median("Novel/Sheaf.Merge/50000x72", 1500,
                                                              "us")])))
        self.assertIn("## Novel\n", page)
        self.assertIn("| `Sheaf.Merge/50000x72` | 1,500 us |", page)

    def test_goals_of_appends(self):
        page = self.page(self.write("append.json", run(APPEND, "append_bench")))
        self.assertIn("| `StringAppend.GetMemtable` / `Sheaf.GetMemtable`, `50000x72`: malloc "
                      "decides it, to compare |  | 6,000 |  |", page)
        self.assertIn("| `Sheaf.Merge` / `StringAppendTest.Merge`, `50000x72` | <= 1.1 | 1.250 "
                      "| **missed** |", page)
        self.assertIn("| the same of `GetMemtable`, `50000x72` | <= 1.0 | 0.500 | met |", page)
        self.assertIn("| the same of `Compact`, `50000x72` | <= 1.0 | not measured | |", page)

    def test_growth_is_of_the_time_of_each_pending_append(self):
        page = self.page(self.write("append.json", run(APPEND + [
            median("Operands/StringAppendTest.Get/1000x72", 100, "us"),
            median("Operands/StringAppendTest.Get/100000x72", 12, "ms")], "append_bench")))
        self.assertIn("| that of `Sheaf.Get`, to compare |  | 1.500 |  |", page)
        self.assertIn("over that of `StringAppendTest.Get` | <= 1.05 | 1.250 | **missed** |", page)

    def test_reads_with_edits_pending_have_goals_and_a_column_each(self):
        page = self.page(self.write("append.json", run([
            median("Pending/Sheaf.Get/1000x100", 4000), median("Pending/Sheaf.GetLast/1000x100", 2000),
            median("Pending/Sheaf.GetTrimmed/1000x100", 10000)], "append_bench")))
        self.assertIn("5 appends pending, `1000x100` | <= 1.1 | 0.500 | met |", page)
        self.assertIn("| `Sheaf.GetTrimmed` / `Sheaf.Get`, `1000x100` | <= 2 | 2.5 | **missed** |",
                      page)
        self.assertIn("| list | `Get` | `GetLast` | `GetTrimmed` |", page)
        self.assertIn("| `1000x100` | 4,000 ns | 2,000 ns | 10.0 us |", page)

    def test_appends_stand_beside_those_of_sheaf(self):
        page = self.page(self.write("append.json", run(APPEND, "append_bench")))
        self.assertIn("| `50000x72` | Sheaf | stringappendtest | stringappend |", page)
        self.assertIn("| all appends | 10.0 ms | 8,000 us (0.80) |  |", page)
        self.assertIn("| read, all in the memtable | 2,000 us | 4,000 us (2.00) "
                      "| 12.00 s (6,000) |", page)
        self.assertIn("| 1,000 | 20.0 us (20 ns) | 100.0 us (100 ns) |", page)
        self.assertIn("| 100,000 | 3,000 us (30 ns) |  |", page)

    def test_lists_in_pieces_have_a_column_an_operation(self):
        page = self.page(self.write("append.json", run(APPEND, "append_bench")))
        self.assertIn("| pieces | whole, `Get` | whole, `GetSegments` | tail, `GetLast` |", page)
        self.assertIn("| 2 | 60.0 us | 7,000 ns |  |", page)
        self.assertIn("| 50 |  |  | 1,000 ns |", page)

    def test_goals_of_loads_are_of_the_clock(self):
        page = self.page(self.write("load.json", run(LOAD, "load_bench")))
        self.assertIn("| `Sheaf.Unsorted` / `GnuSort.Unsorted`, `2GB-512M` | <= 0.25 | 0.450 "
                      "| **missed** |", page)
        self.assertIn("| `Sheaf.Sorted` / `SstFileWriter.Sorted`, `2GB` | <= 1.25 | 1.500 "
                      "| **missed** |", page)
        self.assertIn("| `Ldb.Grouped` / `Sheaf.Grouped`, `500MB` | >= 4 | 5 | met |", page)
        self.assertIn("| `Sheaf.Unsorted`, `2GB-256M` / `500MB-256M` | <= 4.4 | 5 | **missed** |",
                      page)
        self.assertIn("| the same, `2GB-512M` / `500MB-256M`, to compare |  | 4.500 |  |", page)

    def test_memory_beyond_the_bound_is_of_the_load_that_has_the_most(self):
        page = self.page(self.write("load.json", run(LOAD, "load_bench")))
        self.assertIn("the most of all loads | <= 128 | 130 | **missed** |", page)
        page = self.page(self.write("load.json", run(LOAD[:4], "load_bench")))
        self.assertIn("the most of all loads | <= 128 | 100.1 | met |", page)

    def test_loads_stand_beside_their_yardsticks(self):
        page = self.page(self.write("load.json", run(LOAD, "load_bench")))
        self.assertIn("| 500 MB | 256M | 2.00 s | 5.00 s (2.50) | 250 MB | 300 MB |\n"
                      "| 2 GB | 256M | 10.00 s | 25.00 s (2.50) | 100 MB | 398 MB |\n"
                      "| 2 GB | 512M | 9.00 s | 20.00 s (2.22) | 100 MB | 637 MB |\n", page)
        self.assertIn("| 2 GB | 512M | 3.00 s | 2.00 s (0.67) | 100 MB | 150 MB |", page)
        self.assertIn("| 500 MB | 256M | 1.00 s | 5.00 s (5.00) | 3.00 s (3.00) |", page)
        self.assertIn("| `Ldb.Grouped/500MB` | 5.00 s |  | 1.50 s | 240 MB |", page)

    def test_every_name_of_the_benchmarks_is_described(self):
        done = self.report(self.write("append.json", run(APPEND, "append_bench")))
        self.assertNotIn("has no description", done.stderr)
        done = self.report(self.write("load.json", run(LOAD, "load_bench")))
        self.assertNotIn("has no description", done.stderr)
        done = self.report(self.write("append.json", run(
            [median("Append/Novel.Merge/50000x72", 1)], "append_bench")))
        self.assertIn("Append/Novel.Merge has no description", done.stderr)

    def test_conditions_that_differ_are_shown_for_each_run(self):
        page = self.page(self.write("read.json", run(READ)),
                         self.write("cross.json", run(CROSS, "crossover_bench", commit="def5678",
                                                      cpu="Another processor")))
        self.assertIn("| commit, `read_bench` | abc1234 |", page)
        self.assertIn("| commit, `crossover_bench` | def5678 |", page)
        self.assertIn("| processor, `crossover_bench` | Another processor, 2 cores |", page)
        self.assertIn("| date | 2026-11-23 |", page)

    def test_notes_open_the_section_of_their_title_and_others_come_last(self):
        title = "## Which to take: blob, one key a value, or wide columns?\n"
        self.notes = self.write("notes.md", f"{title}\nIt depends.\n\n## Misses\n\nNone.\n")
        page = self.page(self.write("cross.json", run(CROSS, "crossover_bench")))
        self.assertIn(f"{title}\nIt depends.\n\nThe fastest", page)
        self.assertTrue(page.endswith("## Misses\n\nNone.\n"))
        self.assertEqual(page.count(title), 1)

    def test_notes_before_the_first_section_are_refused(self):
        self.notes = self.write("notes.md", "\nNobody would see this.\n\n## Misses\n\nNone.\n")
        self.assert_refused(self.write("read.json", run(READ)),
                            says=["notes.md:2:", "before the first section"])

    def test_two_notes_of_one_title_are_refused(self):
        self.notes = self.write("notes.md", "## Misses\n\nNone.\n\n## Hits\n\n## Misses \n\nM\n")
        self.assert_refused(self.write("read.json", run(READ)),
                            says=["notes.md:7:", '"Misses"', "line 1"])

    def test_a_missing_file_is_refused(self):
        self.assert_refused(self.write("read.json", run(READ)), "absent.json",
                            says=["absent.json", "No such file"])

    def test_what_is_not_json_is_refused(self):
        whole = json.dumps(run(READ))
        self.assert_refused(self.write("cut.json", whole[:len(whole) // 2]),
                            says=["cut.json", "not JSON", "again"])

    def test_json_of_something_else_is_refused(self):
        for document in ([], {}, {"context": {}}, {"context": 1, "benchmarks": []},
                         {"context": {}, "benchmarks": [{"aggregate_name": "median"}]}):
            self.assert_refused(self.write("other.json", document),
                                says=["other.json", "not of Google Benchmark"])

    def test_a_run_without_medians_is_refused(self):
        once = {key: value for key, value in READ[0].items() if key != "aggregate_name"}
        self.assert_refused(self.write("once.json", run([once])),
                            says=["once.json", "--benchmark_repetitions=5"])

    def test_a_run_with_a_failed_benchmark_is_refused(self):
        failed = {"name": "Read/Lmdb.Dup/1x100", "error_occurred": True,
                  "error_message": "another list"}
        self.assert_refused(self.write("read.json", run(READ + [failed])),
                            says=["read.json", "Read/Lmdb.Dup/1x100: another list"])

    def test_one_shape_of_two_runs_is_refused(self):
        self.assert_refused(self.write("a.json", run(READ[:2])),
                            self.write("b.json", run(READ[2:])),
                            says=["a.json", "b.json", "10000xmix"])

    def test_nothing_is_left_of_a_page_that_cannot_be_written(self):
        os.makedirs(os.path.join(self.output, "a folder"))
        done = self.report(self.write("read.json", run(READ)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("benchmarks.md", done.stderr)
        self.assertEqual(os.listdir(os.path.dirname(self.output)), ["benchmarks.md"])

    def test_without_matplotlib_the_package_to_install_is_named(self):
        os.mkdir(os.path.join(self.folder, "matplotlib"))
        self.write("matplotlib/__init__.py", "raise ImportError('none')")
        done = self.report(self.write("read.json", run(READ)), plots=True,
                           environment={"PYTHONPATH": self.folder})
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("apt-get install python3-matplotlib", done.stderr)
        self.assertIn("--no-plots", done.stderr)
        self.assertFalse(os.path.exists(self.output))

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "matplotlib is not installed")
    def test_plots_are_the_same_each_time_and_shown_by_the_page(self):
        paths = [self.write("read.json", run(READ)),
                 self.write("cross.json", run(CROSS, "crossover_bench")),
                 self.write("append.json", run(APPEND, "append_bench")),
                 self.write("load.json", run(LOAD, "load_bench"))]
        folder = os.path.join(os.path.dirname(self.output), "plots")
        first = {}
        for _ in range(2):
            done = self.report(*paths, plots=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(self.output, encoding="utf-8") as file:
                page = file.read()
            self.assertEqual(sorted(os.listdir(folder)),
                             ["append.svg", "cost.svg", "crossover.svg", "load_memory.svg",
                              "load_time.svg", "operands.svg", "pieces.svg", "read.svg",
                              "read_shapes.svg"])
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    image = file.read()
                ElementTree.fromstring(image)
                self.assertEqual(first.setdefault(name, image), image)
                self.assertIn(f"(plots/{name})", page)


if __name__ == "__main__":
    unittest.main()
