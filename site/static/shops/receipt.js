// Prints by a press, or by itself where the page is the paper of a print. The address becomes that of
// the receipt then: coming back to it prints nothing a second time.
(() => {
  document.getElementById("print")?.addEventListener("click", () => window.print());
  const paper = document.querySelector("[data-print]");
  if (!paper) return;
  window.addEventListener("load", () => {
    history.replaceState(null, "", paper.dataset.print);
    window.print();
  });
})();
