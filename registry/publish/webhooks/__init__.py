"""Webhooks: changes are sent to subscribers as soon as they are in the feed.

A webhook is a cursor in the change feed with a selection (`subscriptions`). Delivery reads the feed
from the cursor (`messages`), sends a POST (`sending`), and stores the next cursor (`delivering`,
the job). Messages are never queued: nothing is lost, and replaying from any position means setting
the cursor (docs/changes.md).
"""
