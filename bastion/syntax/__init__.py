"""The shell-syntax door: shfmt turns bytes into a tree; the tree enters the core as an event."""
