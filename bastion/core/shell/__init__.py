"""The judge's eyes: a syntax tree becomes facts of every command that it would run. Pure."""
