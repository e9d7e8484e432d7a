"""Webhooks: changes are sent to subscribers as soon as they are in the feed.

A webhook is a cursor in the change feed with a selection (`subscriptions`). Delivery reads the feed
from the cursor (`messages`), sends a POST (`sending`), and stores the next cursor (`delivering`,
the job). Messages are never queued: nothing is lost, and replaying from any position means setting
the cursor (docs/changes.md).

One job lives while there is something to send, and takes 150 MB. A refused message blocks its queue
until the owner skips it. Rejected: a row per message (2,000,000 per import); polling each second;
hashed secrets, which cannot sign; logging answers, which would expose inner networks.
"""
