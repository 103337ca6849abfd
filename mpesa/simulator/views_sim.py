"""The simulator's own JSON API, by which tests hold the phones and turn the knobs."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from mpesa.simulator.doors import world_of
from mpesa.simulator.prompts import Prompt
from mpesa.simulator.sentences import BadRequest, as_sentences, json_object, shortcode_of, text_of

FILTERS: dict[str, Callable[[Prompt], str]] = {
    "phone": lambda prompt: prompt.push.phone,
    "shortcode": lambda prompt: prompt.push.shortcode,
    "reference": lambda prompt: prompt.push.reference,
    "state": lambda prompt: "open" if prompt.open else "ended",
}


@as_sentences("GET")
def alive(request: HttpRequest) -> JsonResponse:
    """Say that the simulator runs, and how many messages are still on their way."""
    world = world_of(request)
    prompts = world.prompts()
    opened = sum(prompt.open for prompt in prompts)
    found = {"alive": True, "prompts": len(prompts), "open": opened, "waiting": world.mail.waiting}
    return JsonResponse(found)


@as_sentences("GET", "POST")
def knobs(request: HttpRequest) -> JsonResponse:
    """Show the knobs, or change some for all shortcodes or for one."""
    world = world_of(request)
    if request.method == "POST":
        changes = json_object(request)
        shortcode = shortcode_of(changes.pop("shortcode", ""))
        if changes == {"clear": True} and shortcode:
            world.clear_knobs(shortcode)
        else:
            world.turn(shortcode, changes)
    return JsonResponse(world.knobs.as_json())


@as_sentences("POST")
def preset(request: HttpRequest, name: str) -> JsonResponse:
    """Apply a preset to all shortcodes or to one; a body may set further knobs on top of it."""
    world = world_of(request)
    world.turn(shortcode_of(request.GET.get("shortcode", "")), json_object(request), preset=name)
    return JsonResponse(world.knobs.as_json())


@as_sentences("GET", "POST")
def credentials(request: HttpRequest) -> JsonResponse:
    """Show which consumer keys are known, or add one, or set the passkey of a shortcode."""
    access = world_of(request).access
    if request.method == "POST":
        fields = json_object(request)
        if set(fields) == {"consumer_key", "consumer_secret"}:
            access.add_app(text_of(fields, "consumer_key"), text_of(fields, "consumer_secret"))
        elif set(fields) == {"shortcode", "passkey"}:
            access.set_passkey(shortcode_of(fields["shortcode"]), text_of(fields, "passkey"))
        else:
            raise BadRequest(
                "Write consumer_key and consumer_secret, or shortcode and passkey, nothing else."
            )
    return JsonResponse(access.as_json())


@as_sentences("GET")
def prompts(request: HttpRequest) -> JsonResponse:
    """List the prompts, newest first, by phone, shortcode, reference or state if asked."""
    wanted = request.GET.dict()
    unknown = set(wanted) - set(FILTERS)
    if unknown:
        raise BadRequest(f"There is no filter {min(unknown)!r}. Known are: {', '.join(FILTERS)}.")
    found = [
        prompt.as_json()
        for prompt in world_of(request).prompts()
        if all(FILTERS[name](prompt) == value for name, value in wanted.items())
    ]
    return JsonResponse({"prompts": found})


@as_sentences("GET")
def prompt(request: HttpRequest, name: str) -> JsonResponse:
    """Show one prompt."""
    return JsonResponse(world_of(request).prompt(name).as_json())


@as_sentences("POST")
def answer(request: HttpRequest, name: str) -> JsonResponse:
    """Answer a prompt in the customer's place."""
    fields = json_object(request)
    if set(fields) != {"action"}:
        raise BadRequest('Write {"action": ...} and nothing else.')
    answered = world_of(request).answer(name, fields["action"], timezone.now())
    return JsonResponse(answered.as_json())


@as_sentences("POST")
def redeliver(request: HttpRequest, name: str) -> JsonResponse:
    """Send the callback of an ended prompt once more."""
    return JsonResponse(world_of(request).redeliver(name).as_json())


@as_sentences("POST")
def reset(request: HttpRequest) -> JsonResponse:
    """Forget everything."""
    world = world_of(request)
    world.reset()
    return JsonResponse(world.knobs.as_json())
