#!/usr/bin/env bash
# EXPLAIN (FORMAT JSON) against the text and against what plan viewers read.
exec python3 -B "$(dirname "$0")/explain_json.py" "$(realpath "$1")"
