"""What all of Sheaf's own C++ is compiled with."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]
