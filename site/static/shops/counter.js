// The counter's cart: at once on every tap, kept on this device until it is sold. Amounts are whole
// cents; the server prices everything again and refuses a total that is not the one shown.
// find.js and pad.js put into it what is typed, scanned and weighed, through window.duka.
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("sell"), lines = $("lines"), given = $("given");
  const place = `duka-cart-${$("counter").dataset.slug}`;
  const tiles = () => [...document.querySelectorAll(".tile")];
  let cart = { key: form.elements.key.value, items: {} };

  const shillings = (cents) => {
    const whole = Math.floor(Math.abs(cents) / 100), rest = Math.abs(cents) % 100;
    return (cents < 0 ? "-" : "") + whole.toLocaleString("en-GB") + (rest ? "." + String(rest).padStart(2, "0") : "");
  };
  // "2.5" is 2500 thousandths; 0 for what is no quantity.
  const milli = (text) => {
    const match = /^(\d{1,7})(?:\.(\d{1,3}))?$/.exec(String(text).trim());
    return match ? Number(match[1]) * 1000 + Number((match[2] || "0").padEnd(3, "0")) : 0;
  };
  // As money/cents.py reads an amount: cents, null for what is none.
  const cents = (text) => {
    const match = /^(?:KES\.?|KSh\.?)?\s*(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d{1,2}))?$/i.exec(String(text).trim());
    return match ? Number(match[1].replace(/,/g, "")) * 100 + Number((match[2] || "0").padEnd(2, "0")) : null;
  };
  const isNothing = (text) => /^[\s0.]*$/.test(text);
  // As shops/overrides.py: a lower price that was typed for a line, else that of the list.
  const prices = $("prices"), why = form.elements.price_reason;
  const priceOf = (item) => { const typed = cents(item.price || ""); return typed > 0 && typed < item.cents ? typed : item.cents; };
  const lineCents = (item) => Math.floor((2 * priceOf(item) * milli(item.quantity) + 1000) / 2000);
  const listed = () => Object.values(cart.items).reduce((sum, item) => sum + lineCents(item), 0);
  // As shops/discounts.py: a percentage is cut to whole shillings. What cannot be read is none.
  const off = (all) => {
    const text = form.elements.discount.value.trim();
    const percent = /^(\d{1,2})(?:\.(\d{1,2}))? ?%$/.exec(text);
    if (!percent) return cents(text) || 0;
    const bp = Number(percent[1]) * 100 + Number((percent[2] || "0").padEnd(2, "0"));
    const part = Math.floor((2 * all * bp + 10000) / 20000);
    return Math.floor(part / 100) * 100 || part;
  };
  const total = () => Math.max(listed() - off(listed()), 0);
  const due = () => Math.floor((2 * total() + 100) / 200) * 100;
  const plain = (thousandths) => String(thousandths / 1000);

  // What another version or a curious hand left there is forgotten, not trusted.
  const kept = () => {
    try {
      const held = JSON.parse(localStorage.getItem(place));
      const isItem = (item) => item && typeof item.name === "string" && Number.isInteger(item.cents) && typeof item.quantity === "string" && typeof (item.price || "") === "string";
      return held && typeof held.key === "string" && Object.values(held.items).every(isItem) ? held : null;
    } catch {
      return null;
    }
  };
  const keep = () => localStorage.setItem(place, JSON.stringify(cart));

  const row = (id, item) => {
    const tr = document.createElement("tr");
    tr.innerHTML = '<td><button type="button" class="what"></button><small></small></td><td class="qty"><span class="step"><button type="button">−</button><input inputmode="decimal" maxlength="11"><button type="button">+</button></span></td><td class="num"></td>';
    const [what, less, more] = tr.querySelectorAll("button"), input = tr.querySelector("input");
    what.textContent = item.unit && item.unit !== "piece" ? `${item.name}, ${item.unit}` : item.name;
    what.title = "Set the quantity";
    what.onclick = () => window.duka.pad(id);
    less.setAttribute("aria-label", `One ${item.name} less`);
    more.setAttribute("aria-label", `One ${item.name} more`);
    input.setAttribute("aria-label", `Quantity of ${item.name}`);
    input.name = `line-${id}`;
    input.value = item.quantity;
    less.onclick = () => add(id, -1000);
    more.onclick = () => add(id, 1000);
    // On glass the pad comes in place of the keyboard, which would hide the cart.
    if (matchMedia("(pointer: coarse)").matches) { input.inputMode = "none"; input.onclick = () => window.duka.pad(id); }
    input.oninput = () => {
      item.quantity = input.value;
      input.setCustomValidity(milli(input.value) || isNothing(input.value) ? "" : "Write a quantity such as 1, 2.5 or 0.750.");
      keep();
      sums();
    };
    input.onchange = () => {
      if (isNothing(input.value)) delete cart.items[id];
      if (input.reportValidity()) show();
    };
    return tr;
  };

  // One field a line, for who may sell below the price.
  const priced = (id, item) => {
    const label = document.createElement("label"), input = document.createElement("input"), name = document.createElement("span");
    label.className = "row";
    name.textContent = item.name;
    Object.assign(input, { name: `price-${id}`, value: item.price || "", inputMode: "decimal", maxLength: 16, autocomplete: "off", placeholder: shillings(item.cents), ariaLabel: `Price of ${item.name}` });
    input.oninput = () => { item.price = input.value; keep(); sums(); };
    label.append(name, input);
    return label;
  };

  const sums = () => {
    for (const [index, item] of Object.values(cart.items).entries()) {
      const tr = lines.rows[index], each = priceOf(item);
      tr.querySelector(".num").textContent = shillings(lineCents(item));
      tr.querySelector("small").textContent = each < item.cents ? `${shillings(each)}, list ${shillings(item.cents)}` : "";
    }
    $("total").textContent = $("jump-total").textContent = "KES " + shillings(total());
    form.elements.shown.value = total();
    for (const tile of tiles()) {
      const item = cart.items[tile.dataset.id];
      tile.classList.toggle("held", Boolean(item));
      tile.querySelector(".held-count").textContent = item ? item.quantity : "";
    }
    change();
  };

  const show = () => {
    lines.replaceChildren(...Object.entries(cart.items).map(([id, item]) => row(id, item)));
    const isEmpty = lines.rows.length === 0;
    $("empty").hidden = !isEmpty;
    if (prices) {
      prices.replaceChildren(...Object.entries(cart.items).map(([id, item]) => priced(id, item)));
      $("below").hidden = isEmpty;
    }
    $("jump").hidden = $("empty-cart").hidden = isEmpty;
    // An empty cart is a new one: the key of what it held before stays with that.
    if (isEmpty) { cart.key = fresh(); cart.why = ""; if (why) why.value = ""; }
    form.elements.key.value = cart.key;
    keep();
    sums();
  };

  const change = () => {
    const paid = cents(given.value), back = paid === null ? null : paid - due();
    const isLess = back !== null && back < 0, amount = document.createElement("b");
    amount.textContent = `KES ${shillings(Math.abs(back))}`;
    $("change").replaceChildren(...(back === null || !total() ? [] : isLess ? [amount, " more needed"] : ["Change ", amount]));
    $("change").classList.toggle("lost", isLess);
  };

  // Thousandths that the line of a product holds, and the last line that was touched.
  let last = null;
  const held = (id) => (cart.items[id] ? milli(cart.items[id].quantity) : 0);
  const onTile = (tile) => ({ name: tile.dataset.name, unit: tile.dataset.unit, cents: Number(tile.dataset.cents) });
  const set = (id, thousandths) => {
    const tile = tiles().find((one) => one.dataset.id === String(id));
    const item = cart.items[id] || (tile && { ...onTile(tile), quantity: "0" });
    if (!item) return;
    if (thousandths <= 0) delete cart.items[id];
    else cart.items[id] = { ...item, quantity: plain(thousandths) };
    last = thousandths > 0 ? id : null;
    show();
  };
  const add = (id, thousandths) => set(id, held(id) + thousandths);

  // Names and prices are the page's, not the ones that were kept.
  const renew = () => {
    for (const tile of tiles()) if (cart.items[tile.dataset.id]) Object.assign(cart.items[tile.dataset.id], onTile(tile));
  };
  const load = () => {
    cart = kept() || { key: cart.key, items: {} };
    // It is held now, here or by another tab.
    if (cart.key === $("counter").dataset.forget) cart = { key: fresh(), items: {} };
    renew();
    if (prices) { why.value = cart.why || ""; $("below").open ||= Object.values(cart.items).some((item) => item.price); }
    // What another one sold below its price, on this device, is not for this one to give.
    else for (const item of Object.values(cart.items).filter((one) => one.price)) {
      delete item.price;
      $("said").textContent = "Prices below the list were left out. Call a manager.";
      $("said").hidden = false;
    }
  };

  const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // The answer to a press has no address of its own: looked at again, it is the counter.
  if ($("counter").dataset.came) history.replaceState(null, "", $("counter").dataset.here);
  if ($("counter").dataset.sent) {
    // A refused form came back: what it holds is the truth, not what was kept before.
    for (const tr of lines.rows)
      cart.items[tr.dataset.id] = { name: tr.dataset.name, unit: tr.dataset.unit, cents: Number(tr.dataset.cents), quantity: tr.querySelector("input").value, price: form.elements[`price-${tr.dataset.id}`]?.value };
    cart.why = why?.value;
  } else {
    cart.key = fresh();
    load();
  }
  show();

  window.duka = { add, set, held, last: () => last, item: (id) => cart.items[id], shillings, milli, priceOf, lineCents, isEmpty: () => lines.rows.length === 0, clear: () => { cart.items = {}; form.reset(); show(); }, renew: () => { renew(); show(); }, times: () => 1000 };
  $("tiles").addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    event.preventDefault();
    const thousandths = window.duka.times(tile.dataset);
    if (thousandths) add(tile.dataset.id, thousandths);
  });
  for (const note of document.querySelectorAll("[data-note]"))
    note.onclick = () => { given.value = note.dataset.note; change(); };
  given.oninput = change;
  form.elements.discount.oninput = sums;
  if (why) why.oninput = () => { cart.why = why.value; keep(); };
  // The customer's number is what comes next.
  $("jump-mpesa").onclick = (event) => { event.preventDefault(); $("phone").focus({ preventScroll: true }); $("phone").scrollIntoView({ block: "center" }); };
  // Enter in a field takes the button beside it, whatever button comes first in the form.
  const enter = (field, name, value) => field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(`button[name=${name}][value=${value}]`));
  });
  enter(given, "pay", "cash");
  enter($("phone"), "pay", "mpesa");
  for (const part of [lines, $("below")])
    part?.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.target.matches("summary")) { event.preventDefault(); event.target.blur(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "F2") { event.preventDefault(); $("find").focus(); }
    if (event.key === "F9") { event.preventDefault(); given.focus(); given.scrollIntoView({ block: "center" }); }
  });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sending) event.preventDefault();
    form.dataset.sending = "yes";
  });
  // What was refused is shown, not left below the edge of a small screen.
  document.querySelector(".refusal")?.scrollIntoView({ block: "center" });
  // The bar leads to the form; over the form it would be in the way.
  new IntersectionObserver(([seen]) => $("jump").classList.toggle("away", seen.isIntersecting), { threshold: 0.15 }).observe(form);
  // Back from the next page, or a cart that was sold in another tab: look again.
  window.addEventListener("pageshow", (event) => { delete form.dataset.sending; if (event.persisted) { load(); show(); } });
  window.addEventListener("storage", (event) => { if (event.key === place) { if (event.newValue === null) cart.key = fresh(); load(); show(); } });
})();
