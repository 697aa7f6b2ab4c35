// What pages do beyond links and forms. Everything works without this file; nothing here decides anything.
// Trusted Types hold: text goes in by textContent, elements by createElement. Listeners sit on the document, so parts
// that htmx swaps in need no wiring; `enhance` shows what only makes sense with a script.

import { forget } from "./draft.js";

const doc = document;
export const all = (selector, root = doc) => [...root.querySelectorAll(selector)];
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const english = doc.documentElement.lang === "en";
const make = (tag, className, text) => {
  const element = doc.createElement(tag);
  element.className = className;
  element.textContent = text ?? "";
  return element;
};

/** Won as the server writes it (domain/money.py): 3억 2천만 원, 1,250만 원, 1만 5,000원; ₩320,000,000 in English. */
export function won(amount) {
  const number = (value) => value.toLocaleString(english ? "en" : "ko");
  if (english) return `₩${number(amount)}`;
  if (amount < 10_000) return `${number(amount)}원`;
  const parts = [];
  let rest = amount;
  for (const [unit, size] of [["조", 1e12], ["억", 1e8], ["만", 1e4]]) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count) parts.push(unit === "만" && count % 1000 === 0 ? `${count / 1000}천만` : `${number(count)}${unit}`);
  }
  return [...parts, rest ? `${number(rest)}원` : "원"].join(" ");
}

// Menus: one open at a time, closed by Escape, by a click elsewhere and when the focus leaves.
function closeMenus(except) {
  for (const menu of all("details[data-drop][open]")) if (!menu.contains(except)) menu.open = false;
}
doc.addEventListener("click", (event) => closeMenus(event.target));
doc.addEventListener("focusin", (event) => closeMenus(event.target));
doc.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-drop][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Dialogs, copying, showing a password, printing, and links to fields.
doc.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest?.(selector);
  let found;
  if ((found = on("[data-dialog]"))) {
    const dialog = doc.getElementById(found.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
    }
  } else if ((found = on("[data-dialog-close]")) || event.target.matches?.("dialog[open]")) {
    const dialog = event.target.closest("dialog");
    if (dialog?.open && (found || outside(dialog, event))) {
      event.preventDefault();
      dialog.close();
    }
  } else if ((found = on("[data-copy]"))) copy(found);
  else if ((found = on("[data-share]"))) share(found);
  else if ((found = on("[data-reveal]"))) reveal(found);
  else if (on("[data-print]")) window.print();
  else if ((found = on(".error-summary a"))) goToField(found, event);
});

function outside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return;
  }
  const said = button.parentElement.querySelector("[role=status]");
  if (said) said.textContent = button.dataset.copied;
}

/** The phone's own sheet: KakaoTalk and every other app, without their scripts. Closing it is no error. */
function share(button) {
  navigator.share({ title: button.dataset.shareTitle, url: button.dataset.share }).catch(() => {});
}

function reveal(button) {
  const input = doc.getElementById(button.dataset.reveal);
  const show = input.type === "password";
  button.dataset.show ??= button.textContent;
  input.type = show ? "text" : "password";
  button.textContent = show ? button.dataset.hide : button.dataset.show;
  button.setAttribute("aria-pressed", String(show));
}

function goToField(link, event) {
  const field = doc.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  (field.matches("fieldset") ? field.querySelector("input, select, textarea") : field).focus();
  field.scrollIntoView({ block: "center" });
}

// Submitting: ask first where the form says so, then let it go once.
const agreed = new WeakSet();
const busy = new Map();

doc.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post" || "noGuard" in form.dataset) return;
    const stop = () => {
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    if (busy.has(form)) {
      stop();
    } else if (form.dataset.confirm && !agreed.delete(form)) {
      stop();
      ask(form, event.submitter);
    } else {
      hold(form, event.submitter);
    }
  },
  true,
);

