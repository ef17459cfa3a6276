// The page of a product reads itself again when something changed. A correction that somebody has begun is left as it is, for
// it is the difference to what they saw; a sentence then says that the stock is another by now.
const card = document.getElementById("correction");

if (card) {
  document.addEventListener("htmx:before:swap", () => {
    card.toggleAttribute("hx-morph-skip", isBegun(card.querySelector("form")));
  });

  document.addEventListener("htmx:after:settle", () => {
    const { seen } = card.querySelector("form").elements;
    card.querySelector("[data-moved]").hidden = seen.value === document.getElementById("product").dataset.onHand;
  });
}

function isBegun(form) {
  if ("begun" in form.dataset || form.contains(document.activeElement)) return true;
  return [...form.querySelectorAll("input:not([type=hidden]), select")].some(isFilledIn);
}

function isFilledIn(field) {
  if (field.matches("select")) return field.selectedIndex > 0;
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}
