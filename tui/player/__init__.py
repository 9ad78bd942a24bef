"""The player of recordings: draws cells from the screen model, never recorded bytes."""
