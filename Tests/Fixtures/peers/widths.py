"""Prints the columns that texts take on a terminal, by the package wcwidth.

Reads one text a line, as JSON; prints one number a line.
"""
import json
import sys

import wcwidth

for line in sys.stdin:
    print(wcwidth.wcswidth(json.loads(line)))
