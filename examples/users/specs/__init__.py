"""What the specs of this package share: the words of its steps, and the state of one story."""
