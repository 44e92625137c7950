#!/usr/bin/env bash
# Parsing, binding and planning, hot: a query of SSB under 0.5 ms, a 10-way join under 10 ms, a 20-way join under 100 ms; chains,
# stars, snowflakes and cliques, on one node and on four. usage: planning_time.sh DEPOT
depot=$(realpath "${1:-build/release/depot}")
exec python3 "$(dirname "$0")/planning_time.py" "$depot"
