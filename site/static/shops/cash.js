// Counts add up while they are typed, a picture is made small; the server does all of it again.
(() => {
  const pieces = [...document.querySelectorAll("[data-piece]")], shown = document.getElementById("counted");
  const add = () => {
    const total = pieces.reduce((sum, field) => sum + (/^\d+$/.test(field.value) ? Number(field.value) * Number(field.dataset.piece) : 0), 0);
    shown.textContent = "KES " + total.toLocaleString("en-GB");
  };
  for (const [at, field] of pieces.entries()) {
    field.oninput = add;
    // Enter goes on to the next piece: who counts holds notes in the other hand.
    field.onkeydown = (event) => {
      if (event.key !== "Enter" || at === pieces.length - 1) return;
      event.preventDefault();
      pieces[at + 1].focus();
    };
  }
  if (shown) add();

  for (const form of document.querySelectorAll("form.once")) {
    form.onsubmit = (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    };
    window.addEventListener("pageshow", () => delete form.dataset.sent);
  }

  for (const form of document.querySelectorAll(".cash-move form")) {
    const what = form.elements.what, found = form.querySelector(".found"), supplier = form.querySelector(".to-supplier");
    const show = () => { found.hidden = what.value !== "in:found"; supplier.hidden = what.value !== "out:supplier"; };
    what.onchange = show;
    show();
    form.elements.paper.onchange = (event) => shrink(event.target);
  }

  // A phone's camera makes 5 MB of a slip; 1600 points across are read as well.
  async function shrink(field) {
    const file = field.files[0];
    if (!file || !file.type.startsWith("image/") || file.size < 400000 || !window.createImageBitmap) return;
    try {
      const picture = await createImageBitmap(file), most = Math.max(picture.width, picture.height);
      const canvas = document.createElement("canvas"), scale = Math.min(1, 1600 / most);
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
      if (!blob || blob.size >= file.size || field.files[0] !== file) return;
      const small = new DataTransfer();
      small.items.add(new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }));
      field.files = small.files;
    } catch { /* What cannot be read here is sent as it is. */ }
  }
})();
