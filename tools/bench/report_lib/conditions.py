"""Where and when the runs took place."""

import os
import subprocess

from .runs import unique

# What a benchmark is built of; the rest of the tree, the page itself among it, changes no figure.
SOURCES = ["include", "plugin", "tools/bench/*.cc", "tools/bench/*.h", "tools/common",
           "tools/database", "tools/load", "tools/sheaf"]


def _git(root, *arguments):
    try:
        done = subprocess.run(["git", "-C", root, *arguments, "--", *SOURCES],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def commit_of_tree(root):
    """The last commit of the sources below `root`, for runs that do not name theirs."""
    commit = _git(root, "log", "-1", "--format=%h")
    if not commit:
        return "unknown"
    changed = _git(root, "status", "--porcelain")
    return commit + (", and changes that are not committed" if changed else "")


def _memory(context):
    memory = context.get("memory", "unknown")
    return f"{int(memory[:-3]) / 1048576:.0f} GB" if memory.endswith(" kB") else memory


def _processor(context):
    kinds = {"Data": "d", "Instruction": "i"}
    caches = ", ".join(f"L{cache['level']}{kinds.get(cache['type'], '')} {cache['size'] // 1024} KB"
                       for cache in context.get("caches", []))
    cores = f"{context.get('cpu', 'unknown')}, {context.get('num_cpus', '?')} cores"
    return f"{cores}; {caches}" if caches else cores


def _load(context):
    loads = context.get("load_avg")
    return f"{loads[0]:.1f}" if loads else "unknown"


def _commit(context, tree):
    # `--benchmark_context=commit=…` names it.
    return context.get("commit") or f"{tree} (checked out when this page was made)"


def _rows(run, tree):
    context = run.context
    return {
        "date": str(context.get("date", "unknown"))[:10],
        "commit": _commit(context, tree),
        "arguments": f"`{context.get('arguments', '')}`",
        "repetitions": str(run.repetitions),
        "processor": _processor(context),
        "load of the machine at the start": _load(context),
        "memory": _memory(context),
        "compiler": context.get("compiler", "unknown"),
        "build": context.get("build", "unknown"),
        "RocksDB": context.get("rocksdb", "unknown"),
        "abseil": context.get("abseil", "unknown"),
    }


def labels(runs):
    """What tells the runs apart: their binaries, or their files where binaries are the same."""
    binaries = [run.binary for run in runs]
    return [run.binary if binaries.count(run.binary) == 1
            else f"{run.binary} ({os.path.basename(run.path)})" for run in runs]


def conditions(runs, root):
    """A row for what all runs have in common, and one for each run where they differ."""
    tree = commit_of_tree(root)
    of_runs = [_rows(run, tree) for run in runs]
    names = labels(runs)
    lines = ["| | |", "|---|---|"]
    for row in of_runs[0]:
        values = [rows[row] for rows in of_runs]
        if len(unique(values)) == 1:
            lines.append(f"| {row} | {values[0]} |")
        else:
            lines += [f"| {row}, `{name}` | {value} |" for name, value in zip(names, values)]
    return lines