function hold(form, submitter) {
  submitter?.setAttribute("aria-disabled", "true");
  busy.set(form, submitter);
  setTimeout(() => release(form), 15_000); // a download or a lost connection: the person may try again
}

function release(form) {
  busy.get(form)?.removeAttribute("aria-disabled");
  busy.delete(form);
}

doc.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail?.ctx?.sourceElement?.closest?.("form");
  if (form) release(form);
});
window.addEventListener("pageshow", () => [...busy.keys()].forEach(release));

function ask(form, submitter) {
  const dialog = make("dialog", "dialog");
  const text = make("p", "alert__title", form.dataset.confirm);
  const buttons = make("div", "buttons");
  const yes = make("button", submitter?.className || "krds-btn medium primary", form.dataset.yes);
  const no = make("button", "krds-btn medium tertiary", form.dataset.no);
  text.id = "confirm-question";
  dialog.setAttribute("aria-labelledby", text.id);
  yes.type = no.type = "button";
  yes.addEventListener("click", () => {
    dialog.close();
    agreed.add(form);
    form.requestSubmit(submitter);
  });
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  buttons.append(no, yes);
  dialog.append(text, buttons);
  doc.body.append(dialog);
  dialog.showModal();
}

// What was picked on a ballot doesn't outlive a sign-out.
doc.addEventListener("submit", ({ target }) => target.getAttribute("action")?.endsWith("/sign-out") && forget());

// Counting what is typed: characters as people count them.
doc.addEventListener("input", (event) => {
  const counter = event.target.id && doc.querySelector(`[data-counter="${CSS.escape(event.target.id)}"]`);
  if (counter) count(counter, event.target);
});

function count(counter, field) {
  const length = [...field.value].length;
  const limit = Number(counter.dataset.limit);
  const over = length > limit;
  const number = (value) => value.toLocaleString(english ? "en" : "ko");
  counter.classList.toggle("counter--over", over);
  counter.textContent = over
    ? fill(counter.dataset.over, { n: number(length - limit), max: number(limit) })
    : fill(counter.dataset.text, { n: number(length), max: number(limit) });
}

// Autosave: two seconds after the last change, one request at a time, and when the page is left.
const drafts = new WeakMap();

for (const type of ["input", "change"]) {
  doc.addEventListener(type, (event) => {
    const form = event.target.closest?.("form[data-autosave]");
    if (form && event.target.type !== "password") later(form);
  });
}

function later(form) {
  const draft = drafts.get(form) ?? {};
  drafts.set(form, draft);
  clearTimeout(draft.timer);
  draft.dirty = true;
  draft.timer = setTimeout(() => save(form, draft), 2000);
}

async function save(form, draft, leaving = false) {
  if (!draft.dirty || busy.has(form)) return;
  if (draft.running && !leaving) return later(form);
  draft.dirty = false;
  draft.running = true;
  say(form, "saving");
  try {
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    const response = await fetch(form.dataset.autosave, {
      method: "POST",
      body,
      keepalive: leaving,
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-Autosave": "1" },
    });
    const known = response.ok && !response.redirected; // a redirect leads to the sign-in page
    if (known && response.headers.get("Content-Type")?.includes("json")) {
      const { url, page, version } = await response.json();
      if (version && form.elements.version) form.elements.version.value = version; // what the button will save over
      if (url) form.dataset.autosave = url;
      if (page && page !== location.pathname) history.replaceState(history.state, "", page); // a reload finds the draft
    }
    say(form, known ? "saved" : "failed");
  } catch {
    say(form, "failed");
  }
  draft.running = false;
}

function say(form, what) {
  const status = form.querySelector("[data-autosave-status]");
  if (!status) return;
  const time = new Date().toLocaleTimeString(english ? "en" : "ko", { hour: "2-digit", minute: "2-digit", hour12: false });
  status.classList.toggle("autosave--failed", what === "failed");
  status.textContent = fill(status.dataset[what], { time });
}

