#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch.sh FOLDER NAME...: Debian's cloud kernels (6.1 of bookworm, 6.12 of trixie, newest of sid) unpacked into
# FOLDER/NAME, from the mirror that this machine's apt uses. With lists of its own: the machine's stay as they are.
set -euo pipefail

fail() { # WHAT CAUSE FIX
    printf 'vm: %s\n  cause: %s\n  fix:   %s\n' "$1" "$2" "$3" >&2
    exit 1
}

suite_of() {
    case $1 in
    6.1) echo bookworm ;;
    6.12) echo trixie ;;
    newest) echo sid ;;
    *) fail "no kernel '$1'" "it is none of 6.1, 6.12, newest" "./dev vm 6.1 6.12 newest" ;;
    esac
}

mirror() {
    # shellcheck disable=SC2016 # apt fills it in
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' |
        sort -u | head -n 1
}

# own_apt FOLDER TOOL ARGUMENT...
own_apt() {
    local folder=$1 tool=$2
    shift 2
    "$tool" -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root "$@"
}

depends() { # FOLDER PACKAGE REGEX
    own_apt "$1" apt-cache depends "$2" | sed -n "s/^ *Depends: \($3\)\$/\1/p"
}

# A new kernel's image is split; an older one is whole.
fetch() {
    local folder=$1 name=$2 suite=$3 from log image parts
    log=$(mktemp)
    from=$(mirror)
    [ -n "$from" ] || fail "cannot fetch the kernel $name" "apt knows no mirror of bookworm" "apt-get update"
    rm -rf "$folder/apt" "${folder:?}/$name"
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/debs"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main" >"$folder/apt/sources.list"
    own_apt "$folder/apt" apt-get -q update >"$log" 2>&1 ||
        fail "cannot read the packages of $suite" "$(tail -n 1 "$log")" "look whether this machine reaches $from"
    image=$(depends "$folder/apt" linux-image-cloud-amd64 'linux-image-[0-9].*')
    parts=$(depends "$folder/apt" "$image" 'linux-\(binary\|modules\)-.*')
    # shellcheck disable=SC2086 # a list of words
    (cd "$folder/apt/debs" && own_apt "$folder/apt" apt-get -q download "$image" $parts) >"$log" 2>&1 ||
        fail "cannot fetch the kernel $name" "$(tail -n 1 "$log")" "run this again"
    for deb in "$folder"/apt/debs/*.deb; do
        dpkg-deb -x "$deb" "$folder/$name.part"
    done
    mv "$folder/$name.part" "$folder/$name"
    rm -rf "$folder/apt" "$log"
}

folder=$(realpath -m "$1")
shift
for name in "$@"; do
    suite=$(suite_of "$name")
    [ -e "$folder/$name" ] && continue
    echo "dev: fetching the kernel $name of $suite" >&2
    fetch "$folder" "$name" "$suite"
done
