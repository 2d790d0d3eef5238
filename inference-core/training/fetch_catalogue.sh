#!/usr/bin/env bash
# fetch_catalogue.sh MIRROR DIRECTORY: brings bookworm's package index with its Italian, French and German descriptions into
# DIRECTORY/state/lists. MIRROR is the address of a Debian archive. Works on a machine with apt and Debian's archive key; the
# machine's own apt lists are left alone.
set -euo pipefail
mirror=$1
mkdir -p "$2"
directory=$(cd "$2" && pwd)
mkdir -p "$directory"/state/lists/partial "$directory"/cache/archives/partial "$directory"/none
echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$directory/sources.list"
cat >"$directory/apt.conf" <<END
Dir::Etc::parts "$directory/none";
Dir::Etc::sourceparts "$directory/none";
Dir::Etc::sourcelist "$directory/sources.list";
Dir::State "$directory/state";
Dir::Cache "$directory/cache";
Acquire::Languages { "en"; "it"; "fr"; "de"; };
END
APT_CONFIG="$directory/apt.conf" apt-get -q update
