#!/bin/sh
# An objective that is no Python: ask and tell through the command `l2l-sampler suggest`.
# The state survives a kill, and any number of these scripts may share it.
set -eu
state=${1:-study.log}
space='{"x": {"type": "float", "low": 0, "high": 20}, "n": {"type": "int", "low": 1, "high": 9}}'
suggest() { l2l-sampler suggest --state "$state" --space "$space" --seed 0; }

for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    asked=$(echo '{"ask": 1}' | suggest)
    trial=$(echo "$asked" | sed 's/.*"trial": \([0-9]*\).*/\1/')
    x=$(echo "$asked" | sed 's/.*"x": \([0-9.e+-]*\).*/\1/')
    n=$(echo "$asked" | sed 's/.*"n": \([0-9]*\).*/\1/')
    value=$(awk "BEGIN { print ($x - 3) ^ 2 + ($n - 4) ^ 2 }")
    echo "{\"tell\": $trial, \"value\": $value}" | suggest > /dev/null
done
echo '{"best": 1}' | suggest
