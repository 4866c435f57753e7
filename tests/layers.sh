#!/usr/bin/env bash
# The dependency law of ARCHITECTURE.md as a test: every #include of every file against the folder it
# stands in. Prints each breach as file:line and fails if there is one.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

# allow FOLDER PATTERN: quoted includes in files directly in FOLDER must match the extended regex.
allow() {
    local folder=$1 pattern=$2 hit
    while IFS= read -r hit; do
        echo "layers: $hit: $folder may not include this"
        bad=1
    done < <(grep -nHE '^[[:space:]]*#[[:space:]]*include "' "$folder"/*.[ch] "$folder"/*.def 2>/dev/null |
        grep -vE "include \"($pattern)\"")
}

# only HEADER-REGEX FOLDER-REGEX: a third-party header only in its folder.
only() {
    local header=$1 folders=$2 hit
    while IFS= read -r hit; do
        echo "layers: $hit: only $folders may include this"
        bad=1
    done < <(git ls-files -co --exclude-standard -- '*.c' '*.h' ':!tests' |
        xargs -r grep -nHE "^[[:space:]]*#[[:space:]]*include [<\"]($header)" |
        grep -vE "^($folders)")
}

lib='(base|loop|rpc|wire|conf|pki)/[a-z_]+\.h|plimsoll/(version\.h|signal\.h|signals\.def|loss\.h|losses\.def)'
allow bpf '(kernel|array|place|table|tally|socket|cost|hist|cast|psi|pid|skb|letters|conversation|http1|http2|hpack|redis|framed|pgsql|bolt|tls|turns|protocol|hear|edge)\.h|plimsoll/[a-z_]+\.h'
allow include/plimsoll 'plimsoll/((signals|programs|losses)\.def|(victim|slot)\.h)'
allow lib/base 'base/[a-z_]+\.h'
allow lib/loop '(base|loop)/[a-z_]+\.h'
allow lib/rpc '(base|loop|rpc)/[a-z_]+\.h|(grpc|google)/.*\.pb-c\.h'
allow lib/wire '(base|wire)/[a-z_]+\.h|plimsoll/(signal\.h|signals\.def)|plimsoll/v1/[a-z]+\.pb-c\.h'
allow lib/conf '(base|conf)/[a-z_]+\.h'
allow lib/pki '(base|pki)/[a-z_]+\.h'
allow agent/names "$lib|agent/(names/[a-z]+|identity|sample|privilege|metrics|probe/probe|sandbox/user)\.(h|def)|runtime/v1/cri\.pb-c\.h"
allow agent/probe '(base|agent/probe)/[a-z_]+\.h|plimsoll/[a-z_]+\.(h|def)|[a-z_]+\.skel\.h'
allow agent/sandbox '(base|agent/sandbox)/[a-z_]+\.(h|def)'
allow agent "$lib|plimsoll/programs\.def|agent/[a-z_/]+\.(h|def)|plimsoll/v1/[a-z]+\.pb-c\.h"
allow decide '(base|decide)/[a-z_]+\.h|plimsoll/(signal\.h|signals\.def)'
allow aggregator/store '(base|decide|aggregator/store)/[a-z_]+\.h|plimsoll/(signal\.h|signals\.def|loss\.h|losses\.def)'
allow aggregator/ingest "$lib|aggregator/(store|ingest)/[a-z_]+\.h|aggregator/aggregator\.h|aggregator/metrics\.(h|def)|plimsoll/v1/[a-z]+\.pb-c\.h"
allow aggregator/act "$lib|aggregator/act/[a-z_]+\.h|decide/verdict\.h|decide/policy\.h|aggregator/metrics\.(h|def)"
allow aggregator/serve "$lib|aggregator/(store|serve)/[a-z_]+\.h|aggregator/[a-z_]+\.(h|def)|decide/[a-z_]+\.h|plimsoll/v1/[a-z]+\.pb-c\.h"
allow aggregator "$lib|aggregator/[a-z_/]+\.(h|def)|decide/[a-z_]+\.h|plimsoll/v1/[a-z]+\.pb-c\.h"
allow simulate "$lib|decide/[a-z_]+\.h|simulate/[a-z_]+\.h|aggregator/(manifest|hpa_control|hpa_manifest)\.h"
allow ctl "$lib|decide/saturation\.h|simulate/[a-z_]+\.h|aggregator/(manifest|record|hpa_record)\.h|ctl/[a-z_]+\.(h|def)|plimsoll/v1/[a-z]+\.pb-c\.h"
allow demo "$lib|demo/[a-z_]+\.(h|def)|plimsoll/v1/[a-z]+\.pb-c\.h"
only 'uv\.h' 'lib/loop/'
only 'grpc/' 'lib/rpc/'
only '(bpf|libbpf)' 'agent/probe/|bpf/'
only 'bpf/|[a-z_]+\.skel\.h' 'agent/probe/|bpf/'
only 'seccomp\.h' 'agent/sandbox/'
only 'yaml\.h' 'lib/conf/'
only 'openssl/' 'lib/pki/|lib/rpc/queue\.'
only 'sqlite3\.h' 'aggregator/store/sql\.'
only 'microhttpd\.h' 'aggregator/serve/'
only 'jansson\.h' 'agent/names/reply\.|aggregator/[a-z_]+\.|aggregator/(act|serve)/|ctl/|demo/|simulate/trace\.'
only 'runtime/v1/' 'agent/names/(cri|book)\.'
only 'plimsoll/v1/[a-z]+\.pb-c\.h' 'agent/(encode|encode_calls|list_edges|query|watch|serve|stream)\.|aggregator/(ingest|serve)/|aggregator/[a-z_]+\.|ctl/|demo/|lib/(rpc|wire)/'
exit $bad
