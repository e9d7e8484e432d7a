"""What the register gives away: feed, exports, packs, tiles, papers, routes, batches."""
