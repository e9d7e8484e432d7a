#!/bin/sh
# The command line of the register with the settings of the service, for root as its account.
set -eu
if [ "$(id -u)" -eq 0 ]; then
    export HOME=/var/lib/diachiso
    exec runuser --user diachiso -- "$0" "$@"
fi
settings=/etc/diachiso/diachiso.env
if [ -r "$settings" ]; then
    while IFS= read -r line || [ -n "$line" ]; do
        name=${line%%=*} value=${line#*=}
        case "$name" in '' | "$line" | *[!A-Z0-9_]*) continue ;; esac
        case "$value" in \"*\" | \'*\') value=${value#?} value=${value%?} ;; esac
        # What the caller has set precedes.
        eval "[ -n \"\${$name+set}\" ]" || export "$name=$value"
    done <"$settings"
fi
export DIACHISO_VAR="${DIACHISO_VAR:-/var/lib/diachiso}"
exec /usr/lib/diachiso/bin/diachiso "$@"
