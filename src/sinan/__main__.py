"""`python -m sinan` is `sinan`."""

from sinan.cli.main import main

if __name__ == "__main__":
    main()
