"""How a test reads a report: title -> figures in shillings or cents."""

from money.report import Figure, Report


def cents_of(report: Report) -> dict[str, list[int | None]]:
    """Return a row's title -> the cents of its cells; headings left out."""
    return {
        str(row.cells[0]): [
            cell.cents if isinstance(cell, Figure) else None for cell in row.cells[1:]
        ]
        for row in report.rows
        if any(isinstance(cell, Figure) for cell in row.cells)
    }


def shillings_of(report: Report) -> dict[str, list[int | None]]:
    found = cents_of(report)
    assert all(cents is None or cents % 100 == 0 for row in found.values() for cents in row)
    return {
        title: [cents if cents is None else cents // 100 for cents in row]
        for title, row in found.items()
    }
