// Ticks what comes back with + and −, and shows what goes back while it is chosen. The server
// computes it again, as shops/refunding.py does.
(() => {
  const form = document.getElementById("refund"), all = form.elements.all;
  if (!all) return;
  const rows = [...form.querySelectorAll("tr[data-left]")].filter((tr) => tr.querySelector("input"));
  const milli = (text) => {
    const match = /^(\d{1,7})(?:\.(\d{1,3}))?$/.exec(text.trim());
    return match ? Number(match[1]) * 1000 + Number((match[2] || "0").padEnd(3, "0")) : 0;
  };
  const centsOf = (tr) => {
    const { quantity, cents, left, back, backCents } = tr.dataset;
    const wanted = all.checked ? Number(left) : milli(tr.querySelector("input").value);
    if (wanted > Number(left)) return 0;
    const inAll = Math.floor((2 * Number(cents) * (Number(back) + wanted) + Number(quantity)) / (2 * Number(quantity)));
    return inAll - Number(backCents);
  };
  const show = () => {
    const cents = rows.reduce((sum, tr) => sum + centsOf(tr), 0), rest = cents % 100;
    document.getElementById("back").textContent = "KES " + Math.floor(cents / 100).toLocaleString("en-GB") + (rest ? "." + String(rest).padStart(2, "0") : "");
    for (const tr of rows) tr.classList.toggle("picked", all.checked || milli(tr.querySelector("input").value) > 0);
  };
  for (const tr of rows) {
    const field = tr.querySelector("input"), [less, more] = tr.querySelectorAll("button"), left = Number(tr.dataset.left);
    const step = (by) => {
      const wanted = Math.min(Math.max((all.checked ? left : milli(field.value)) + by, 0), left);
      all.checked = false;
      field.value = wanted ? String(wanted / 1000) : "";
      show();
    };
    less.hidden = more.hidden = false;
    less.onclick = () => step(-1000);
    more.onclick = () => step(1000);
    field.oninput = () => { all.checked = false; show(); };
  }
  // What "all" stands for is seen in every line, and may be changed there.
  all.onchange = () => {
    for (const tr of rows) tr.querySelector("input").value = all.checked ? String(Number(tr.dataset.left) / 1000) : "";
    show();
  };
  form.querySelector(".counted").hidden = false;
  form.addEventListener("submit", (event) => { if (form.dataset.sent) event.preventDefault(); form.dataset.sent = "yes"; });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; show(); });
  document.querySelector(".refusal")?.scrollIntoView({ block: "center" });
  show();
})();
