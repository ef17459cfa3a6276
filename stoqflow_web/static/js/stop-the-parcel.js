// While something marked data-stop stands on the page, the buttons in what is marked data-stopped can't be pressed, so that
// Enter sends nothing either. What was typed, and the focus, stay. The server refuses it anyhow.
function obey() {
  const isStopped = document.querySelector("[data-stop]") !== null;
  for (const button of document.querySelectorAll("[data-stopped] button")) button.disabled = isStopped;
}

obey();
document.addEventListener("htmx:after:settle", obey);
