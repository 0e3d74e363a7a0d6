"""Many runs side by side: grouping, statistics over seeds, tables for a terminal and for a paper."""
