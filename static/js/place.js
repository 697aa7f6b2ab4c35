// A point on the map of a form without sending the form: a tap asks the server for the map with its mark.
// Without this file the picture is a button that sends the form with the pixel that was clicked.

const doc = document;

doc.addEventListener("click", (event) => {
  const picture = event.target.closest?.("[data-place]");
  const part = picture?.closest("#map-part");
  if (!part) return;
  event.preventDefault();
  if (event.detail === 0) return; // a key: the arrows beside it move the point
  const box = picture.getBoundingClientRect();
  const pixel = (value, size, whole) => String(Math.max(1, Math.round((value / size) * whole)));
  part.querySelector("[data-place-x]").value = pixel(event.clientX - box.left, box.width, picture.width);
  part.querySelector("[data-place-y]").value = pixel(event.clientY - box.top, box.height, picture.height);
  part.querySelector("[data-place-send]").click();
});

// The form saves itself as people change it: a new point is a change.
doc.addEventListener("htmx:after:swap", () => {
  const part = doc.querySelector("#map-part[data-asked]");
  if (!part) return;
  part.removeAttribute("data-asked");
  part.querySelector("[name=map_x]").dispatchEvent(new Event("change", { bubbles: true }));
});
