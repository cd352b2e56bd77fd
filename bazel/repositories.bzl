"""The external repositories that a workspace with Sheaf in it needs, answered without a network."""

# Libraries, under their upstream names and with their upstream labels: a few lines each, in the
# folder named, which say what to link from the system.
_LIBRARIES = {
    "cli11": "cli11",
    "com_github_google_benchmark": "benchmark",
    "com_github_google_flatbuffers": "flatbuffers",
    "com_google_absl": "absl",
    "com_google_googletest": "googletest",
    "com_google_protobuf": "protobuf",
    "lmdb": "lmdb",
    "lz4": "lz4",
    "rocksdb": "rocksdb",
    "simdjson": "simdjson",
    "xxhash": "xxhash",
    "zlib": "zlib",
    "zstd": "zstd",
}

# What Bazel itself asks for: stand-ins of ours, and Debian's packages.
_STAND_INS = {
    "remote_coverage_tools": "remote_coverage_tools",
    "rules_cc": "rules_cc",
}
_DEBIAN = {
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

def _repository(name, path):
    if not native.existing_rule(name):
        native.local_repository(name = name, path = path)

def sheaf_repositories(path):
    """Defines each repository that the workspace has not defined before.

    Args:
      path: where Sheaf is, as in the local_repository of Sheaf itself.
    """
    for name, folder in _LIBRARIES.items():
        _repository(name, path + "/bazel/" + folder)
    for name, folder in _STAND_INS.items():
        _repository(name, path + "/bazel/" + folder)
    for name, folder in _DEBIAN.items():
        _repository(name, folder)
