"""Webhooks: whoever holds addresses is told of changes as soon as they are in the feed.

A webhook is a cursor in the change feed and what is wanted from there (`subscriptions`). Telling is
reading the feed from the cursor (`messages`), a POST (`sending`), and setting the next cursor
(`delivering`, the job). Nothing that is to be sent lies in a queue: nothing is lost, and to send
again from any place is to set the cursor (docs/changes.md).
"""
