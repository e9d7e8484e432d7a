"""How far the register has come: targets, measure, series, gaps, drawings and reports."""
