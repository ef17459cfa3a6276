// A form marked data-scan is for a scanner, which types a code and Enter. Its field has the focus, whatever happens: it is
// empty for the next code as soon as one was sent, and a code that was refused stands in it, chosen, to be typed over.
// Units sent without a code are how many there are of the last product; its line stands in a hidden field of its card.
// Without this module the page does the same, a page at a time.
const form = document.querySelector("[data-scan]");

if (form) {
  const { code, units } = form.elements;
  code.focus();
  code.select();

  form.addEventListener(
    "submit",
    (event) => {
      if (code.value.trim() !== "") return;
      if (document.activeElement !== code && units.value.trim() !== "" && form.elements.line) return;
      event.preventDefault(); // a scanner that sends Enter twice
      event.stopImmediatePropagation();
    },
    true,
  );

  document.addEventListener("htmx:config:request", (event) => {
    if (event.target !== form) return; // what is sent has been read out of the fields by now
    code.value = "";
    code.removeAttribute("aria-invalid");
    units.value = "";
    form.elements.line?.remove(); // until the answer tells which product was the last
    code.focus();
  });

  // The list of what everybody scanned looks again by itself: not while somebody is in it, and the focus stays where it is.
  for (const moment of ["htmx:before:request", "htmx:before:swap"]) {
    document.addEventListener(moment, (event) => {
      if (isWatching(event) && event.target.contains(document.activeElement)) event.preventDefault();
    });
  }

  document.addEventListener("htmx:after:settle", (event) => {
    if (isWatching(event)) return;
    const refused = document.querySelector("[data-scan-refused]")?.dataset.scanRefused;
    if (refused && code.value === "") {
      code.value = refused;
      code.setAttribute("aria-invalid", "true");
      code.select();
    }
    code.focus();
  });

  // A scan that comes while nothing has the focus is not lost.
  document.addEventListener("keydown", (event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    code.focus();
  });
}

function isWatching(event) {
  return event.target.id === "count-lines";
}
