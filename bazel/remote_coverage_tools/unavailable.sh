#!/bin/sh
echo "bazel coverage is not available here: Debian has no package of Bazel's coverage tools" >&2
exit 1
