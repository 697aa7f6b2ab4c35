// What is picked stays in this tab until it is cast: back, reload, another page and a new sign-in find it again. It lies in
// the tab's sessionStorage under a lock whose key only the server gives out, to the same voter and until the cast.
const PREFIX = "cv-draft:";
const at = (form) => PREFIX + form.dataset.draft;
const usable = (form) => Boolean(form.dataset.draftKey && globalThis.crypto?.subtle);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
const unlock = (form) => crypto.subtle.importKey("raw", bytes(form.dataset.draftKey), "AES-GCM", false, ["encrypt", "decrypt"]);

/** Number of the project a field stands beside: v-<number> or v.<mark>.<number>. */
function beside(name) {
  if (name.startsWith("v-")) return name.slice(2);
  return name.startsWith("v.") ? name.split(".").slice(2).join(".") : "";
}

const ticks = (form) => [...form.elements].filter(({ name }) => name === "picks" || name.startsWith("p."));

function read(form) {
  const picks = ticks(form).filter((field) => field.type === "hidden" || field.checked).map((field) => field.value);
  if ("draftOrdered" in form.dataset) return { picks, texts: {}, order: picks.join(" ") };
  const typed = [...form.elements].filter((field) => beside(field.name) && field.value.trim());
  const texts = Object.fromEntries(typed.map((field) => [beside(field.name), field.value]));
  return { picks, texts, order: form.elements.order?.value ?? "" };
}

let writing = Promise.resolve();

/** Keep what the form says now; nothing picked, nothing kept. True where it could be kept. */
export function save(form) {
  if (!usable(form)) return Promise.resolve(false);
  const draft = read(form);
  writing = writing
    .then(async () => {
      if (!draft.picks.length && !Object.keys(draft.texts).length) return sessionStorage.removeItem(at(form));
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(draft));
      const locked = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await unlock(form), plain));
      return sessionStorage.setItem(at(form), `${base64(iv)} ${base64(locked)}`);
    })
    .then(() => true, () => false); // a full or forbidden storage
  return writing;
}

async function found(form) {
  try {
    const [iv, locked] = sessionStorage.getItem(at(form)).split(" ").map(bytes);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await unlock(form), locked);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    forget(form.dataset.draft); // nothing there, somebody else's, or already cast
    return null;
  }
}

/** Put into an empty form what was kept; how many projects that were. */
export async function restore(form) {
  const draft = usable(form) ? await found(form) : null;
  if (!draft) return 0;
  let n = 0;
  for (const field of ticks(form)) if ((field.checked = draft.picks.includes(field.value))) n += 1;
  for (const field of form.elements) {
    const text = draft.texts[beside(field.name)];
    if (text !== undefined) [field.value, n] = [text, n + 1];
  }
  if (draft.order && !form.elements.order) {
    const field = document.createElement("input");
    [field.type, field.name, field.value] = ["hidden", "order", draft.order];
    form.prepend(field);
  }
  return n;
}

/** Drop what was kept for one vote, or for all of them. */
export function forget(vote = "") {
  try {
    const names = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX + vote));
    for (const name of names) if (!vote || name === PREFIX + vote) sessionStorage.removeItem(name);
  } catch {
    // No storage, nothing kept.
  }
}
