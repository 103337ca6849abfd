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
})();