doc.addEventListener("visibilitychange", () => {
  if (!doc.hidden) return;
  for (const form of all("form[data-autosave]")) if (drafts.has(form)) save(form, drafts.get(form), true);
});

// Deadlines count down on the reader's clock; whether something is open, the server says.
function countdowns() {
  for (const time of all("[data-countdown]")) {
    const minutes = Math.ceil((Date.parse(time.dateTime) - Date.now()) / 60_000);
    const values = { d: Math.floor(minutes / 1440), h: Math.floor((minutes % 1440) / 60), m: minutes % 60 };
    const step = minutes <= 0 ? "over" : values.d ? "days" : values.h ? "hours" : "minutes";
    const text = fill(time.dataset[step], values);
    if (time.textContent !== text) time.textContent = text;
  }
}
countdowns();
setInterval(countdowns, 15_000);

// Focus: on what needs attention after a page or a part has come, or on the first of the entries that were added.
function attend(root) {
  const target = root.matches?.("[data-focus]") ? root : root.querySelector("[data-focus]");
  target?.focus();
  return Boolean(target);
}

let lastBefore = null;
doc.addEventListener("htmx:before:request", ({ detail }) => {
  const source = detail?.ctx?.sourceElement;
  const list = source?.matches?.("[data-more]") ? doc.querySelector(source.getAttribute("hx-target")) : null;
  lastBefore = list ? { list, last: list.lastElementChild } : null;
});

// A button that swaps itself away would drop the focus to the top of the page: keep it in the part.
let held = null;
doc.addEventListener("htmx:before:swap", ({ detail }) => {
  const target = swapped(detail?.ctx?.target);
  held = target?.id && target.contains(doc.activeElement) && doc.activeElement !== target ? target.id : null;
});

/** The part as it stands now: htmx names it by selector or by an element it may just have replaced. */
function swapped(target) {
  if (typeof target === "string") return doc.querySelector(target);
  return target?.isConnected ? target : target?.id ? doc.getElementById(target.id) : null;
}

function keep() {
  const part = held && doc.activeElement === doc.body ? doc.getElementById(held) : null;
  held = null;
  part?.querySelector('button, a[href], input:not([type="hidden"]), select, textarea, summary')?.focus();
}

// An answer that names its own place (an error for #messages) is shown as it is, whatever the element had asked to cut out.
doc.addEventListener("htmx:after:request", ({ detail }) => {
  const ctx = detail?.ctx;
  if (ctx?.hx?.retarget) ctx.select = ctx.selectOOB = ctx.push = null;
});

// No answer at all: say so, the person may try again.
doc.addEventListener("htmx:error", ({ detail }) => {
  const messages = doc.getElementById("messages");
  if (!messages?.dataset.unreachable || detail?.ctx?.response) return;
  const alert = make("div", "alert alert--danger");
  alert.append(make("p", "alert__title", messages.dataset.unreachable));
  alert.tabIndex = -1;
  messages.replaceChildren(alert);
  alert.focus();
});

doc.addEventListener("htmx:after:swap", ({ detail }) => {
  enhance(doc);
  if (lastBefore) {
    const first = lastBefore.last ? lastBefore.last.nextElementSibling : lastBefore.list.firstElementChild;
    first?.querySelector("a, button, input")?.focus();
    lastBefore = null;
    return;
  }
  const part = swapped(detail?.ctx?.target);
  if (!part || !attend(part)) keep();
});

function enhance(root) {
  for (const button of all("[data-reveal][hidden], [data-print][hidden]", root)) button.hidden = false;
  if (navigator.clipboard) for (const button of all("[data-copy][hidden]", root)) button.hidden = false;
  if (navigator.share) for (const button of all("[data-share][hidden]", root)) button.hidden = false;
  for (const counter of all("[data-counter]", root)) {
    const field = doc.getElementById(counter.dataset.counter);
    if (field?.value) count(counter, field);
  }
}

enhance(doc);
attend(doc);
