// Locks the counter by itself when nobody has touched it for a while, and tells the server of taps
// that send nothing, such as those that fill a cart. The server locks by its own clock in any case.
(() => {
  const { seconds, alive } = document.currentScript.dataset;
  const form = document.getElementById("lock"), idle = Number(seconds) * 1000, place = "duka-touched";
  if (!form) return;
  let told = Date.now(), isLocking = false;
  // Shared by the tabs: who works in one of them has not left the others.
  const touched = () => Number(localStorage.getItem(place)) || told;
  const lock = () => {
    if (isLocking) return;
    isLocking = true;
    form.submit();
  };
  const touch = () => {
    const now = Date.now();
    if (now - touched() >= idle) return lock();
    localStorage.setItem(place, now);
    if (now - told >= Math.min(60000, idle / 3)) {
      told = now;
      fetch(alive, { redirect: "manual" }).then((answer) => { if (answer.status !== 204) lock(); }, () => {});
    }
  };
  localStorage.setItem(place, told);
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touch, { capture: true, passive: true });
  setInterval(() => { if (Date.now() - touched() >= idle) lock(); }, 2000);
})();
