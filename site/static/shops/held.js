// Held carts: F8 opens the list, which is asked for anew, as another counter may hold and take too.
// And Esc, which never loses a cart without asking.
(() => {
  const $ = (id) => document.getElementById(id);
  const duka = window.duka, held = $("held"), name = $("hold-name"), ask = $("ask-empty"), empty = $("empty-cart");

  const open = () => {
    held.open = true;
    const first = $("held-list").querySelector("button");
    (duka.isEmpty() && first ? first : name).focus();
  };
  held.addEventListener("toggle", async () => {
    if (!held.open) return;
    const answer = await fetch(held.dataset.list).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const at = document.activeElement, isInList = $("held-list").contains(at);
    $("held-list").innerHTML = await answer.text();
    const count = $("held-list").querySelectorAll("button").length;
    if (isInList) ($("held-list").querySelector("button") || name).focus();
    const shown = held.querySelector(".how-many");
    shown.textContent = count;
    shown.hidden = !count;
  });
  // A press beside the list closes it.
  document.addEventListener("click", (event) => { if (held.open && !held.contains(event.target)) held.open = false; });
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    $("sell").requestSubmit(held.querySelector("button[name=hold]"));
  });

  const question = () => { if (!duka.isEmpty() && !ask.open) ask.showModal(); };
  empty.addEventListener("click", question);
  ask.addEventListener("close", () => {
    if (ask.returnValue === "empty") duka.clear();
    if (ask.returnValue === "hold") open();
    else $("find").focus({ preventScroll: true });
    ask.returnValue = "";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "F8") { event.preventDefault(); if (held.open) held.open = false; else open(); }
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    const find = $("find");
    if (held.open) { held.open = false; held.firstElementChild.focus(); }
    else if (event.target === find && find.value) { find.value = ""; find.dispatchEvent(new Event("input")); }
    else question();
  });
})();
