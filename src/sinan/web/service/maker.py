"""Placeholder until the maker is written."""

import sys

if __name__ == "__main__":
    sys.stdin.read()
