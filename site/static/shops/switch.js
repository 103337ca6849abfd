// The keypad of large buttons: without it the same form takes the PIN by the keyboard.
(() => {
  const pad = document.getElementById("pad"), pin = document.getElementById("pin");
  if (!pad || !pin) return;
  pad.hidden = false;
  // The screen's own keyboard would cover the keypad.
  if (matchMedia("(pointer: coarse)").matches) { pin.inputMode = "none"; }
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("button[data-key]");
    if (!key) return;
    if (key.dataset.key === "back") pin.value = pin.value.slice(0, -1);
    else if (pin.value.length < pin.maxLength) pin.value += key.dataset.key;
  });
})();
