"""Coverage of the register: targets, measure, series, gaps, drawings and reports."""
