// The counter's cart: at once on every tap, kept on this device until it is sold. Amounts are whole
// cents; the server prices everything again and refuses a total that is not the one shown.
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("sell"), lines = $("lines"), find = $("find"), given = $("given");
  const place = `duka-cart-${$("counter").dataset.slug}`;
  const tiles = [...document.querySelectorAll(".tile")];
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
  const isNothing = (text) => /^[\s0.]*$/.test(text);
  const lineCents = (item) => Math.floor((2 * item.cents * milli(item.quantity) + 1000) / 2000);
  const total = () => Object.values(cart.items).reduce((sum, item) => sum + lineCents(item), 0);
  const due = () => Math.floor((2 * total() + 100) / 200) * 100;
  const plain = (thousandths) => String(thousandths / 1000);

  // What another version or a curious hand left there is forgotten, not trusted.
  const kept = () => {
    try {
      const held = JSON.parse(localStorage.getItem(place));
      const isItem = (item) => item && typeof item.name === "string" && Number.isInteger(item.cents) && typeof item.quantity === "string";
      return held && typeof held.key === "string" && Object.values(held.items).every(isItem) ? held : null;
    } catch {
      return null;
    }
  };
  const keep = () => localStorage.setItem(place, JSON.stringify(cart));

  const row = (id, item) => {
    const tr = document.createElement("tr");
    tr.innerHTML = '<td class="what"></td><td class="qty"><span class="step"><button type="button">−</button><input inputmode="decimal" maxlength="11"><button type="button">+</button></span></td><td class="num"></td>';
    const [less, more] = tr.querySelectorAll("button"), input = tr.querySelector("input");
    tr.querySelector(".what").textContent = item.unit && item.unit !== "piece" ? `${item.name}, ${item.unit}` : item.name;
    less.setAttribute("aria-label", `One ${item.name} less`);
    more.setAttribute("aria-label", `One ${item.name} more`);
    input.setAttribute("aria-label", `Quantity of ${item.name}`);
    input.name = `line-${id}`;
    input.value = item.quantity;
    less.onclick = () => add(id, -1000);
    more.onclick = () => add(id, 1000);
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

  const sums = () => {
    for (const [index, item] of Object.values(cart.items).entries())
      lines.rows[index].querySelector(".num").textContent = shillings(lineCents(item));
    $("total").textContent = $("jump-total").textContent = "KES " + shillings(total());
    form.elements.shown.value = total();
    for (const tile of tiles) {
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
    $("jump").hidden = isEmpty;
    // An empty cart is a new one: the key of what it held before stays with that.
    if (isEmpty) cart.key = fresh();
    form.elements.key.value = cart.key;
    keep();
    sums();
  };

  const change = () => {
    const text = given.value.replace(/,/g, "").trim();
    const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text);
    const back = match ? Number(match[1]) * 100 + Number((match[2] || "0").padEnd(2, "0")) - due() : null;
    $("change").textContent = back === null || !total() ? "" : back < 0 ? `KES ${shillings(-back)} more needed` : `Change KES ${shillings(back)}`;
  };

  const add = (id, thousandths) => {
    const tile = tiles.find((one) => one.dataset.id === String(id));
    const item = cart.items[id] || (tile && { name: tile.dataset.name, unit: tile.dataset.unit, cents: Number(tile.dataset.cents), quantity: "0" });
    if (!item) return;
    const now = milli(item.quantity) + thousandths;
    if (now <= 0) delete cart.items[id];
    else cart.items[id] = { ...item, quantity: plain(now) };
    show();
  };

  const visible = () => tiles.filter((tile) => !tile.hidden);
  const search = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const tile of tiles) tile.hidden = !words.every((word) => tile.dataset.name.toLowerCase().includes(word));
    $("nothing").hidden = tiles.length === 0 || visible().length > 0;
  };
  const wire = (tile) => tile.addEventListener("click", (event) => { event.preventDefault(); add(tile.dataset.id, 1000); });

  // A shop with more products than tiles: the server searches the rest, and what it finds stays.
  let asking = 0;
  const searchFurther = async () => {
    const words = find.value.trim(), mine = ++asking;
    if (!words || !$("tiles").dataset.more) return;
    await new Promise((done) => setTimeout(done, 150));
    if (mine !== asking) return;
    const answer = await fetch(`?q=${encodeURIComponent(words)}`, { headers: { "X-Tiles": "yes" } });
    if (!answer.ok || answer.redirected) return;
    const found = document.createElement("template");
    found.innerHTML = await answer.text();
    const held = new Set(tiles.map((tile) => tile.dataset.id));
    for (const tile of found.content.querySelectorAll(".tile"))
      if (!held.has(tile.dataset.id)) { $("tiles").append(tile); tiles.push(tile); wire(tile); }
    search();
  };

  const load = () => {
    const held = kept();
    if (held) cart = held;
    else cart = { key: cart.key, items: {} };
    // Names and prices are the page's, not the ones that were kept.
    for (const tile of tiles) {
      const item = cart.items[tile.dataset.id];
      if (item) Object.assign(item, { name: tile.dataset.name, unit: tile.dataset.unit, cents: Number(tile.dataset.cents) });
    }
  };

  const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  if ($("counter").dataset.sent) {
    // A refused form came back: what it holds is the truth, not what was kept before.
    for (const tr of lines.rows)
      cart.items[tr.dataset.id] = { name: tr.dataset.name, unit: tr.dataset.unit, cents: Number(tr.dataset.cents), quantity: tr.querySelector("input").value };
  } else {
    cart.key = fresh();
    load();
  }
  show();

  for (const tile of tiles) wire(tile);
  for (const note of document.querySelectorAll("[data-note]"))
    note.onclick = () => { given.value = note.dataset.note; change(); };
  given.oninput = change;
  find.oninput = () => { search(); searchFurther(); };
  find.form.onsubmit = async (event) => {
    event.preventDefault();
    const times = /\*(\d{1,4})$/.exec(find.value);
    if (times) find.value = find.value.replace(times[0], "").trim();
    search();
    if (!visible().length) await searchFurther();
    const first = visible()[0];
    if (find.value.trim() && first) { add(first.dataset.id, 1000 * Number(times ? times[1] : 1)); find.value = ""; search(); }
  };
  // Enter in a field takes the button beside it, whatever button comes first in the form.
  const enter = (field, name, value) => field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(`button[name=${name}][value=${value}]`));
  });
  enter(given, "pay", "cash");
  enter($("phone"), "pay", "mpesa");
  lines.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); event.target.blur(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key === "F2") { event.preventDefault(); find.focus(); }
    if (event.key === "F8") { event.preventDefault(); given.focus(); }
    if (event.key === "F9") { event.preventDefault(); $("phone").focus(); }
  });
  form.addEventListener("submit", (event) => {
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
