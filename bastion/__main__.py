"""`python -m bastion` and the `bastion` command."""

from bastion.app.cli import main

if __name__ == "__main__":
    main()
