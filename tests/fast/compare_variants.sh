#!/usr/bin/env bash
# COMPARE's figures against EXPLAIN ANALYZE of the same statements, and what it says of them.
exec python3 -B "$(dirname "$0")/compare_variants.py" "$(realpath "$1")"
