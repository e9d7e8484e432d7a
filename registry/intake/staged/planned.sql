-- Join in the written order: for few rows, searching the best order takes longer than any join.
-- needs: few
SET disabled_optimizers = 'join_order';
