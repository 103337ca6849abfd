"""The levels of stock: locked in the order of their items, moved in memory, written at once.

Who moves stock locks levels before a receipt book or a book of accounts, and a supplier before
levels: then no two transactions wait for one another.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from money.drafts import DraftLine
from money.models import Business, User
from shops.actions.batch_levels import Picks, follow, picks_like
from shops.costing import Holding, less, more
from shops.models import Location, StockItem, StockLevel, StockMove, StockMoveKind

COUNTER_NAME = "Counter"


def counter_of(business: Business) -> Location:
    """Return the location that the counter sells from; it is made when it is first needed."""
    location, _ = Location.objects.get_or_create(
        business=business, is_counter=True, defaults={"name": COUNTER_NAME}
    )
    return location


def locked_levels(location: Location, item_ids: Iterable[int]) -> dict[int, StockLevel]:
    """Return item id -> level at a location, locked until the transaction ends, made where new.

    Each level brings its item and its product. The order of the items is the order of all locks.
    """
    wanted = sorted(set(item_ids))
    found = _lock(location, wanted)
    if missing := [pk for pk in wanted if pk not in found]:
        make_levels(location, missing)
        found = _lock(location, wanted)
    return found


def make_levels(location: Location, item_ids: Iterable[int]) -> None:
    """Make the levels of items at a location, those that are new.

    Who locks levels of several places makes them before: an item's row is locked before its levels.
    """
    there = StockLevel.objects.filter(location=location).values("item")
    # The item's row is locked, so that its setting is not changed between the two.
    rows = StockItem.objects.select_for_update(no_key=True)
    items = rows.filter(pk__in=list(item_ids)).exclude(pk__in=there).order_by("pk")
    StockLevel.objects.bulk_create(
        [
            StockLevel(
                item=item,
                location=location,
                allows_negative=item.allows_negative,
                keeps_batches=item.keeps_batches,
            )
            for item in items
        ],
        ignore_conflicts=True,
    )


def _lock(location: Location, item_ids: list[int]) -> dict[int, StockLevel]:
    rows = StockLevel.objects.select_for_update(of=("self",)).select_related("item__product")
    levels = rows.filter(location=location, item__in=item_ids).order_by("item")
    return {level.item_id: level for level in levels}


@dataclass(slots=True)
class Moves:
    """The moves of one journal entry, gathered in memory over locked levels.

    `reference` is the entry's key. `put` and `take` change the levels that they are given, and
    `write` saves both. Their `picks` are the batches of an item that keeps some, see
    `shops.actions.batch_levels.follow`; their `cost_account` is for `against`, empty for the
    item's own.
    """

    reference: str
    by: User
    at: datetime
    rows: list[StockMove] = field(default_factory=list)
    levels: dict[int, StockLevel] = field(default_factory=dict)
    picks: list[Picks] = field(default_factory=list)
    cost_accounts: list[str] = field(default_factory=list)

    def take(
        self,
        level: StockLevel,
        *,
        milli: int,
        kind: StockMoveKind,
        picks: Picks = (),
        cost_account: str = "",
    ) -> int:
        """Take `milli` thousandths out; return the cents that they cost."""
        left, cents = less(_held(level), milli)
        self._note(picks, cost_account)
        self._move(level, left, kind, -milli, -cents)
        return cents

    def put(
        self,
        level: StockLevel,
        *,
        milli: int,
        cents: int,
        kind: StockMoveKind,
        picks: Picks = (),
        cost_account: str = "",
    ) -> int:
        """Put `milli` thousandths in for `cents`; return the cents that this set right.

        They are 0 but where pieces were sold before they came, see `shops.costing.more`.
        """
        held, set_right = more(_held(level), milli, cents)
        self._note(picks, cost_account)
        self._move(level, held, kind, milli, cents)
        if set_right:
            self._note((), cost_account)
            self._move(level, held, StockMoveKind.REVALUATION, 0, set_right)
        return set_right

    def refer_to(self, reference: str) -> None:
        """Name the entry once its key is known: what makes it may need the moves' cost first."""
        self.reference = reference
        for number, row in enumerate(self.rows, 1):
            row.reference, row.key = reference, f"{reference}:{number}"

    def write(self) -> None:
        """Save the levels and the moves."""
        fields = ["on_hand_milli", "reserved_milli", "value_cents", "unit_cost_cents"]
        StockLevel.objects.bulk_update(self.levels.values(), fields)
        StockMove.objects.bulk_create(self.rows)
        keeping = {
            (level.item_id, level.location_id)
            for level in self.levels.values()
            if level.keeps_batches
        }
        if keeping:
            follow(
                (row, picks)
                for row, picks in zip(self.rows, self.picks, strict=True)
                if (row.item_id, row.location_id) in keeping
            )

    def keep_batches_of(self, sent: "Moves") -> None:
        """Let what comes from elsewhere be of the batches that went: `sent` is written already.

        The arrivals here are the departures there, in their order.
        """
        gone = [row for row in sent.rows if row.kind == StockMoveKind.TRANSFER_OUT]
        here = [n for n, row in enumerate(self.rows) if row.kind == StockMoveKind.TRANSFER_IN]
        keeping = {level.item_id for level in self.levels.values() if level.keeps_batches}
        for place, row in zip(here, gone, strict=True):
            if self.rows[place].item_id in keeping:
                self.picks[place] = picks_like(row, self.rows[place].item_id)

    def _note(self, picks: Picks, cost_account: str) -> None:
        self.picks.append(picks)
        self.cost_accounts.append(cost_account)

    def _move(
        self, level: StockLevel, held: Holding, kind: StockMoveKind, milli: int, cents: int
    ) -> None:
        level.on_hand_milli, level.value_cents = held.on_hand_milli, held.value_cents
        level.unit_cost_cents = held.unit_cost_cents
        self.levels[level.pk] = level
        self.rows.append(
            StockMove(
                item_id=level.item_id,
                location_id=level.location_id,
                kind=kind,
                quantity_milli=milli,
                value_cents=cents,
                reference=self.reference,
                key=f"{self.reference}:{len(self.rows) + 1}",
                at=self.at,
                by=self.by,
            )
        )


def _held(level: StockLevel) -> Holding:
    return Holding(level.on_hand_milli, level.value_cents, level.unit_cost_cents)


def posted_as(cents: Mapping[tuple[str, str], int]) -> list[DraftLine]:
    """Return the lines of (account code, tax letter) -> cents, debits first, without zeros."""
    lines: list[DraftLine] = [
        (code, amount, letter) for (code, letter), amount in sorted(cents.items()) if amount
    ]
    return [line for line in lines if line[1] > 0] + [line for line in lines if line[1] < 0]


def against(moves: Moves, code: str = "") -> list[DraftLine]:
    """Return the lines of moves: their value on the stock accounts, against `code`.

    Without a code, against the cost of sales of each: of its recipe, or of the item.
    """
    cents: dict[tuple[str, str], int] = defaultdict(int)
    items = {level.item_id: level.item for level in moves.levels.values()}
    for move, cost_account in zip(moves.rows, moves.cost_accounts, strict=True):
        item = items[move.item_id]
        cents[item.stock_account, ""] += move.value_cents
        cents[code or cost_account or item.cost_account, ""] -= move.value_cents
    return posted_as(cents)
