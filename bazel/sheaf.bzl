"""What all of Sheaf's own C++ is compiled with."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Wshadow",  # RocksDB compiles plugins with it
    "-Werror",
]
