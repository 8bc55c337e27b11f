"""PyHamcrest matchers for rows and events, whose mismatches name the nearest miss."""
