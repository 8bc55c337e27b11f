"""Code as a user of Truestep would write it, driven by the specs in features/."""
