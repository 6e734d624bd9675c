// Shows a page. Links within the console change the page without a reload.

import { board } from "./board.js";
import { setText } from "./dom.js";
import { resetFormatters, zone } from "./format.js";
import { loadSession } from "./stream.js";

// The board is the usual first page, so it does not wait for the others.
const PAGES = {
  "/": ["Board", async () => board],
  "/conversation": ["Conversation", async () => (await import("./conversation.js")).conversation],
  "/alerts": ["Alerts", async () => (await import("./alerts.js")).alerts],
  "/experiments": ["Experiments", async () => (await import("./experiments.js")).experiments],
};

const main = document.getElementById("main");
let leave = () => {};
let visits = 0;

async function show(navigated) {
  const visit = ++visits;
  const [title, load] = PAGES[location.pathname] ?? PAGES["/"];
  leave();
  leave = () => {};
  const page = await load();
  if (visit !== visits) return; // the reader has moved on
  document.title = `${title} – Tenor`;
  for (const link of document.querySelectorAll("nav[aria-label=Pages] a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  leave = page(main, location);
  if (!navigated) return;
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const own = link && link.origin === location.origin && link.pathname in PAGES && !("outside" in link.dataset);
  if (!own || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.hash) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show(true);
});
addEventListener("popstate", () => show(true));

// After midnight, or in another time zone, every time on the page is formatted again.
const zoneAndDay = () => `${zone()} ${new Date().toDateString()}`;
let formatted = zoneAndDay();
const showZone = () => setText(document.getElementById("zone"), `Times are in ${zone()}.`);

function refreshTimes() {
  if (zoneAndDay() === formatted || document.querySelector("dialog[open]")) return; // not while a dialog is filled in
  formatted = zoneAndDay();
  resetFormatters();
  showZone();
  show(false);
}

setInterval(refreshTimes, 60_000);
document.addEventListener("visibilitychange", refreshTimes);

showZone();
loadSession().then((session) => (document.querySelector(".leave").hidden = !session?.asks));
show(false);
