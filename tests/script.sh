# What the scripts of the tests share; sourced with the script's own arguments. $depot is the program, $folder a new folder that
# goes when the script ends, its warehouse $folder/w.
# shellcheck shell=bash
depot=$(realpath "${1:-build/release/depot}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

complain() { # complain TEXT…: a failure; the script goes on
    failed=$((failed + 1))
    echo "FAILED: $*"
}
check() { # check NAME CONDITION…
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        complain "$name"
    fi
}
finish() { # the script's last line and its status
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
fail() { # fail TEXT: a failure that ends the script
    echo "FAILED: $1"
    exit 1
}

# ---- crashes

sql() { "$depot" "$folder/w" --format csv --no-header -c "$1"; }
random_below() { echo $(((RANDOM * 32768 + RANDOM) % $1)); }
kill_after() { # kill_after PID MICROSECONDS
    sleep "$(printf '%d.%06d' $(($2 / 1000000)) $(($2 % 1000000)))"
    kill -9 "$1" 2>/dev/null
}
wait_for_end() { # wait_for_end PID WHAT: sets $status to 0 or, when it was killed, 137
    wait "$1" 2>/dev/null
    status=$?
    [ $status = 137 ] || [ $status = 0 ] || fail "$2 ended with $status: $(cat "$folder/errors")"
}
check_warehouse() { # check_warehouse WHEN
    "$depot" check "$folder/w" >"$folder/check" 2>&1 || fail "check $1: $(cat "$folder/check")"
}
check_nothing_is_left() { # when all tables are dropped
    local left
    left=$(cd "$folder/w" && find . -type f | grep -vE '^\./(CURRENT|LOCK|manifests/root-[0-9]+)$')
    [ -z "$left" ] || fail "files that no version names are left: $left"
    [ -z "$(ls "$folder/w/tables")" ] || fail "directories are left: $(ls "$folder/w/tables")"
}
