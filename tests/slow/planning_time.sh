#!/usr/bin/env bash
# Parsing, binding and planning, hot: a query of SSB under 0.3 ms, a 10-way join under 5 ms, a 20-way join under 50 ms, a scan of
# 10,000 blocks under 1 ms; chains, stars, snowflakes and cliques, on one node and on four. latency.sh has what plans cost that
# are used again. usage: planning_time.sh DEPOT
depot=$(realpath "${1:-build/release/depot}")
exec python3 "$(dirname "$0")/planning_time.py" "$depot"
