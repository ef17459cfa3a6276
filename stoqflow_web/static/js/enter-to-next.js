// In a form marked data-enter-goes-on, Enter in one of its code fields goes to the next one and only in the last sends the
// form: a scanner ends every code with Enter. In an empty field Enter does nothing, so that a scanner that sends it twice
// neither passes a field over nor sends the form too early.
const FIELDS = "input[name^='code-']";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches(FIELDS)) return;
  const form = event.target.closest("[data-enter-goes-on]");
  if (!form) return;
  const fields = [...form.querySelectorAll(FIELDS)];
  const next = fields[fields.indexOf(event.target) + 1];
  const isFilled = event.target.value.trim() !== "";
  if (isFilled && !next && !event.repeat) return;
  event.preventDefault();
  if (!isFilled || !next) return;
  next.focus();
  next.select();
});
