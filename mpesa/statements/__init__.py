"""Reads M-Pesa organisation statements of both layouts (REFERENCE 7.2): bytes in, rows out."""

from mpesa.statements.checks import check_balances, check_keys, check_totals
from mpesa.statements.details import mask_party, type_of
from mpesa.statements.reading import read_statement
from mpesa.statements.rows import NotAStatement, Row, RowKind, StatementFile

__all__ = [
    "NotAStatement",
    "Row",
    "RowKind",
    "StatementFile",
    "check_balances",
    "check_keys",
    "check_totals",
    "mask_party",
    "read_statement",
    "type_of",
]
