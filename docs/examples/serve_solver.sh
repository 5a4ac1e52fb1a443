#!/bin/sh
# A solver for offload-bench as a shell script: it deals the users out to the servers in turn.
#
#     offload-bench solve INSTANCE --threshold 0.7 --solver 'serve:sh serve_solver.sh'
#
# It finds the id, the users and the servers in a request without a JSON parser, by names that
# nothing else in a request has. With jq or another parser that is not needed.

echo '{"protocol": "offload-solver/2", "name": "shell-example", "version": "1.0"}'
while read -r request; do
    id=${request#*'"id": '}
    id=${id%%,*}
    printf '%s\n' "$request" | awk -v id="$id" '{
        users = gsub(/"payload_bits"/, "")
        servers = gsub(/"bandwidth_hz"/, "")
        for (i = 0; i < users; i++) plan = plan (i ? ", " : "") i % servers
        printf "{\"id\": %s, \"assignment\": [%s]}\n", id, plan
    }'
done
