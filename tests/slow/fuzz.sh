#!/usr/bin/env bash
# Every libFuzzer target for SECONDS_EACH (20) seconds from its seeds; a crash, a leak or a hang of 10 s fails and leaves its input.
cd "$(dirname "$0")/../.." || exit 1
seconds=${SECONDS_EACH:-20}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cmake --preset fuzz >"$dir/log" 2>&1 || { cat "$dir/log" && exit 1; }
targets=$(cd tests/fuzz && ls fuzz_*.c)
# shellcheck disable=SC2086
cmake --build build/fuzz --target ${targets//.c/} >"$dir/log" 2>&1 || { tail -n 50 "$dir/log" && exit 1; }
wrong=0
for target in ${targets//.c/}; do
    mkdir "$dir/$target"
    if build/fuzz/$target -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=4096 \
        -artifact_prefix="build/fuzz/$target." "$dir/$target" "tests/fuzz/corpus/${target#fuzz_}" >"$dir/log" 2>&1; then
        echo "$target: $(grep -E '^#' "$dir/log" | tail -n 1)"
    else
        echo "$target failed:"
        tail -n 60 "$dir/log"
        wrong=$((wrong + 1))
    fi
done
rm -rf /dev/shm/depot_fuzz_*
[ $wrong = 0 ]
