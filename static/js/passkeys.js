// Passkeys: a form with data-passkey="get" or "create" asks the server for options, the browser for a credential, and
// sends that as a hidden field. The form stays hidden where the browser knows no passkeys; nothing here decides anything.

const bytes = (text) => {
  const plain = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(plain.padEnd(Math.ceil(plain.length / 4) * 4, "=")), (char) => char.charCodeAt(0));
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const known = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

async function create(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  });
  return [credential, {
    attestationObject: text(credential.response.attestationObject),
    transports: credential.response.getTransports?.() ?? [],
  }];
}

async function get(options) {
  const credential = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) },
  });
  const { authenticatorData, signature, userHandle } = credential.response;
  return [credential, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  }];
}

async function ceremony(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" },
    credentials: "same-origin",
  });
  if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(answer.status);
  const options = await answer.json();
  const [credential, response] = await (form.dataset.passkey === "create" ? create : get)(options);
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const said = form.querySelector("[data-passkey-said]");
  // At the window's capture, before the guard against double sending sees the event.
  window.addEventListener("submit", async (event) => {
    if (event.target !== form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    said.hidden = true;
    try {
      form.elements.credential.value = await ceremony(form);
      form.submit();
    } catch {
      delete form.dataset.busy;
      said.textContent = form.dataset.failed;
      said.hidden = false;
    }
  }, true);
}
