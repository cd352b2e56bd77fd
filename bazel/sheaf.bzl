"""What all of Sheaf's own C++ is compiled with."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]

# What RocksDB compiles as a part of itself, with a warning that GoogleTest's macros do not bear.
PLUGIN_COPTS = COPTS + [
    "-Woverloaded-virtual",
    "-Wshadow",
]
