"""Scenarios on worker processes: the parent gives out work, and tells behave's formatters in order.

The parent reads features, hooks and steps as ever, and forks before anything is started. Each
worker runs behave's own loops, fed with one scenario after the other; what happens there is sent
back as it happens. The parent runs behave's own loops, too, in the written order: in place of a
scenario's steps it waits for the scenario's result, and repeats to the formatters what the
formatters of a serial run would have been told.
"""
