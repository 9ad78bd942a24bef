"""Nouns that two rooms share: frozen dataclasses, no behaviour beyond parse and print."""
