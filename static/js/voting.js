// The ballot: sums while somebody picks or gives points, − and +, the map, and putting picks in order. The server says the
// same without this file, and only the server decides.
import { all, fill, won } from "./civicvote.js";
import { forget, restore, save } from "./draft.js";

const doc = document;

// Sums: each sentence says its own unit and limit; inside a group it counts the group, else the whole ballot.
function sums(root) {
  const found = { count: 0, won: 0, points: 0 };
  for (const control of all("[data-cost]", root)) {
    const value = control.type === "checkbox" ? Number(control.checked) : Number(control.value);
    if (!(value > 0)) continue;
    found.count += 1;
    found.won += Number(control.dataset.cost);
    found.points += value;
  }
  return found;
}

function tell(text, form) {
  const { unit, limit, text: template, over: warning } = text.dataset;
  const found = sums(text.closest("[data-basket-group]") ?? form);
  const write = unit === "won" ? won : String;
  const over = Number(limit) > 0 && found[unit] > Number(limit);
  text.textContent = fill((over && warning) || template, {
    count: found.count,
    spent: won(found.won),
    points: found.points,
    limit: write(Number(limit)),
    left: write(Math.max(Number(limit) - found[unit], 0)),
    over: write(found[unit] - Number(limit)),
  });
  return { over, share: Number(limit) > 0 ? Math.min((100 * found[unit]) / limit, 100) : 0 };
}

function basket(form) {
  for (const text of all("[data-basket-group] [data-basket-text]", form)) tell(text, form);
  const bar = form.querySelector("[data-basket-bar]");
  if (!bar) return;
  const texts = all("[data-basket-text]", bar);
  const told = texts.map((text) => tell(text, form));
  bar.classList.toggle("basket-bar--over", told.some(({ over }) => over));
  bar.querySelector("[data-basket-fill]")?.setAttribute("width", `${told[0]?.share ?? 0}%`);
  bar.querySelector("[data-basket-said]").textContent = texts.map((text) => text.textContent).join(" ");
}

for (const type of ["input", "change"]) {
  doc.addEventListener(type, (event) => {
    const form = event.target.closest?.("[data-draft]");
    if (!form || !event.target.matches("[data-cost]")) return;
    save(form);
    if (!form.matches("[data-basket]")) return;
    basket(form);
    begun(form);
  });
}

// Once, without a word about what was picked: so that a reminder can be sent before the vote closes.
function begun(form) {
  const address = form.dataset.begun;
  delete form.dataset.begun;
  if (!address) return;
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  fetch(address, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
}

// − and + beside a number.
doc.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-step]");
  if (!button) return;
  const input = button.parentElement.querySelector("input");
  const value = Math.trunc(Number(input.value) || 0) + Number(button.dataset.step);
  input.value = Math.min(Math.max(value, 0), Number(input.max));
  input.dispatchEvent(new Event("input", { bubbles: true }));
});

// The map: a district is its button in the list; the list of choices shows it too, so that the search keeps it.
doc.addEventListener("click", (event) => {
  const area = event.target.closest?.("path[data-area]");
  if (area) all("button[name=area]").find((button) => button.value === area.dataset.area)?.click();
});

// Order: what moves are the neighbours, so that the focus and a pointer's hold stay where they are.
const items = (list) => all("[data-order-item]", list);

function place(item, target) {
  const list = item.parentElement;
  while (items(list).indexOf(item) > target) item.after(item.previousElementSibling);
  while (items(list).indexOf(item) < target) item.before(item.nextElementSibling);
}

