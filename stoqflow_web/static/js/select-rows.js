// In a form marked data-selects-rows the box in the heading ticks all boxes of the page, and says when they all are.
// Without this module the box is sent as it is, and the server knows what it means.
const HEADING = ".table__check--all input";
const ROWS = "td.table__check input";

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-selects-rows]");
  if (!form) return;
  const rows = [...form.querySelectorAll(ROWS)];
  const heading = form.querySelector(HEADING);
  if (event.target === heading) {
    for (const row of rows) row.checked = heading.checked;
  } else if (event.target.matches(ROWS)) {
    heading.checked = rows.every((row) => row.checked);
    heading.indeterminate = !heading.checked && rows.some((row) => row.checked);
  }
});
