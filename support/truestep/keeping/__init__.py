"""Services that outlive a run: started by `python -m truestep up`, used by runs, ended by `down`.

Each is owned by a process of its own, its keeper, which has started it and will stop it. What a run
has to know of it stands in a file that is private to the user; the keeper holds a lock on that file
as long as it lives, so a file without a lock is of a keeper that is gone.
"""
