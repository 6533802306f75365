#!/usr/bin/env bash
# A master and two workers on this machine. Word count and page rank run on them: from here, submitted by the command line, and by
# curl; then an executor is killed half-way. Every answer is compared with local mode's.
#
#   bash examples/cluster-demo.sh
set -euo pipefail
cd "$(dirname "$0")/.."
firesteel=$PWD/dist/firesteel
[ -x "$firesteel" ] || npm run --silent build
work=$(mktemp -d)
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$work/secret"
chmod 600 "$work/secret"
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$work"' EXIT

# ---- the cluster, in three commands
"$firesteel" master --secret-file "$work/secret" --host 127.0.0.1 --port 0 --webui-port 0 --rest-port 0 2> "$work/master.log" &
until grep -qs '^master at' "$work/master.log"; do sleep 0.02; done
read -r master pages rest <<< "$(sed -n 's/^master at \(.*\), pages at \(.*\), submissions by HTTP at \(.*\)$/\1 \2 \3/p' "$work/master.log")"
declare -a workers
for n in 1 2; do
  "$firesteel" worker "$master" --secret-file "$work/secret" --host 127.0.0.1 --cores 2 --memory 2g --work-dir "$work/worker-$n" 2> "$work/worker-$n.log" &
  workers[n]=$!
  until grep -qs '^worker at' "$work/worker-$n.log"; do sleep 0.02; done
done
echo "master at $master, its pages at $pages, two workers with two cores each"

on_cluster=(--quiet --master "$master" --secret-file "$work/secret")
ask() { curl -sf --noproxy '*' --digest -u "firesteel:$(cat "$work/secret")" "$@"; }
of() { node -p "JSON.parse(require('fs').readFileSync(0)).$1"; }
same() { # what, file
  cmp -s "$work/local" "$2" || { echo "  $1: ANOTHER ANSWER"; exit 1; }
  echo "  $1: the same $(wc -l < "$2") lines"
}
answer_of() { # a submission's id: waits for its end, gives what the job printed
  for _ in $(seq 600); do
    ask "$rest/v1/applications/$1" > "$work/state" && grep -qE '"state":"(FINISHED|FAILED|ERROR|KILLED)"' "$work/state" && break
    sleep 0.1
  done
  of stdout.text < "$work/state" | sed '$d'
}

# ---- two jobs, four ways
demo() { # job, its argument
  echo "$1"
  "$firesteel" run --quiet "examples/$1.ts" "$2" > "$work/local"
  "$firesteel" run "${on_cluster[@]}" "examples/$1.ts" "$2" > "$work/answer"
  same "firesteel run --master" "$work/answer"
  id=$("$firesteel" submit --no-wait --master "$master" --secret-file "$work/secret" --deploy-mode cluster "examples/$1.ts" "$2" | sed -n 1p)
  answer_of "$id" > "$work/answer"
  same "firesteel submit, as $id" "$work/answer"
  id=$(ask -F "job=@examples/$1.ts" -F "args=$2" "$rest/v1/applications" | of id)
  answer_of "$id" > "$work/answer"
  same "curl, as $id" "$work/answer"
}
demo page-rank "$PWD/node_modules/vega-datasets/data/flights-airport.csv"
demo word-count "$PWD/README.md"

# ---- an executor dies
echo "page-rank of 60 rounds, with an executor killed"
routes=$PWD/node_modules/vega-datasets/data/flights-airport.csv
"$firesteel" run --quiet examples/page-rank.ts "$routes" 60 > "$work/local"
# it begins when both executors are there; its pages tell when its first stage is done, of sixty
both=(--conf firesteel.cores.max=4 --conf firesteel.scheduler.minRegisteredResourcesRatio=1)
"$firesteel" run "${on_cluster[@]:1}" "${both[@]}" examples/page-rank.ts "$routes" 60 > "$work/answer" 2> "$work/errors" &
job=$!
runs() { kill -0 "$job" 2> /dev/null; }
until grep -qs ': pages at ' "$work/errors" || ! runs; do sleep 0.02; done
read -r id its <<< "$(sed -n 's/^\(app-[^:]*\): pages at \(.*\)$/\1 \2/p' "$work/errors")"
until ask "$its/api/v1/applications/$id/stages" | grep -q '"status":"COMPLETE"' || ! runs; do sleep 0.02; done
victim=$(pgrep -n -P "${workers[1]}")
kill -9 "$victim"
wait "$job"
grep -o "executor [0-9]* on .* is lost" "$work/errors" | sed -n '1s/^/  /p'
same "with executor process $victim killed" "$work/answer"
