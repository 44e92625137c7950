#!/usr/bin/env bash
# Joins of all kinds over random tables and distributions, with every move forced, on one and several nodes: the rows are those
# that SQLite gives. usage: join_moves.sh DEPOT (SEEDS random worlds, from FIRST on)
depot=$(realpath "${1:-build/release/depot}")
exec python3 "$(dirname "$0")/join_moves.py" "$depot" "${FIRST:-1}" "${SEEDS:-12}"
