#!/usr/bin/env bash
# Every single-byte change in every file of a small warehouse gives an error that names a file, or the unchanged answer; never
# another answer, a crash or a hang. usage: damage.sh DEPOT [STEP: every STEP-th byte]
set -uo pipefail
depot=$(realpath "${1:-build/release/depot}")
step=${2:-1}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "FAILED: $1"
    exit 1
}
question="SELECT * FROM lines ORDER BY n; SELECT min(day), max(word), count(price) FROM lines"
ask() { timeout 10 "$depot" "$dir/w" --read-only --format csv -c "$question" 2>"$dir/errors"; }
"$depot" "$dir/w" -c "CREATE TABLE lines (n integer, word varchar(30), day date, price decimal(10,2)) PARTITION BY (year(day));
    INSERT INTO lines SELECT g, 'word ' || g % 7, DATE '1995-12-01' + g, g / 4.0 FROM generate_series(1, 60) AS s(g)" >/dev/null ||
    fail "making the warehouse"
right=$(ask) || fail "asking the sound warehouse: $(cat "$dir/errors")"
changed=0 told=0
while read -r file; do
    bytes=$(stat -c %s "$file")
    cp "$file" "$dir/sound"
    for ((at = 0; at < bytes; at += step)); do
        old=$(od -An -tu1 -j $at -N 1 "$dir/sound")
        printf "\\x$(printf %02x $(((old ^ (1 << (at % 8))) & 255)))" | dd of="$file" bs=1 seek=$at conv=notrunc status=none
        answer=$(ask)
        status=$?
        changed=$((changed + 1))
        if [ $status != 0 ]; then
            [ $status -lt 124 ] || fail "byte $at of $file: status $status"
            grep -qE 'manifest|CURRENT|\.packed|\.c[0-9]|block' "$dir/errors" || fail "byte $at of $file: $(cat "$dir/errors")"
            told=$((told + 1))
        elif [ "$answer" != "$right" ]; then
            fail "byte $at of $file changes the answer"
        fi
        cp "$dir/sound" "$file"
    done
done < <(find "$dir/w" -type f)
[ "$(ask)" = "$right" ] || fail "the restored warehouse answers otherwise"
echo "$changed bytes changed, $told told, the others without effect"
