folders=()
for ((k = 1; k <= shards; k++)); do
    if [ -f "$out/shards/$k/records.jsonl" ]; then folders+=("$out/shards/$k"); fi
done
if [ ${#folders[@]} = 0 ]; then
    echo "no shard holds records; see $out/submit/logs" >&2
    exit 1
fi
"$bench" merge "${folders[@]}" --config "$config" --relative-to "$base" -o "$out" --force
code=$?
# With gaps too: the report says what it is made of, and the exit code that something is missing.
if [ -f "$out/records.jsonl" ]; then "$bench" report "$out" || code=$?; fi
exit "$code"
