// The cart that became this sale is empty now, in every tab of this browser.
(() => {
  const sale = document.querySelector("[data-sold]");
  const place = `duka-cart-${sale.dataset.slug}`;
  if ((localStorage.getItem(place) || "").includes(`"${sale.dataset.sold}"`)) localStorage.removeItem(place);
  // A button pressed twice sends once.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

  // One field says how much of it is paid now, whichever way; without the script each way has its own.
  const shillings = (cents) => "KES " + Math.floor(cents / 100).toLocaleString("en-GB");
  const split = () => {
    const part = document.getElementById("part"), due = document.getElementById("due");
    if (!part) return;
    document.getElementById("split").hidden = false;
    for (const own of document.querySelectorAll(".ways .part")) own.hidden = true;
    for (const own of document.querySelectorAll(".ways [name=part]")) own.value = part.value;
    const text = part.value.replace(/,/g, "").trim(), cents = /^\d{1,9}$/.test(text) ? Number(text) * 100 : 0;
    const left = Number(due.dataset.cents) - cents, rest = document.getElementById("rest");
    rest.textContent = !cents ? "" : left > 0 ? `${shillings(left)} are left then` : left === 0 ? "That is all of it" : "That is more than is due";
    const label = document.getElementById("due-of");
    label.dataset.all ||= label.textContent;
    label.textContent = cents && left > 0 ? "Now" : label.dataset.all;
    due.textContent = cents && left > 0 ? shillings(cents) : due.dataset.all ||= due.textContent;
  };
  document.addEventListener("input", (event) => { if (event.target.id === "part") split(); });
  document.addEventListener("htmx:afterSwap", split);
  document.querySelector(".refusal")?.scrollIntoView({ block: "center" });
  split();
})();
