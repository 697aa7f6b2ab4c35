// A polling station's tablet. The server signs the voter out after sixty idle seconds whatever happens here; this tells the
// server of touches that send nothing, warns in time, and leads home.

const bar = document.querySelector("[data-station]");

// A page kept by the browser for "back" is somebody else's.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

if (bar) {
  const { idle, warn, home, stay, leave, token, text } = bar.dataset;
  const post = (address) => fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" });
  const warning = bar.querySelector("[data-station-warning]");
  let until = Date.now() + idle * 1000;
  let told = Date.now();
  let shown = "";

  const say = (words) => {
    if (words !== shown) warning.textContent = shown = words;
  };

  async function here() {
    const now = Date.now();
    if (now >= until) return;
    say("");
    if (!stay) {
      until = now + idle * 1000; // the receipt: nothing can be cast from here any more
      return;
    }
    if (now - told < 10_000 && until - now > warn * 1000) return;
    told = now;
    try {
      const answer = await post(stay);
      if (answer.status === 204) until = Date.now() + idle * 1000; // never before the server's own end
      else location.replace(home);
    } catch {
      // Not reached: the clock goes on, and the server's too.
    }
  }

  // Not "scroll": the browser scrolls by itself when the warning pushes the page down, and nobody would ever be signed out.
  for (const kind of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) {
    document.addEventListener(kind, here, { capture: true, passive: true });
  }
  async function end() {
    clearInterval(clock);
    try {
      await post(leave);
    } catch {
      // The server ends it by its own clock.
    }
    location.replace(home);
  }
  const clock = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) end();
    // Every five seconds, so that a screen reader is not kept talking.
    else if (left <= warn) say(text.replace("{n}", Math.ceil(left / 5) * 5));
  }, 500);
}

// A scanned code comes behind the address's #, which no server ever sees.
const form = document.querySelector("[data-station-code]");
if (form && location.hash.length > 1) {
  form.querySelector("[name=code]").value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}
