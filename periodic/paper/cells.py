"""What a text may be in a file that a spreadsheet program opens. Pure."""

import re

# Neither XML nor a spreadsheet can hold these.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# What a spreadsheet program would take for a formula when it opens a CSV file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
INDENT = "    "


def clean(text: str) -> str:
    """Return a text without what no file can hold."""
    return _CONTROL.sub("", text)


def never_a_formula(text: str) -> str:
    """Return a text that a spreadsheet program shows and does not reckon with."""
    text = clean(text)
    return f"'{text}" if text.startswith(_FORMULA) else text
