// The quantity pad: large keys for a line of the cart, as a whole number or by weight.
(() => {
  const $ = (id) => document.getElementById(id);
  const duka = window.duka, pad = $("pad"), text = $("pad-text"), take = $("pad-take");
  let id = null, isFresh = true;

  const item = () => duka.item(id);
  const thousandths = () => (/^[\s0.]*$/.test(text.value) ? 0 : duka.milli(text.value));
  const isGood = () => {
    const isNothing = /^[\s0.]*$/.test(text.value), now = thousandths();
    return isNothing || (now > 0 && now <= 10_000_000 && (item().unit !== "piece" || now % 1000 === 0));
  };
  const show = () => {
    const isGone = isGood() && !thousandths();
    take.disabled = !isGood();
    take.textContent = isGone ? "Take it out" : "Take it";
    $("pad-sum").textContent = !isGood() ? "" : `KES ${duka.shillings(duka.lineCents({ ...item(), quantity: text.value }))}`;
  };
  const press = (key) => {
    // The first key begins a new quantity; the others go on with it.
    if (key === "⌫") text.value = isFresh ? "" : text.value.slice(0, -1);
    else text.value = ((isFresh ? "" : text.value) + key).slice(0, 11);
    isFresh = false;
    show();
  };

  duka.pad = (which) => {
    id = which;
    isFresh = true;
    text.value = item().quantity;
    $("pad-name").textContent = `${item().name}, KES ${duka.shillings(duka.priceOf(item()))}`;
    $("pad-unit").textContent = item().unit === "piece" ? "" : item().unit;
    pad.querySelector("[data-key='.']").disabled = item().unit === "piece";
    pad.showModal();
    text.focus();
    text.select();
    show();
  };
  for (const key of pad.querySelectorAll("[data-key]")) key.onclick = () => press(key.dataset.key);
  text.oninput = () => { isFresh = false; show(); };
  text.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (isGood()) pad.close("take");
  };
  pad.addEventListener("close", () => {
    if (pad.returnValue === "take" && item() && isGood()) duka.set(id, thousandths());
    pad.returnValue = "";
    $("find").focus({ preventScroll: true });
  });
})();
