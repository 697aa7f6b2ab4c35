// Answering by 1, 2 and 3, unless somebody is typing or holds a modifier down.
const typing = "input, textarea, select, [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.(typing)) return;
  const button = document.querySelector(`[data-answers] [data-key="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

function tell() {
  for (const note of document.querySelectorAll("[data-keys][hidden]")) note.hidden = false;
}
tell();
document.addEventListener("htmx:after:swap", tell);
