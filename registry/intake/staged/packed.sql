-- Compress the tables to a quarter or less; each row once.
-- needs: many
CHECKPOINT;
