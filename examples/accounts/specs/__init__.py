"""What the specs of the service stand on: over HTTP as its users, and behind it to see what is left."""
