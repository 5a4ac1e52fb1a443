shard=$SLURM_ARRAY_TASK_ID
folder=$out/shards/$shard
run=

rows() { if [ -f "$folder/records.jsonl" ]; then wc -l <"$folder/records.jsonl"; else echo 0; fi; }
before=$(rows)

# Politely: what is being solved is finished and kept. What a kill cuts off is solved again by the next start.
stop() { [ -z "$run" ] || kill -TERM "$run" 2>/dev/null; }

# The time limit is near: stop and queue this task again, unless it gets nowhere within its time.
again() {
    stop
    for _ in {1..80}; do
        kill -0 "$run" 2>/dev/null || break
        sleep 1
    done
    if [ "$(rows)" -le "$before" ]; then
        echo "shard $shard: no row was finished within the time limit; submit again with more --time" >&2
        exit 1
    fi
    echo "shard $shard: the time limit is near, $(rows) rows are safe; queued again"
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$shard" || exit 1
    exit 0
}
trap stop TERM INT
trap again USR1

# A task that was killed on another machine may hold the folder a little longer.
"$bench" run "$config" --relative-to "$base" --shard "$shard/$shards" -o "$folder" --wait 300 &
run=$!
wait "$run"
code=$?
# A signal ends the waiting, not the run.
while kill -0 "$run" 2>/dev/null; do
    wait "$run"
    code=$?
done
exit "$code"
