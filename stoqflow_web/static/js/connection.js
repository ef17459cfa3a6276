// When a request gets no answer at all, the sentence marked data-connection-lost appears; the next answer hides it
// and clears an error that an earlier request left on the page.
const lost = document.querySelector("[data-connection-lost]");
const pageError = document.getElementById("page-error");

document.addEventListener("htmx:error", () => {
  if (lost) lost.hidden = false;
});

document.addEventListener("htmx:after:request", (event) => {
  if (lost) lost.hidden = true;
  if (event.detail.ctx.response.status < 400) pageError?.replaceChildren();
});
