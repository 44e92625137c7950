#!/usr/bin/env bash
# A gate that never closes proves nothing: programs with a leak, a read of freed memory, an overflow and a race on purpose, built with
# the flags of the presets and run with the options of tools/check, must fail, each with its own report.
# usage: sanitizers_bite.sh leak|race
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
compiler=${CC:-cc}
wrong=0
preset_flags() { # of CMakePresets.json
    python3 -c 'import json, sys
for preset in json.load(open("CMakePresets.json"))["configurePresets"]:
    if preset["name"] == sys.argv[1]: print(preset["cacheVariables"]["CMAKE_C_FLAGS"])' "$1"
}
bite() { # bite PRESET PROGRAM REPORT
    # shellcheck disable=SC2046
    $compiler -w $(preset_flags "$1") "tests/tidy/$2.c" -o "$dir/$2" -pthread || { wrong=$((wrong + 1)) && return; }
    if "$dir/$2" >"$dir/report" 2>&1 || ! grep -q "$3" "$dir/report"; then
        echo "$2 was not noticed:"
        cat "$dir/report"
        wrong=$((wrong + 1))
    fi
}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:exitcode=99} UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-exitcode=98:halt_on_error=1}
case ${1:-leak} in
leak)
    bite asan bite_leak "LeakSanitizer: detected memory leaks"
    bite asan bite_freed "heap-use-after-free"
    bite asan bite_undefined "signed integer overflow"
    ;;
race) bite tsan bite_race "ThreadSanitizer: data race" ;;
*) echo "usage: sanitizers_bite.sh leak|race" && exit 2 ;;
esac
[ $wrong = 0 ] && echo "what is wrong on purpose is noticed"
