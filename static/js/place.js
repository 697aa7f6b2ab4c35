// The form saves itself as people change it: a new point is a change.
doc.addEventListener("htmx:after:swap", () => {
  const part = doc.querySelector("#map-part[data-asked]");
  if (!part) return;
  part.removeAttribute("data-asked");
  part.querySelector("[name=map_x]").dispatchEvent(new Event("change", { bubbles: true }));
});
