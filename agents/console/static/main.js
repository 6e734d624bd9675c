// Which page is shown. Links within the console change the page without loading it anew.

import { board } from "./board.js";
import { say } from "./dom.js";
import { forgetZone, zone } from "./format.js";
import { known } from "./stream.js";

// The first page is the board, and it is not to wait for the others.
const PAGES = {
  "/": ["Board", async () => board],
  "/conversation": ["Conversation", async () => (await import("./conversation.js")).conversation],
  "/alerts": ["Alerts", async () => (await import("./alerts.js")).alerts],
  "/experiments": ["Experiments", async () => (await import("./experiments.js")).experiments],
};

const main = document.getElementById("main");
let leave = () => {};
let visits = 0;

async function show(moved) {
  const visit = ++visits;
  const [title, load] = PAGES[location.pathname] ?? PAGES["/"];
  leave();
  leave = () => {};
  const page = await load();
  if (visit !== visits) return; // gone on meanwhile
  document.title = `${title} – Tenor`;
  for (const link of document.querySelectorAll("nav[aria-label=Pages] a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  leave = page(main, location);
  if (!moved) return;
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

// Who travels, or looks on after midnight, finds every time written anew.
const whenAndWhere = () => `${zone()} ${new Date().toDateString()}`;
let written = whenAndWhere();
const sayZone = () => say(document.getElementById("zone"), `Times are in ${zone()}.`);

function writeTimesAnew() {
  if (whenAndWhere() === written || document.querySelector("dialog[open]")) return; // not while somebody fills one in
  written = whenAndWhere();
  forgetZone();
  sayZone();
  show(false);
}

setInterval(writeTimesAnew, 60_000);
document.addEventListener("visibilitychange", writeTimesAnew);

sayZone();
known().then((session) => (document.querySelector(".leave").hidden = !session?.asks));
show(false);
