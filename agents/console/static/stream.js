// Subscribes to server-sent events, and reports lost connections and stale data.

import { h, setText } from "./dom.js";
import { time } from "./format.js";

const RETRY_MS = 2000;
const trouble = document.getElementById("trouble");
const fresh = document.getElementById("fresh");

/**
 * Calls `onPayload` with every payload of an address, until the returned function is called. A hidden page closes its
 * connection, because browsers allow only six connections per host over all tabs.
 */
export function subscribe(address, onPayload) {
  let source, retry, over = false;
  const open = () => {
    clearTimeout(retry);
    source?.close();
    if (document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("told", (event) => {
      const payload = JSON.parse(event.data);
      showStatus(payload.status);
      onPayload(payload);
    });
    source.addEventListener("expired", () => end(expired));
    source.addEventListener("error", lost);
  };
  const lost = async () => {
    const closed = source.readyState === EventSource.CLOSED;
    if (!over) warn("The connection to the console is lost. Retrying…");
    if (!closed || over) return; // the browser retries by itself
    if (await sessionEnded()) return end(expired);
    retry = setTimeout(open, RETRY_MS);
  };
  const end = (last) => {
    over = true;
    clearTimeout(retry);
    document.removeEventListener("visibilitychange", open);
    source?.close();
    last?.();
  };
  document.addEventListener("visibilitychange", open);
  open();
  return () => end();
}

/** Whether the console no longer accepts the session. */
async function sessionEnded() {
  try {
    return (await fetch("/api/session")).status === 401;
  } catch {
    return false;
  }
}

function showStatus(status) {
  if (status.trouble) {
    const since = status.fresh_at ? `Showing data from ${time(status.fresh_at)}. ` : "";
    warn(`${status.trouble.message.replace(/\.$/, "")}. ${since}Retrying…`);
  } else warn("");
  setText(fresh, status.fresh_at ? `As of ${time(status.fresh_at)}` : "");
}

function warn(text) {
  setText(trouble, text);
  trouble.classList.toggle("shown", text !== "");
}

function expired() {
  const back = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  trouble.replaceChildren("Your session has ended. ", h("a", { href: back, "data-outside": true }, "Sign in again"));
  trouble.classList.add("shown");
}

let session;

/** The session with its CSRF token, needed for every change; null when the console no longer accepts it. */
export async function loadSession() {
  session ??= fetch("/api/session").then((response) => (response.ok ? response.json() : null));
  return session;
}

/** Posts a change. Returns an error message, null on success. */
export async function post(address, body) {
  try {
    const { csrf } = (await loadSession()) ?? {};
    const headers = { "Content-Type": "application/json", "X-Tenor-Csrf": csrf ?? "" };
    const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    if (response.ok) return null;
    session = undefined;
    if (response.status === 401) {
      expired();
      return "Your session has ended.";
    }
    return (await response.json()).error;
  } catch {
    session = undefined;
    return "The console cannot be reached.";
  }
}
