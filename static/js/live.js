// A page left open asks every ten seconds whether its thread has changed: one small answer, or none (304). It asks only while it is
// seen, and more and more rarely once nobody has touched it for five minutes. New posts come in by themselves unless somebody is writing.

import { all, fill } from "./civicvote.js";

const FIRST = 10_000;
const REST = 120_000;
const PATIENCE = 300_000;

let touched = Date.now();
let timer;
let wait = FIRST;
const marks = new Map();

for (const type of ["pointerdown", "keydown", "scroll", "focusin"]) {
  document.addEventListener(type, () => {
    touched = Date.now();
    if (wait > FIRST) later(FIRST);
  }, { passive: true });
}
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : later(FIRST)));

function later(after) {
  wait = after;
  clearTimeout(timer);
  if (!document.hidden && document.querySelector("[data-live]")) timer = setTimeout(ask, after);
}

async function ask() {
  for (const part of all("[data-live]")) await look(part);
  later(Date.now() - touched > PATIENCE ? Math.min(REST, wait * 2) : FIRST);
}

async function look(part) {
  const url = part.dataset.live;
  const mark = marks.get(url) ?? `"p${part.dataset.livePulse}"`;
  try {
    const answer = await fetch(url, { headers: { "If-None-Match": mark }, credentials: "omit" });
    if (answer.status !== 200) return;
    marks.set(url, answer.headers.get("ETag") ?? mark);
    show(part, await answer.json());
  } catch {
    // The next time will do.
  }
}

function show(part, { pulse, posts }) {
  if (String(pulse) === part.dataset.livePulse) return;
  const count = part.querySelector("[data-live-count]");
  if (count) count.textContent = posts.toLocaleString(document.documentElement.lang === "en" ? "en" : "ko");
  const load = part.querySelector("[data-live-load]");
  if (!load) return;
  const writing = part.contains(document.activeElement) || all("textarea", part).some((field) => field.value.trim());
  const deep = part.querySelector("details[open]") || all(".comments > li", part).length > 20;
  if (!writing && !deep) {
    load.click();
    return;
  }
  const fresh = posts - Number(part.dataset.livePosts);
  load.textContent = fresh > 0 ? fill(load.dataset.new, { n: fresh }) : load.dataset.changed;
  part.querySelector("[data-live-status]").hidden = false;
}

later(FIRST);
document.addEventListener("htmx:after:swap", () => later(FIRST));
