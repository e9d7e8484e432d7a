"""What the register publishes: feed, exports, packs, tiles, papers, routes, batches."""
