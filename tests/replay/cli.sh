#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cli.sh PLIMSOLL RECORDS HPA-RECORD POLICY: what the command line does without a daemon: replay and simulate.
set -u
plimsoll=$1 records=$2 hpa=$3 policy=$4 bad=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

complain() {
    echo "cli: $*"
    bad=1
}

# says CODE PATTERN COMMAND...: its exit code, and what it prints on either stream.
says() {
    local code=$1 pattern=$2 out
    shift 2
    out=$("$@" 2>&1)
    [ $? = "$code" ] || complain "$*: another exit code than $code: $out"
    grep -qE -- "$pattern" <<<"$out" || complain "$*: no \"$pattern\" in: $out"
}

for record in "$records"/*.json; do
    says 0 'the same again, byte for byte' "$plimsoll" replay "$record"
done
sed -E '0,/"to": ?[0-9]+/s//"to":19/' "$record" >"$folder/changed.json"
says 1 'decides otherwise' "$plimsoll" replay "$folder/changed.json"
says 0 '4 -> 5 \(step-limit\): the recorded inputs give the same again' "$plimsoll" replay "$hpa"
sed -E 's/("outcome": ?\{"from": ?4, ?"to": ?)5/\119/' "$hpa" >"$folder/hpa.json"
says 1 'recorded 4 -> 19 \(step-limit\), now 4 -> 5 \(step-limit\)' "$plimsoll" replay "$folder/hpa.json"
sed -E 's/("outcome": ?\{"from": ?4, ?"to": ?)5/\16/; s/("normalized": ?\{"replicas": ?)5/\16/' "$hpa" >"$folder/hpa.json"
says 1 'recorded 4 -> 6 \(metric\), now 4 -> 5 \(step-limit\)' "$plimsoll" replay "$folder/hpa.json"
{ printf '{"record":'; cat "$record"; printf '}'; } >"$folder/explained.json"
says 0 'byte for byte' "$plimsoll" replay - <"$folder/explained.json"
says 0 '"same": true' "$plimsoll" replay -o json "$record"
echo '{' >"$folder/cut.json"
says 1 'is no JSON' "$plimsoll" replay "$folder/cut.json"
says 1 'Is a directory' "$plimsoll" replay "$folder"
says 1 'name a file in it; for a workload of that name .*: plimsoll decisions /' "$plimsoll" replay "$folder"
says 1 'larger than 64 MiB' "$plimsoll" replay /dev/zero

says 0 'missed│' "$plimsoll" simulate --policy "$policy" --trace step
says 0 '"missedSeconds": [0-9]' "$plimsoll" simulate -o json --policy "$policy" --compare "$policy" --trace outage
says 0 'REPLICA-H' "$plimsoll" simulate --policy "$policy" --trace noise --svg "$folder/out.svg"
grep -q '</svg>' "$folder/out.svg" || complain "no picture"
says 2 'is missing' "$plimsoll" simulate --policy "$policy" --trace <(printf '{"kind":"Trace","apiVersion":"plimsoll.io/v1alpha1"}\n{"second":0}\n')
says 2 'the trace is empty' "$plimsoll" simulate --policy "$policy" --trace /dev/null
says 1 'cannot read the trace' "$plimsoll" simulate --policy "$policy" --trace "$folder/none"
cp "$policy" "$folder/other.yaml"
says 2 'several values of one option have commas between them, or the option before each' "$plimsoll" simulate \
    --policy "$policy" --compare "$policy" "$folder/other.yaml"
says 0 'demo.*demo.*demo' bash -c "'$plimsoll' simulate -o json --policy '$policy' --compare '$policy,$folder/other.yaml' | tr -d '\n'"
says 1 'to compare the two, give the file with one of them to --compare' "$plimsoll" simulate --policy "$policy,$folder/other.yaml"
says 1 'Is a directory' "$plimsoll" simulate --policy "$policy" --trace "$folder"
says 2 'names no ScalingPolicy' "$plimsoll" simulate --trace step

# hpa TARGET: what nobody says the request of.
hpa() {
    printf '%s\n' 'apiVersion: autoscaling/v2' 'kind: HorizontalPodAutoscaler' 'metadata: {name: shop}' \
        'spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 6,' \
        " metrics: [{type: Resource, resource: {name: cpu, target: $1}}]}" >"$folder/unknown.yaml"
}
hpa '{type: Utilization, averageUtilization: 60}'
says 2 'share of the request: .* Deployment, too, or write the annotation plimsoll.io/cpu-request$' "$plimsoll" simulate \
    --policy "$folder/unknown.yaml"
"$plimsoll" simulate --policy "$folder/unknown.yaml" 2>&1 | grep -q -- --capacity && complain "--capacity is no request"
hpa '{type: AverageValue, averageValue: 200m}'
says 2 'its Deployment, too, or --capacity' "$plimsoll" simulate --policy "$folder/unknown.yaml"
says 0 'REPLICA-H' "$plimsoll" simulate --policy "$folder/unknown.yaml" --capacity 500
sed 's/cpuRequest: 250m//; /Resource/,/averageUtilization: 60/d' "$policy" >"$folder/unknown.yaml"
says 2 'write spec.target.cpuRequest, or give --capacity' "$plimsoll" simulate --policy "$folder/unknown.yaml"
exit $bad