function renumber(list, moved) {
  const { place: words, said } = list.closest("[data-order]").dataset;
  const rows = items(list);
  rows.forEach((item, index) => {
    const n = index + 1;
    item.querySelector("[data-order-place]").textContent = fill(words, { n });
    item.querySelector("[data-order-number]").value = n;
    const [up, down] = all("[data-order-move]", item);
    const lost = item.contains(doc.activeElement) ? doc.activeElement : null;
    up.disabled = n === 1;
    down.disabled = n === rows.length;
    if (lost?.disabled) (up.disabled ? down : up).focus();
  });
  if (!moved) return;
  save(list.closest("form"));
  const status = list.closest("[data-order]").querySelector("[data-order-said]");
  status.textContent = fill(said, { title: moved.dataset.title, n: rows.indexOf(moved) + 1, all: rows.length });
}

doc.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-order-move]");
  if (!button) return;
  event.preventDefault();
  const item = button.closest("[data-order-item]");
  const list = item.parentElement;
  place(item, Math.min(Math.max(items(list).indexOf(item) + Number(button.dataset.orderMove), 0), items(list).length - 1));
  renumber(list, item);
  button.scrollIntoView({ block: "nearest" });
});

doc.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-order-number]")) return;
  const item = event.target.closest("[data-order-item]");
  const list = item.parentElement;
  const wanted = Number(event.target.value);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > items(list).length) return; // the server says what is wrong
  place(item, wanted - 1);
  renumber(list, item);
  // Tab was on its way to a button that has just been switched off: go to the other one, not back to the top of the page.
  setTimeout(() => doc.activeElement === doc.body && all("[data-order-move]:enabled", item)[0]?.focus());
});

doc.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.("[data-order-handle]");
  if (!handle || event.button) return;
  event.preventDefault();
  const item = handle.closest("[data-order-item]");
  const list = item.parentElement;
  handle.setPointerCapture(event.pointerId);
  item.classList.add("order__item--held");
  const follow = ({ clientY }) => {
    const rows = items(list);
    const own = rows.indexOf(item);
    const middle = (row) => row.getBoundingClientRect().top + row.offsetHeight / 2;
    let target = own;
    while (target > 0 && clientY < middle(rows[target - 1])) target -= 1;
    while (target < rows.length - 1 && clientY > middle(rows[target + 1])) target += 1;
    if (target !== own) place(item, target);
  };
  const drop = () => {
    handle.removeEventListener("pointermove", follow);
    item.classList.remove("order__item--held");
    renumber(list, item);
  };
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("lostpointercapture", drop, { once: true });
});

function enhance() {
  for (const hidden of all("[data-step][hidden], [data-order-handle][hidden]")) hidden.hidden = false;
  for (const form of all("[data-basket]")) basket(form); // a browser restores what was filled in
}
doc.addEventListener("htmx:after:swap", enhance);
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && doc.querySelector("[data-draft]")) location.reload(); // it may have been cast meanwhile
  else enhance();
});
enhance();

// What was picked, kept in the tab (draft.js). Only where that works does a page that came by POST become one that "back"
// asks for anew, which then finds what was kept; and the browser needs to fill in nothing itself.
async function kept(form) {
  const filled = "draftFilled" in form.dataset;
  if (filled) {
    if (await save(form)) history.replaceState(history.state, "", location.href);
  } else {
    const n = await restore(form);
    if (n) tellRestored(form, n);
  }
  if (form.dataset.draftKey) form.autocomplete = "off";
}

function tellRestored(form, n) {
  basket(form);
  const box = form.querySelector("[data-draft-said]");
  box.hidden = false;
  box.querySelector("[data-draft-count]").textContent = fill(box.dataset.text, { n });
}

doc.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-draft-clear]")) return;
  const form = event.target.closest("form");
  for (const field of all("[data-cost]", form)) [field.checked, field.value] = [false, field.type === "checkbox" ? field.value : ""];
  form.elements.order?.remove();
  form.querySelector("[data-draft-said]").hidden = true;
  basket(form);
  save(form);
  all("[data-cost]", form)[0]?.focus();
});

for (const form of all("[data-draft]")) kept(form);
for (const { dataset } of all("[data-draft-cast]")) forget(dataset.draftCast);
