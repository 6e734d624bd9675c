// Server-sent events: what is told as it happens, and what to say when nothing is.

import { h, say } from "./dom.js";
import { time } from "./format.js";

const AGAIN_MS = 2000;
const trouble = document.getElementById("trouble");
const fresh = document.getElementById("fresh");

/**
 * Calls `told` with everything the address tells, until the function it returns is called. A page nobody sees listens to
 * nothing: a browser keeps only six connections to one host, over all its tabs.
 */
export function follow(address, told) {
  let source, again, over = false;
  const open = () => {
    clearTimeout(again);
    source?.close();
    if (document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("told", (event) => {
      const found = JSON.parse(event.data);
      show(found.status);
      told(found);
    });
    source.addEventListener("expired", () => end(expired));
    source.addEventListener("error", lost);
  };
  const lost = async () => {
    const closed = source.readyState === EventSource.CLOSED;
    if (!over) warn("The connection to the console is lost. Trying again…");
    if (!closed || over) return; // the browser tries again by itself
    if (await unknown()) return end(expired);
    again = setTimeout(open, AGAIN_MS);
  };
  const end = (last) => {
    over = true;
    clearTimeout(again);
    document.removeEventListener("visibilitychange", open);
    source?.close();
    last?.();
  };
  document.addEventListener("visibilitychange", open);
  open();
  return () => end();
}

/** Whether the console no longer knows us. */
async function unknown() {
  try {
    return (await fetch("/api/session")).status === 401;
  } catch {
    return false;
  }
}

function show(status) {
  if (status.trouble) {
    const since = status.fresh_at ? `What you see is from ${time(status.fresh_at)}. ` : "";
    warn(`${status.trouble.message}. ${since}Trying again…`);
  } else warn("");
  say(fresh, status.fresh_at ? `As of ${time(status.fresh_at)}` : "");
}

function warn(text) {
  say(trouble, text);
  trouble.classList.toggle("shown", text !== "");
}

function expired() {
  const back = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  trouble.replaceChildren("Your session has ended. ", h("a", { href: back, "data-outside": true }, "Sign in again"));
  trouble.classList.add("shown");
}

let session;

/** What the console wants to see in every request that changes something; null when it no longer knows us. */
export async function known() {
  session ??= fetch("/api/session").then((answer) => (answer.ok ? answer.json() : null));
  return session;
}

/** Asks for something; a sentence when it was refused, null when not. */
export async function ask(address, body) {
  try {
    const { csrf } = (await known()) ?? {};
    const headers = { "Content-Type": "application/json", "X-Tenor-Csrf": csrf ?? "" };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) return null;
    session = undefined;
    if (answer.status === 401) {
      expired();
      return "Your session has ended.";
    }
    return (await answer.json()).error;
  } catch {
    session = undefined;
    return "The console cannot be reached.";
  }
}
