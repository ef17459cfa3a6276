// When a form comes back with errors, by loading the page or by htmx, the first field that was refused gets the focus.
// Only a form marked data-focus-error, and only when it is new: a polled fragment never takes the focus away.
function focusFirstError(root) {
  const refused = root.querySelector("[data-focus-error] [aria-invalid=true]");
  if (refused) {
    refused.focus();
    return;
  }
  if (root.matches?.("[data-focus-error]")) root.querySelector("[aria-invalid=true]")?.focus();
}

focusFirstError(document);
document.addEventListener("htmx:after:settle", (event) => {
  for (const node of event.detail.newContent) {
    if (node instanceof Element) focusFirstError(node);
  }
});
