// The books' pages work without this; with it a journal adds itself up and grows, and sends once.
(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[method=post]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  const here = document.querySelector(".places [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.clientWidth / 2 + here.offsetWidth / 2;
  const journal = document.getElementById("journal");
  if (!journal) return;
  const sums = document.getElementById("sums");
  const cents = (text) => (/^\s*[\d,]+(\.\d{1,2})?\s*$/.test(text) ? Math.round(Number(text.replace(/,/g, "")) * 100) : 0);
  const shown = (value) => (value / 100).toLocaleString("en-KE", { minimumFractionDigits: 2 });
  const side = (name) => [...journal.querySelectorAll(`input[name^=${name}-]`)].reduce((sum, field) => sum + cents(field.value), 0);
  const add = () => {
    const debit = side("debit"), credit = side("credit"), off = debit - credit;
    const rest = sums.dataset.opening === "yes" ? `to 3300: ${shown(Math.abs(off))}` : `${off > 0 ? "credit" : "debit"} ${shown(Math.abs(off))} missing`;
    sums.textContent = `Debit ${shown(debit)} · Credit ${shown(credit)}${off ? ` · ${rest}` : debit ? " · even" : ""}`;
    sums.classList.toggle("off", Boolean(off) && sums.dataset.opening !== "yes");
  };
  journal.addEventListener("input", add);
  add();
  const more = document.getElementById("more");
  if (more) more.addEventListener("click", (event) => {
    event.preventDefault();
    const lines = journal.querySelectorAll("#lines .line:not(.names)");
    const last = lines[lines.length - 1], copy = last.cloneNode(true), number = lines.length + 1;
    copy.querySelectorAll("[name]").forEach((field) => {
      field.name = field.name.replace(/\d+$/, number);
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, number));
      field.value = "";
    });
    last.after(copy);
    copy.querySelector("select").focus();
  });
})();
