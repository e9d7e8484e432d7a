#!/bin/sh
# Written by bin/cluster render; run by diachiso-room.service. A primary whose disk is full refuses
# writes for as long as it is, and Patroni sees nothing wrong with it: it hands over. Once, until it
# has had room again: each promotion costs a million codes, and the next one's disk may be full too.
given=
while sleep 3; do
    free=$(df --output=avail -B1 '{{ at(paths.data) }}' 2>/dev/null | tail -n 1)
    [ -n "$free" ] || continue
    if [ "$free" -gt {{ 2 * least_room }} ]; then
        given=
    elif [ "$free" -lt {{ least_room }} ] && [ -z "$given" ]; then
        # Refused where this one is not the primary.
        patronictl -c {{ at("/etc/patroni/config.yml") }} switchover --leader {{ node.name }} --force && given=yes
    fi
done
