#!/usr/bin/env bash
# node_client.sh FOLDER SCRIPT ARGUMENT...: installs the pinned packages into FOLDER once, runs
# node/SCRIPT there with the folder of our .proto files and the arguments.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")/node
folder=$1
script=$2
shift 2

command -v npm >/dev/null || { echo "SKIP: no npm; apt-get install nodejs npm"; exit 77; }
mkdir -p "$folder"
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json" || [ ! -d "$folder/node_modules" ]; then
    cp "$here/package.json" "$folder/"
    (cd "$folder" && cp "$here/package-lock.json" . && rm -rf node_modules &&
        npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) ||
        { rm -f "$folder/package-lock.json"; echo "node_client: npm ci failed"; exit 1; }
fi
cp "$here/$script" "$folder/"
exec node "$folder/$script" "$here/../../../proto" "$@"
