// A link <a href="#id" data-opens-dialog> opens <dialog id="id"> as a modal one; data-closes-dialog inside it shuts it.
// Without this module the link still shows the dialog through :target (dialog.css).
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.hash.slice(1));
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closer = event.target.closest("[data-closes-dialog]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
    return;
  }
  if (event.target.matches("dialog[open]")) closeIfOutside(event.target, event);
});

// A click on the backdrop reaches the dialog itself, with a place outside its box.
function closeIfOutside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
}
