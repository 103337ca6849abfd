"""What a database holds, in figures that must be the same after a restore.

Read by plain SQL through `ask`, so that a copy can be counted as well as a living database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from periodic.safekeeping.refusals import Impossible

# Runs our own SQL and returns every row of the answer.
Ask = Callable[[str], list[tuple[Any, ...]]]

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
    " ESCAPE '\\'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
# What `migrate` alone writes: a database with no other row is nobody's shop.
OF_MIGRATE = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "periodic_schedule"}
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows per table, applied migrations, heads per book and balances per account.

    `heads` is slug -> [number, hash]; `balances` is slug -> account code -> cents, debit positive.
    """

    rows: dict[str, int]
    migrations: list[str]
    heads: dict[str, list[int | str]]
    balances: dict[str, dict[str, int]]

    def debit_cents(self, slug: str) -> int:
        """Return the debit side of a book's trial balance."""
        return sum(cents for cents in self.balances.get(slug, {}).values() if cents > 0)

    def credit_cents(self, slug: str) -> int:
        """Return the credit side of a book's trial balance, positive."""
        return -sum(cents for cents in self.balances.get(slug, {}).values() if cents < 0)


def rows_per_table(ask: Ask, vendor: str) -> dict[str, int]:
    """Return table -> number of rows."""
    tables = sorted(name for (name,) in ask(_TABLES[vendor]))
    return {name: ask(f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in tables}  # noqa: S608


def is_living(rows: dict[str, int]) -> bool:
    """Tell whether somebody's work is in a database with these rows."""
    return any(count for table, count in rows.items() if table not in OF_MIGRATE)


def read_figures(ask: Ask, vendor: str) -> Figures:
    """Return the figures of a database of ours. Raises Impossible where it is none."""
    rows = rows_per_table(ask, vendor)
    if "money_book" not in rows or "django_migrations" not in rows:
        raise Impossible(
            "There are no books in this database. Are VAR and DATABASE_URL those of the shop?"
        )
    applied = ask("SELECT app, name FROM django_migrations ORDER BY app, name")
    heads = ask(
        "SELECT b.slug, k.last_number, k.head_hash FROM money_book k"
        " JOIN money_business b ON b.id = k.business_id ORDER BY b.slug"
    )
    balances: dict[str, dict[str, int]] = {slug: {} for slug, _, _ in heads}
    for slug, code, cents in ask(
        "SELECT b.slug, a.code, SUM(l.amount_cents) FROM money_line l"
        " JOIN money_account a ON a.id = l.account_id"
        " JOIN money_business b ON b.id = a.business_id GROUP BY b.slug, a.code"
        " ORDER BY b.slug, a.code"
    ):
        balances.setdefault(slug, {})[code] = int(cents)
    return Figures(
        rows=rows,
        migrations=[f"{app}.{name}" for app, name in applied],
        heads={slug: [number, head] for slug, number, head in heads},
        balances=balances,
    )


def row_differences(wanted: dict[str, int], found: dict[str, int]) -> list[str]:
    """Return a sentence per table that does not have as many rows as it should."""
    return [
        f"{table} has {found.get(table, 'no')} rows, not {wanted.get(table, 'any')}."
        for table in sorted(wanted.keys() | found.keys())
        if wanted.get(table) != found.get(table)
    ]


def book_differences(wanted: Figures, found: Figures) -> list[str]:
    """Return a sentence per book whose head or trial balance is not what it should be."""
    said = []
    for slug in sorted(wanted.heads.keys() | found.heads.keys()):
        head, other = wanted.heads.get(slug), found.heads.get(slug)
        if head != other:
            said.append(f"The head of {slug} is {other}, not {head}.")
        if wanted.balances.get(slug, {}) != found.balances.get(slug, {}):
            said.append(
                f"The trial balance of {slug} is {found.debit_cents(slug)} cents debit and"
                f" {found.credit_cents(slug)} credit, not {wanted.debit_cents(slug)} and"
                f" {wanted.credit_cents(slug)}, or its accounts differ."
            )
    return said
