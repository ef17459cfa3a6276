// When a request gets no answer at all, the sentence marked data-connection-lost appears; the next answer hides it.
// An error in #page-error goes when what failed succeeds. Not at any good answer: a poll a second later would take away
// the sentence about the button that was just pressed.
const lost = document.querySelector("[data-connection-lost]");
const pageError = document.getElementById("page-error");
let failed = null;

document.addEventListener("htmx:error", () => {
  lost.hidden = false;
});

document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  const source = sourceElement.id || sourceElement;
  lost.hidden = true;
  if (response.status >= 400 && response.status !== 422) {
    failed = source;
  } else if (failed === source) {
    failed = null;
    pageError.replaceChildren();
  }
});
