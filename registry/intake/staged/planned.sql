-- Joins as they are written: to find the best order takes longer than any takes for few rows.
-- needs: few
SET disabled_optimizers = 'join_order';
