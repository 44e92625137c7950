#!/usr/bin/env bash
# Microseconds per statement that hardly reads anything, in memory and on disk: prepare, bind, plan, run and fetch through the C
# interface (tests/stress/latency.c); then the whole process for SELECT 1. Prints figures, fails only where an answer does.
# usage: latency.sh DEPOT [MILLISECONDS PER FIGURE]
depot=$(realpath "${1:-build/release/depot}") latency=$(dirname "$(realpath "${1:-build/release/depot}")")/latency
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "in memory"
timeout 300 "$latency" "" "${2:-100}" || exit 1
echo "on disk"
timeout 300 "$latency" "$folder/w" "${2:-100}" || exit 1
process() { # process NAME ARGUMENTS…: the median of 21 runs
    python3 - "$@" <<'END'
import subprocess, sys, time
times = []
for _ in range(21):
    started = time.perf_counter()
    done = subprocess.run(sys.argv[2:] + ["-c", "SELECT 1"], capture_output=True, text=True)
    times.append((time.perf_counter() - started) * 1e3)
    if done.returncode != 0 or "1" not in done.stdout:
        sys.exit("FAILED: " + done.stderr)
print(f"{sys.argv[1]:34} {sorted(times)[len(times) // 2]:10.2f} ms")
END
}
process "process, in memory" "$depot" || exit 1
process "process, on disk" "$depot" "$folder/w" || exit 1
timeout 600 "$depot" gen ssb --scale "${SCALE:-0.1}" --into "$folder/s" --nodes 1 --slices 8 >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
timeout 600 "$depot" "$folder/s" -c "CREATE TABLE parts DISTSTYLE EVEN PARTITION BY (truncate(100, lo_orderdate)) AS SELECT * FROM lineorder" \
    >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
process "process, 8 slices, 84 partitions" "$depot" "$folder/s" || exit 1
