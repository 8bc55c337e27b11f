"""The services that Truestep starts and cleans up, one folder each."""
