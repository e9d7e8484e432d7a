#!/bin/sh
# Written by bin/cluster render. Takes the register of another major version of PostgreSQL over, by
# links: within a minute, however large it is. As postgres, on one machine, while Patroni is ended on
# all of them (docs/cluster.md):
#   sh upgrade.sh OLD_BIN_DIR OLD_DATA_DIR          looks whether it can be done, and changes nothing
#   sh upgrade.sh OLD_BIN_DIR OLD_DATA_DIR --link   does it
set -eu
old_bin=$1 old_data=$2 how=${3:---check}
new_bin={{ postgresql.programs }} new_data={{ at(paths.data) }}
fresh=$new_data.new
umask 077
if [ -n "$(ls -A "$new_data" 2>/dev/null)" ]; then
    echo "$new_data is not empty: name another folder in paths.data, or move it away" >&2
    exit 1
fi
mkdir -p "$(dirname "$new_data")"
cd "$(dirname "$new_data")"
rm -rf "$fresh"
"$new_bin/initdb" --pgdata="$fresh" --username=postgres --encoding=UTF8 --locale-provider=libc \
    --locale=C.UTF-8 --data-checksums --auth-local=trust --auth-host=reject --no-instructions \
    --set=max_connections={{ postgresql.max_connections }} >/dev/null
"$new_bin/pg_upgrade" "$how" --jobs=4 --old-bindir="$old_bin" --new-bindir="$new_bin" \
    --old-datadir="$old_data" --new-datadir="$fresh"
if [ "$how" = --check ]; then
    rm -rf "$fresh"
else
    # What etcd held of the settings is forgotten with the old cluster, and read from here.
    cp "$old_data/patroni.dynamic.json" "$fresh"
    mv -T "$fresh" "$new_data"
fi
