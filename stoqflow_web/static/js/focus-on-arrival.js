// The field marked data-focus-on-arrival has the focus when the page is opened: a scanner can begin at once. Not on a phone,
// where the keyboard would hide the page, and not when something else was asked for or has the focus already.
const field = document.querySelector("[data-focus-on-arrival]");
const isFree = document.activeElement === document.body && !location.hash;
if (field && isFree && matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
