#!/bin/sh
# Makes pages of small made-up runs and compares them with figures worked out by hand.
set -eu
exec python3 -B tools/bench/report_test.py
