// The counter's search: typed words, and codes that a scanner types and ends with Enter. Every Enter
// counts, however fast the next one follows: what was typed leaves the field at once and is looked up
// in its turn, here or at the server. "3*" before it, or "*3" after it, says how many.
(() => {
  const $ = (id) => document.getElementById(id);
  const duka = window.duka, find = $("find"), said = $("said");
  // A scanner's keys follow one another faster than fingers do.
  const SCANNER_MS = 60, SCANNER_KEYS = 6, TYPING_MS = 150;

  const tiles = () => [...document.querySelectorAll(".tile")];
  const codeOf = (words) => (/^\d{12}$/.test(words) ? `0${words}` : words);
  // Digits alone, six or more: a code whatever it matches, never a name.
  const isScanned = (words) => /^\d{6,}$/.test(words);
  const hasCode = (tile, words) => (tile.dataset.codes || "").split(" ").includes(codeOf(words));
  const isNamed = (tile, words) => words.toLowerCase().split(/\s+/).every((word) => tile.dataset.name.toLowerCase().includes(word));
  const wanted = (text) => {
    const before = /^(\d[\d.]*)\s*\*\s*(.*)$/.exec(text.trim()), after = /^(.*?)\s*\*\s*(\d[\d.]*)$/.exec(text.trim());
    if (before && duka.milli(before[1])) return { words: before[2].trim(), times: duka.milli(before[1]) };
    if (after && duka.milli(after[2])) return { words: after[1].trim(), times: duka.milli(after[2]), isAfter: true };
    return { words: text.trim(), times: 0 };
  };
  const say = (sentence) => { said.textContent = sentence; said.hidden = !sentence; if (sentence) said.scrollIntoView({ block: "nearest" }); };

  // How many the next one counts.
  let next = 0;
  const count = (thousandths) => {
    next = thousandths;
    $("times").hidden = !next;
    $("times").firstElementChild.textContent = `${next / 1000} × what comes next`;
  };
  const isWhole = (name, unit, thousandths) => {
    if (unit !== "piece" || thousandths % 1000 === 0) return true;
    say(`${name} is sold whole. Write 1, 2 or 3.`);
    return false;
  };
  const timesOf = ({ name, unit }) => {
    const thousandths = next || 1000;
    count(0);
    say("");
    return isWhole(name, unit, thousandths) ? thousandths : 0;
  };
  duka.times = timesOf;

  const search = () => {
    const { words } = wanted(find.value);
    for (const tile of tiles()) tile.hidden = Boolean(words) && !isNamed(tile, words) && !hasCode(tile, words);
    // A family opens for what is looked for in it, and closes afterwards.
    for (const family of document.querySelectorAll(".family")) {
      family.hidden = ![...family.querySelectorAll(".tile")].some((tile) => !tile.hidden);
      family.open = Boolean(words) && !family.hidden;
    }
    $("nothing").hidden = tiles().some((tile) => !tile.hidden);
  };

  // What the server finds stays on the page, by code first; what is there already is renewed.
  const ask = async (words) => {
    const answer = await fetch(`${$("counter").dataset.here}?q=${encodeURIComponent(words)}`, { headers: { "X-Tiles": "yes" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const found = document.createElement("template");
    found.innerHTML = await answer.text();
    const fresh = [...found.content.querySelectorAll(".tile")], here = new Map(tiles().map((tile) => [tile.dataset.id, tile]));
    for (const tile of fresh)
      if (here.has(tile.dataset.id)) here.get(tile.dataset.id).replaceWith(tile);
      else $("tiles").append(tile);
    duka.renew();
    search();
    return fresh;
  };
  let asking = 0;
  const further = async () => {
    const { words } = wanted(find.value), mine = ++asking;
    if (!words || !$("tiles").dataset.more) return;
    await new Promise((done) => setTimeout(done, TYPING_MS));
    if (mine === asking) await ask(words).catch(() => null);
  };

  const take = async (words, times) => {
    let tile = tiles().find((one) => hasCode(one, words)) || (!isScanned(words) && tiles().find((one) => isNamed(one, words)));
    if (!tile) {
      const found = await ask(words).catch(() => null);
      if (!found) return say(`The server did not answer: “${words}” was not added. Try it once more.`);
      tile = found.find((one) => hasCode(one, words)) || (!isScanned(words) && found[0]);
    }
    if (!tile) return say(`Nothing on sale here ${isScanned(words) ? "has the code" : "is called"} “${words}”. Nothing was added.`);
    if (times) count(times);
    const thousandths = timesOf(tile.dataset);
    if (thousandths) duka.add(tile.dataset.id, thousandths);
  };

  let line = Promise.resolve(), waiting = 0;
  const enter = (text) => {
    const { words, times, isAfter } = wanted(text);
    if (!words && times && isAfter && duka.last() !== null) {
      const id = duka.last(), { name, unit } = duka.item(id);
      if (isWhole(name, unit, times)) { say(""); duka.set(id, times); }
    } else if (!words) {
      if (times) count(times);
    } else {
      waiting += 1;
      line = line.then(() => take(words, times)).finally(() => { waiting -= 1; });
    }
  };
  const leave = () => {
    const text = find.value;
    find.value = "";
    search();
    enter(text);
    find.focus();
  };

  find.addEventListener("input", () => { search(); further(); });
  find.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); leave(); } });
  $("find-button").addEventListener("click", (event) => { event.preventDefault(); leave(); });
  $("times").querySelector("button").addEventListener("click", () => { count(0); find.focus(); });

  // What a scanner types beside the search is taken there; a field that it fell into is as it was.
  let burst = "", at = 0, into = null, before = "";
  document.addEventListener("keydown", (event) => {
    if (event.target === find || event.ctrlKey || event.altKey || event.metaKey) return;
    const isField = event.target.matches("input, select, textarea");
    if (event.key === "Enter") {
      if (burst.length >= SCANNER_KEYS && event.timeStamp - at < SCANNER_MS) {
        event.preventDefault();
        event.stopPropagation();
        if (isField) { into.value = before; into.dispatchEvent(new Event("input", { bubbles: true })); into.select?.(); }
        enter(burst);
      }
      burst = "";
    } else if (event.key.length === 1) {
      if (event.timeStamp - at > SCANNER_MS || event.target !== into) { burst = ""; into = event.target; before = into.value; }
      burst += event.key;
      at = event.timeStamp;
      if (!isField && event.key !== " " && !$("pad").open) find.focus();
    }
  }, true);

  // Nothing is paid while a scan is still being looked up.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "sell" || !waiting) return;
    event.preventDefault();
    event.stopPropagation();
    const { submitter } = event;
    line.then(() => event.target.requestSubmit(submitter));
  }, true);

  search();
})();
