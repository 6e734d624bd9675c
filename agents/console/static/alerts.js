// The inbox: what a team lead should know, newest first, until somebody takes it or puts it off.

import { facts, word } from "./alert.js";
import { shares } from "./conversation.js";
import { empty, h, keyed, name, say } from "./dom.js";
import { counted, percent, plain, signed, time, utc } from "./format.js";
import { ask, follow } from "./stream.js";

const WHO = "tenor.by"; // under which this browser keeps the reader's name
const SNOOZES = [[15, "15 minutes"], [60, "1 hour"], [240, "4 hours"], [1440, "1 day"]];

export function alerts(main, address) {
  const wish = new URLSearchParams(address.search);
  const rows = new Map();
  let stop = () => {};
  let page = 0, pages = 1;
  const again = () => {
    history.replaceState(null, "", `/alerts${wish.size ? `?${wish}` : ""}`);
    stop();
    stop = follow(`/events/alerts?${wish}`, told);
  };
  const counts = h("p", { class: "counts" }, "Looking…");
  const refused = h("p", { role: "alert", class: "wrong" });
  const which = h("div", { class: "which", role: "group", "aria-label": "Which alerts" },
    tab("", "To do"), tab("1", "Acknowledged and snoozed"));
  const by = h("input", { id: "by", autocomplete: "nickname", maxlength: 100, value: localStorage.getItem(WHO) ?? "",
    onchange: () => localStorage.setItem(WHO, by.value.trim()) });
  const who = h("div", { class: "wish", hidden: true }, h("label", { for: "by" }, "Your name, as others see it"), by);
  const silent = h("ul", { class: "silent soft", "aria-label": "Teams that are told nothing", hidden: true });
  const list = h("ol", { class: "alerts", "aria-label": "Alerts" });
  const nothing = h("div", {});
  const where = h("span", {});
  const earlier = h("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const later = h("button", { type: "button", onclick: () => turn(1) }, "Next");
  const paging = h("nav", { class: "paging", "aria-label": "Pages of alerts", hidden: true }, earlier, where, later);
  main.replaceChildren(h("h1", {}, "Alerts"), counts, which, who, silent, refused, list, nothing, paging);

  function tab(value, text) {
    const pressed = (wish.get("handled") ?? "") === value;
    return h("button", { type: "button", "aria-pressed": String(pressed), onclick: (event) => {
      for (const one of which.children) one.setAttribute("aria-pressed", String(one === event.target));
      wish.delete("page");
      if (value) wish.set("handled", value);
      else wish.delete("handled");
      again();
    } }, text);
  }
  function turn(by) {
    wish.set("page", String(Math.min(Math.max(page + by, 0), pages - 1)));
    again();
  }

  function told(found) {
    if (!found.alerts) return;
    ({ page, pages } = found);
    say(counts, summary(found));
    who.hidden = !found.possible;
    silent.hidden = !found.snoozed.length;
    silent.replaceChildren(...found.snoozed.map((said) => h("li", {}, ...word(said), ". It is told nothing.")));
    keyed(list, rows, found.alerts, (one) => `${one.alert_id} ${found.possible} ${JSON.stringify(one.said)}`,
      (one) => makeAlert(one, found.possible, give), (made, one) => made.show(one));
    nothing.replaceChildren(...(found.alerts.length ? [] : [whyEmpty(found)]));
    say(where, `Page ${page + 1} of ${pages}`);
    paging.hidden = pages === 1;
    earlier.disabled = page === 0;
    later.disabled = page === pages - 1;
  }

  async function give(one, action, minutes) {
    const about = { alert: one.alert_id, tenant: one.tenant, conversation: one.conversation_id };
    const wrong = await ask("/api/alerts", { ...about, action, minutes, by: by.value.trim() || "console" });
    say(refused, wrong ? `Not done: ${wrong}` : "");
    if (!wrong) counts.focus();
  }

  const whyEmpty = (found) =>
    wish.get("handled") ? empty("Nothing is acknowledged or snoozed", "What you take or put off is kept here for a week.")
      : found.handled ? empty("All done", `${counted(found.handled, "alert")} acknowledged or snoozed.`)
        : empty("No alert in the last 7 days", "You are told here when a conversation needs a person.");

  counts.tabIndex = -1;
  again();
  return () => stop();
}

const summary = (found) => {
  const kinds = ["critical", "warning", "info"].filter((one) => found.severities[one]);
  const told = kinds.map((one) => `${found.severities[one].toLocaleString("en")} ${one}`).join(", ");
  return `${counted(found.open, "alert")} to do${told ? `: ${told}` : ""}`;
};

function makeAlert(one, possible, give) {
  const where = `/conversation?${new URLSearchParams({ tenant: one.tenant, id: one.conversation_id })}`;
  const title = h("h2", { dir: "auto" }, one.title);
  const level = one.level === null ? null : h("p", {}, `Level ${signed(one.level)} ± ${plain(one.level_sd)}.`);
  const changing = h("div", {});
  let shown = "";
  const node = h("li", { class: one.severity },
    h("p", { class: "head" }, h("span", { class: "severity" }, one.severity), h("time", { datetime: utc(one.at) }, time(one.at)),
      one.conversation_id ? h("a", { href: where }, name(one.conversation_id)) : h("span", {}, "about the policy"),
      one.customer_id ? h("span", {}, "customer ", name(one.customer_id)) : null, h("span", {}, "tenant ", name(one.tenant))),
    title, h("p", { dir: "auto" }, one.explanation), level,
    one.contributions.length && !one.evidence.length ? shares(one.contributions, "The strongest signals", percent) : null,
    h("p", { class: "do", dir: "auto" }, one.recommendation), changing,
    possible && one.conversation_id ? buttons(one, give) : null);

  function show(now) {
    const state = JSON.stringify([now.deliveries, now.others]);
    if (state === shown) return;
    shown = state;
    const words = [...(one.said ? [one.said] : []), ...now.others];
    changing.replaceChildren(facts(now), ...words.map((said) => h("p", { class: "soft" }, ...word(said))));
  }
  return { node, show };
}

function buttons(one, give) {
  const of = `: ${one.title}`;
  if (one.said) return h("p", { class: "buttons" }, h("button", { type: "button", onclick: () => give(one, "resume") }, "Take back", h("span", { class: "sr" }, of)));
  const long = h("select", { "aria-label": `Snooze for${of}` }, SNOOZES.map(([minutes, text]) => h("option", { value: minutes, selected: minutes === 60 }, text)));
  return h("p", { class: "buttons" },
    h("button", { type: "button", class: "main", onclick: () => give(one, "acknowledge") }, "Acknowledge", h("span", { class: "sr" }, of)),
    h("button", { type: "button", onclick: () => give(one, "snooze", Number(long.value)) }, "Snooze", h("span", { class: "sr" }, of)), long);
}
