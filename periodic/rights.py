"""Who may see, steer and download a job: by the abilities that its kind names.

They are needed in every business that the job concerns; one that names none concerns all.
"""

from collections.abc import Iterable

from money.access import Ability, businesses_for
from money.models import Business, User
from periodic.kinds import Kind, UnknownKind, lookup
from periodic.models import Job


class Rights:
    """The rights of one user; each ability is read once."""

    def __init__(self, user: User) -> None:
        self.user = user
        self._held: dict[Ability, set[str]] = {}
        self._all: set[str] | None = None

    def holds(self, ability: Ability, slugs: Iterable[str]) -> bool:
        """Tell whether the ability is held in all these businesses; none stands for all."""
        wanted = set(slugs) or self._everywhere()
        return bool(wanted) and wanted <= self.where(ability)

    def where(self, ability: Ability) -> set[str]:
        """Return the slugs of the businesses in which the ability is held."""
        if ability not in self._held:
            rows = businesses_for(self.user, ability)
            self._held[ability] = set(rows.values_list("slug", flat=True))
        return self._held[ability]

    def _everywhere(self) -> set[str]:
        if self._all is None:
            self._all = set(Business.objects.values_list("slug", flat=True))
        return self._all

    def may_ask(self, kind: Kind, slugs: Iterable[str]) -> bool:
        """Tell whether a job of this kind may be asked for, steered, or tried again."""
        return self.holds(kind.ask, slugs)

    def may_steer(self, job: Job) -> bool:
        """Tell whether the job may be cancelled, tried again or given up."""
        kind = kind_of(job)
        return self.holds(kind.ask if kind else Ability.MANAGE, slugs_of(job))

    def may_see(self, job: Job) -> bool:
        """Tell whether the job's page may be opened."""
        kind = kind_of(job)
        return self.holds(kind.see if kind else Ability.MANAGE, slugs_of(job))

    def may_download(self, job: Job) -> bool:
        """Tell whether the job's file may be fetched."""
        kind = kind_of(job)
        return kind is not None and self.may_see(job) and self.holds(kind.download, slugs_of(job))


def kind_of(job: Job) -> Kind | None:
    """Return the kind of a job; None where this version knows it no more."""
    try:
        return lookup(job.kind)
    except UnknownKind:
        return None


def slugs_of(job: Job) -> set[str]:
    """Return the slugs of the businesses that a job concerns; none stands for all."""
    named = str(job.parameters.get("businesses") or "")
    slugs = {slug for slug in named.split(",") if slug}
    return slugs | ({job.business.slug} if job.business else set())
