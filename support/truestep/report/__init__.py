"""Reports made from the files of a finished run."""
