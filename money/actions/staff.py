"""Who works where: hired, given roles, let go and taken back by who manages, with a trace of each.

Every action locks the business first and then the person, and asks again behind the lock whether
who acts still manages: two owners who take each other's role away at once leave one of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F

from money.access import OPENS_ADMIN, Ability, businesses_for
from money.actions.passwords import first_password
from money.actions.pins import take_pin_away
from money.actions.sign_in import forget_tries
from money.models import Business, Membership, Role, StaffChange, StaffEvent, User
from money.queries import people_to_take_on

MOST_OF_USERNAME = 40
MOST_OF_NAME = 60


class StaffRefused(Exception):
    """Nothing was done to the staff; the message says why, and what helps."""


class NotManager(StaffRefused):
    """Who acts does not manage the business."""


class NoSuchPerson(StaffRefused):
    """The person has no role in the business, or is nobody whom one may take on."""


class BadPerson(StaffRefused):
    """A name, an e-mail address or the roles will not do."""


class OwnRoles(StaffRefused):
    """Nobody changes the own roles."""


class LastOwner(StaffRefused):
    """A business keeps an owner."""


class WorksElsewhere(StaffRefused):
    """With the password of a person one would have what the person may do elsewhere."""


@dataclass(frozen=True)
class Person:
    """What is known of somebody beside the name to sign in with; the phone as it is kept."""

    first_name: str
    last_name: str = ""
    phone: str = ""
    email: str = ""


def hire(
    *,
    business: Business,
    username: str,
    person: Person,
    roles: Collection[str],
    by: User,
    at: datetime,
) -> tuple[User, str]:
    """Make a person with roles here; returns it with the first password, kept nowhere else.

    Raises NotManager, BadPerson.
    """
    user = User(username=_checked_username(username), must_change_password=True)
    _write_down(user, person)
    wanted = _checked_roles(roles)
    password = first_password()
    # Hashing is slow on purpose: not inside a transaction.
    user.set_password(password)
    with transaction.atomic():
        _insist_manages(business, by)
        taken = f"Somebody signs in as {user.username} already. Choose another name."
        if User.objects.filter(username__iexact=user.username).exists():
            raise BadPerson(taken)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            raise BadPerson(taken) from error
        _give(user, business, wanted)
        _note(StaffChange.HIRED, business, user, _in_words(wanted), by, at)
    return user, password


def take_on(
    *, business: Business, user_id: int, roles: Collection[str], by: User, at: datetime
) -> tuple[User, str]:
    """Give roles here to somebody of another business of one's own, or who had left.

    Returns the person, and a first password where the old one was closed, else "". Raises
    NotManager, NoSuchPerson, BadPerson, WorksElsewhere.
    """
    wanted, password = _checked_roles(roles), first_password()
    hashed = make_password(password)
    with transaction.atomic():
        _insist_manages(business, by)
        found = people_to_take_on(business, by).filter(pk=user_id)
        if not found.exists():
            raise NoSuchPerson("This person has a role here already, or is none of your people.")
        user = _locked(user_id)
        if user.is_active:
            password = ""
        else:
            _insist_knows_all_of(user, by)
            user.is_active, user.must_change_password, user.password = True, True, hashed
            user.save(update_fields=["is_active", "must_change_password", "password"])
            forget_tries(username=user.get_username())
        _give(user, business, wanted)
        was_here = StaffEvent.objects.filter(business=business, person=user).exists()
        change = StaffChange.CAME_BACK if was_here else StaffChange.HIRED
        _note(change, business, user, _in_words(wanted), by, at)
    return user, password


def change_roles(
    *, business: Business, user_id: int, roles: Collection[str], by: User, at: datetime
) -> None:
    """Let a person have exactly these roles here; the same again is nothing.

    Raises NotManager, NoSuchPerson, BadPerson, OwnRoles, LastOwner.
    """
    wanted = _checked_roles(roles)
    with transaction.atomic():
        user = _member(business, user_id, by)
        held = _roles_of(user, business)
        if held == wanted:
            return
        _insist_is_not(user, by)
        _insist_owner_stays(business, user, held - wanted)
        user.memberships.filter(business=business, role__in=held - wanted).delete()
        _give(user, business, wanted - held)
        words = f"{_in_words(held)} → {_in_words(wanted)}"
        _note(StaffChange.ROLES, business, user, words, by, at)


def change_details(
    *, business: Business, user_id: int, person: Person, by: User, at: datetime
) -> None:
    """Write down another name, phone or e-mail address; the trace names no value.

    Raises NotManager, NoSuchPerson, BadPerson, WorksElsewhere.
    """
    with transaction.atomic():
        user = _member(business, user_id, by)
        if user.pk != by.pk:
            _insist_knows_all_of(user, by)
        before = _details(user)
        _write_down(user, person)
        changed = [name for name, value in _details(user).items() if value != before[name]]
        if not changed:
            return
        user.save(update_fields=["first_name", "last_name", "phone", "email"])
        _note(StaffChange.DETAILS, business, user, ", ".join(changed), by, at)


def reset_password(*, business: Business, user_id: int, by: User, at: datetime) -> str:
    """Return a new first password of a person; every session of theirs ends.

    Raises NotManager, NoSuchPerson, OwnRoles, WorksElsewhere.
    """
    password = first_password()
    hashed = make_password(password)
    with transaction.atomic():
        user = _member(business, user_id, by)
        if user.pk == by.pk:
            raise OwnRoles("You change your own password yourself, with the one you have.")
        _insist_knows_all_of(user, by)
        User.objects.filter(pk=user.pk).update(
            password=hashed, must_change_password=True, sessions_ended=F("sessions_ended") + 1
        )
        forget_tries(username=user.get_username())
        _note(StaffChange.PASSWORD_RESET, business, user, "", by, at)
    return password


def let_go(*, business: Business, user_id: int, by: User, at: datetime) -> None:
    """Take every role here, the PIN and all sessions; what the person did stays.

    Nobody signs in any more who has no role left in any business.
    Raises NotManager, NoSuchPerson, OwnRoles, LastOwner.
    """
    with transaction.atomic():
        user = _member(business, user_id, by)
        _insist_is_not(user, by)
        held = _roles_of(user, business)
        _insist_owner_stays(business, user, held)
        user.memberships.filter(business=business).delete()
        take_pin_away(user_id=user.pk, business=business, by=by, at=at)
        user.sessions_ended += 1
        user.is_active = user.memberships.exists()
        user.save(update_fields=["sessions_ended", "is_active"])
        _follow(user)
        _note(StaffChange.LEFT, business, user, _in_words(held), by, at)


def _insist_manages(business: Business, by: User) -> None:
    """Lock the business, so that sales still refer to it, and ask whether `by` manages it."""
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    if not businesses_for(by, Ability.MANAGE).filter(pk=business.pk).exists():
        raise NotManager("Only who manages a business changes its staff.")


def _locked(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _member(business: Business, user_id: int, by: User) -> User:
    """Return the person behind the lock. Raises NotManager, NoSuchPerson."""
    _insist_manages(business, by)
    if not User.objects.filter(pk=user_id, memberships__business=business).exists():
        raise NoSuchPerson("This person has no role here any more. Look at the list again.")
    user = _locked(user_id)
    if user.is_superuser and not by.is_superuser:
        raise NoSuchPerson("This person keeps the whole system. Only such a person changes that.")
    return user


def _insist_is_not(user: User, by: User) -> None:
    if user.pk == by.pk:
        raise OwnRoles("Nobody changes the own roles. Ask another owner.")


def _insist_owner_stays(business: Business, user: User, lost: Collection[str]) -> None:
    owners = business.memberships.filter(role=Role.OWNER, user__is_active=True)
    if Role.OWNER in lost and not owners.exclude(user=user).exists():
        raise LastOwner("A business keeps an owner. Make somebody else one first.")


def _insist_knows_all_of(user: User, by: User) -> None:
    mine = businesses_for(by, Ability.MANAGE)
    if user.memberships.exclude(business__in=mine).exists():
        raise WorksElsewhere(
            "This person works in a business that is not yours too, and keeps name and password."
        )


def _roles_of(user: User, business: Business) -> frozenset[str]:
    return frozenset(user.memberships.filter(business=business).values_list("role", flat=True))


def _give(user: User, business: Business, roles: Collection[str]) -> None:
    Membership.objects.bulk_create(
        Membership(user=user, business=business, role=role) for role in sorted(roles)
    )
    _follow(user)


def _follow(user: User) -> None:
    """Let into the admin whose roles have something there."""
    opens = user.is_superuser or user.memberships.filter(role__in=OPENS_ADMIN).exists()
    User.objects.filter(pk=user.pk).update(is_staff=opens)


def _note(
    change: StaffChange, business: Business, person: User, detail: str, by: User, at: datetime
) -> None:
    StaffEvent.objects.create(
        business=business, change=change, person=person, detail=detail, by=by, at=at
    )


def _in_words(roles: Collection[str]) -> str:
    return ", ".join(str(label) for role, label in Role.choices if role in roles)


def _details(user: User) -> dict[str, str]:
    return {
        "name": f"{user.first_name} {user.last_name}",
        "phone": user.phone,
        "e-mail": user.email,
    }


def _write_down(user: User, person: Person) -> None:
    """Put what is known of `person` into `user`, unsaved. Raises BadPerson."""
    names = person.first_name.strip(), person.last_name.strip()
    if not names[0]:
        raise BadPerson("Write the first name: colleagues find each other by it.")
    if max(map(len, names)) > MOST_OF_NAME:
        raise BadPerson(f"A name has {MOST_OF_NAME} letters at most.")
    email = person.email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise BadPerson("Write the e-mail address as amina@example.com.") from error
    user.first_name, user.last_name = names
    user.phone, user.email = person.phone, email


def _checked_username(username: str) -> str:
    """Return the name to sign in with as it is kept. Raises BadPerson."""
    name = str(User.normalize_username(username.strip())).lower()
    if not name or len(name) > MOST_OF_USERNAME:
        raise BadPerson(f"Write a name to sign in with, {MOST_OF_USERNAME} letters at most.")
    try:
        User.username_validator(name)
    except ValidationError as error:
        raise BadPerson(
            "A name to sign in with has letters, digits and . _ - alone, no spaces."
        ) from error
    return name


def _checked_roles(roles: Collection[str]) -> frozenset[str]:
    wanted = frozenset(roles)
    if not wanted:
        raise BadPerson("Tick at least one role. Who has left is let go below.")
    if wanted - set(Role.values):
        raise BadPerson("There is no such role. Reload the page and tick again.")
    return wanted
