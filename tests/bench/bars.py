"""A table of figures, each beside its bar."""

# A tenth of a run is a tenth as sure: it fails where a figure is far off, not where it wavers.
SLACK_OF_A_SHORT_RUN = 1.5


class Bars:
    """Prints a row per figure and remembers whether one missed its bar.

    A run of less than full size (`scale` below 1) forgives as much as `slack`, and says "short".
    """

    def __init__(self, title: str, scale: float = 1.0, slack: float = SLACK_OF_A_SHORT_RUN) -> None:
        self.is_ok = True
        self._slack = slack if scale < 1 else 1.0
        print(f"{title}\n{'':<54}{'figure':>12}{'bar':>14}")

    def most(
        self, name: str, figure: float, bar: float, unit: str = "", *, is_exact: bool = False
    ) -> None:
        """Judge what may be no more than `bar`; where exact, a short run forgives nothing."""
        is_near = figure <= bar * (1.0 if is_exact else self._slack)
        self._judged(name, figure, f"<= {bar:g}", unit, is_ok=figure <= bar, is_near=is_near)

    def least(
        self, name: str, figure: float, bar: float, unit: str = "", *, slack: float | None = None
    ) -> None:
        """Judge a figure that may not be smaller; `slack` in place of that of all bars."""
        is_near = figure >= bar / min(self._slack, slack or self._slack)
        self._judged(name, figure, f">= {bar:g}", unit, is_ok=figure >= bar, is_near=is_near)

    def told(self, name: str, figure: float, unit: str = "") -> None:
        """Print a figure that has no bar."""
        print(f"{name:<54}{_text(figure):>12}{'':>14} {unit}".rstrip(), flush=True)

    @property
    def exit_code(self) -> int:
        print(flush=True)
        return 0 if self.is_ok else 1

    def _judged(
        self, name: str, figure: float, bar: str, unit: str, *, is_ok: bool, is_near: bool
    ) -> None:
        self.is_ok &= is_near
        verdict = "ok" if is_ok else "short" if is_near else "FAIL"
        print(f"{name:<54}{_text(figure):>12}{bar:>14} {unit:<12} {verdict}", flush=True)


def _text(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.4g}"
