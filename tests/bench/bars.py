"""A table of figures, each beside its bar."""


class Bars:
    """Prints a row per figure and remembers whether one missed its bar."""

    def __init__(self, title: str) -> None:
        self.is_ok = True
        print(f"{title}\n{'':<54}{'figure':>12}{'bar':>14}")

    def most(self, name: str, figure: float, bar: float, unit: str = "") -> None:
        self._judged(name, figure, f"<= {bar:g}", unit, is_ok=figure <= bar)

    def least(self, name: str, figure: float, bar: float, unit: str = "") -> None:
        self._judged(name, figure, f">= {bar:g}", unit, is_ok=figure >= bar)

    def told(self, name: str, figure: float, unit: str = "") -> None:
        """Print a figure that has no bar."""
        print(f"{name:<54}{_text(figure):>12}{'':>14} {unit}".rstrip(), flush=True)

    @property
    def exit_code(self) -> int:
        print(flush=True)
        return 0 if self.is_ok else 1

    def _judged(self, name: str, figure: float, bar: str, unit: str, *, is_ok: bool) -> None:
        self.is_ok &= is_ok
        verdict = "ok" if is_ok else "FAIL"
        print(f"{name:<54}{_text(figure):>12}{bar:>14} {unit:<12} {verdict}", flush=True)


def _text(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.4g}"
