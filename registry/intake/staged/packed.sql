-- Compresses what the tables hold, to a quarter or less; each row once.
-- needs: many
CHECKPOINT;
