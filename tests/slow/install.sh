#!/usr/bin/env bash
# cmake --install puts everything in place: the example program builds against it by pkg-config, shared and static, and runs; the
# program alone, copied elsewhere, makes data and answers queries. usage: install.sh DEPOT (of the build folder to install)
set -euo pipefail
build=$(dirname "$(realpath "${1:-build/release/depot}")")
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cmake --build "$build" --target depot depot_shared depot_static >/dev/null
cmake --install "$build" --prefix "$dir/usr" --component Unspecified >/dev/null
library=$(dirname "$(find "$dir/usr" -name libdepot.a)")
export PKG_CONFIG_PATH=$library/pkgconfig
pc() { pkg-config --define-variable=prefix="$dir/usr" "$@" depot; }
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror tests/example_api.c $(pc --cflags --libs) -pthread -o "$dir/example_shared"
ldd "$dir/example_shared" | grep -q libdepot.so || { echo "not linked with the shared library" && exit 1; }
LD_LIBRARY_PATH=$library "$dir/example_shared"
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror tests/example_api.c $(pc --cflags) "$library/libdepot.a" $(pc --static --libs-only-l | sed 's/-ldepot//') -pthread \
    -o "$dir/example_static"
"$dir/example_static"
exported=$(nm -D --defined-only "$library/libdepot.so" | awk '$2 != "A" { print $3 }' | grep -vc '^depot_' || true)
[ "$exported" = 0 ] || { echo "the shared library exports $exported names that do not begin with depot_" && exit 1; }
mkdir "$dir/alone" && cp "$dir/usr/bin/depot" "$dir/alone/"
cd "$dir/alone"
./depot gen ssb --scale 0.01 --design tuned --into w >/dev/null
rows=$(./depot w --format csv --no-header -c "SELECT count(*) FROM lineorder")
[ "$rows" -gt 50000 ] || { echo "lineorder has $rows rows" && exit 1; }
./depot check w >/dev/null
echo "installed, compiled against, copied: all run"
