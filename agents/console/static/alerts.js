// The alerts inbox: newest first, until somebody acknowledges or snoozes them.

import { describeCommand, details } from "./alert.js";
import { shares } from "./conversation.js";
import { empty, h, name, reconcile, setText } from "./dom.js";
import { counted, percent, plain, signed, time, utc } from "./format.js";
import { post, subscribe } from "./stream.js";

const NAME_KEY = "tenor.by"; // of the local storage, for the reader's name
const SNOOZES = [[15, "15 minutes"], [60, "1 hour"], [240, "4 hours"], [1440, "1 day"]];

export function alerts(main, address) {
  const filters = new URLSearchParams(address.search);
  const rows = new Map();
  let stop = () => {};
  let page = 0, pages = 1;
  const reload = () => {
    history.replaceState(null, "", `/alerts${filters.size ? `?${filters}` : ""}`);
    stop();
    stop = subscribe(`/events/alerts?${filters}`, show);
  };
  const counts = h("p", { class: "counts" }, "Loading…");
  const error = h("p", { role: "alert", class: "wrong" });
  const tabs = h("div", { class: "which", role: "group", "aria-label": "Filter alerts" },
    tab("", "Open"), tab("1", "Acknowledged or snoozed"));
  const by = h("input", { id: "by", autocomplete: "nickname", maxlength: 100, value: localStorage.getItem(NAME_KEY) ?? "",
    onchange: () => localStorage.setItem(NAME_KEY, by.value.trim()) });
  const who = h("div", { class: "wish", hidden: true }, h("label", { for: "by" }, "Your name (shown to others)"), by);
  const snoozed = h("ul", { class: "silent soft", "aria-label": "Snoozed teams", hidden: true });
  const list = h("ol", { class: "alerts", "aria-label": "Alerts" });
  const nothing = h("div", {});
  const where = h("span", {});
  const earlier = h("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const later = h("button", { type: "button", onclick: () => turn(1) }, "Next");
  const paging = h("nav", { class: "paging", "aria-label": "Pages of alerts", hidden: true }, earlier, where, later);
  main.replaceChildren(h("h1", {}, "Alerts"), counts, tabs, who, snoozed, error, list, nothing, paging);

  function tab(value, text) {
    const pressed = (filters.get("handled") ?? "") === value;
    return h("button", { type: "button", "aria-pressed": String(pressed), onclick: (event) => {
      for (const button of tabs.children) button.setAttribute("aria-pressed", String(button === event.target));
      filters.delete("page");
      if (value) filters.set("handled", value);
      else filters.delete("handled");
      reload();
    } }, text);
  }
  function turn(by) {
    filters.set("page", String(Math.min(Math.max(page + by, 0), pages - 1)));
    reload();
  }

  function show(inbox) {
    if (!inbox.alerts) return;
    ({ page, pages } = inbox);
    setText(counts, summary(inbox));
    who.hidden = !inbox.possible;
    snoozed.hidden = !inbox.snoozed.length;
    snoozed.replaceChildren(...inbox.snoozed.map((command) =>
      h("li", {}, ...describeCommand(command), ". It receives no alerts.")));
    reconcile(list, rows, inbox.alerts, (alert) => `${alert.alert_id} ${inbox.possible} ${JSON.stringify(alert.said)}`,
      (alert) => makeAlert(alert, inbox.possible, publish), (view, alert) => view.show(alert));
    nothing.replaceChildren(...(inbox.alerts.length ? [] : [whyEmpty(inbox)]));
    setText(where, `Page ${page + 1} of ${pages}`);
    paging.hidden = pages === 1;
    earlier.disabled = page === 0;
    later.disabled = page === pages - 1;
  }

  async function publish(alert, action, minutes) {
    const target = { alert: alert.alert_id, tenant: alert.tenant, conversation: alert.conversation_id };
    const message = await post("/api/alerts", { ...target, action, minutes, by: by.value.trim() || "console" });
    setText(error, message ? `Failed: ${message}` : "");
    if (!message) counts.focus();
  }

  const whyEmpty = (inbox) =>
    filters.get("handled") ? empty("No acknowledged or snoozed alerts", "Alerts you acknowledge or snooze stay here for a week.")
      : inbox.handled ? empty("No open alerts", `${counted(inbox.handled, "alert")} acknowledged or snoozed.`)
        : empty("No alerts in the last 7 days", "Alerts appear here when a conversation needs a person.");

  counts.tabIndex = -1;
  reload();
  return () => stop();
}

const summary = (inbox) => {
  const severities = ["critical", "warning", "info"].filter((severity) => inbox.severities[severity]);
  const counts = severities.map((severity) => `${inbox.severities[severity].toLocaleString("en")} ${severity}`).join(", ");
  return `${counted(inbox.open, "open alert")}${counts ? `: ${counts}` : ""}`;
};

function makeAlert(alert, possible, publish) {
  const where = `/conversation?${new URLSearchParams({ tenant: alert.tenant, id: alert.conversation_id })}`;
  const title = h("h2", { dir: "auto" }, alert.title);
  const level = alert.level === null ? null : h("p", {}, `Level ${signed(alert.level)} ± ${plain(alert.level_sd)}.`);
  const changing = h("div", {});
  let shown = "";
  const node = h("li", { class: alert.severity },
    h("p", { class: "head" }, h("span", { class: "severity" }, alert.severity), h("time", { datetime: utc(alert.at) }, time(alert.at)),
      alert.conversation_id ? h("a", { href: where }, name(alert.conversation_id)) : h("span", {}, "about the policy"),
      alert.customer_id ? h("span", {}, "customer ", name(alert.customer_id)) : null, h("span", {}, "tenant ", name(alert.tenant))),
    title, h("p", { dir: "auto" }, alert.explanation), level,
    alert.contributions.length && !alert.evidence.length ? shares(alert.contributions, "Strongest signals", percent) : null,
    h("p", { class: "do", dir: "auto" }, alert.recommendation), changing,
    possible && alert.conversation_id ? buttons(alert, publish) : null);

  function show(now) {
    const state = JSON.stringify([now.deliveries, now.others]);
    if (state === shown) return;
    shown = state;
    const commands = [...(alert.said ? [alert.said] : []), ...now.others];
    changing.replaceChildren(details(now), ...commands.map((command) => h("p", { class: "soft" }, ...describeCommand(command))));
  }
  return { node, show };
}

function buttons(alert, publish) {
  const of = `: ${alert.title}`;
  if (alert.said) return h("p", { class: "buttons" }, h("button", { type: "button", onclick: () => publish(alert, "resume") }, "Reopen", h("span", { class: "sr" }, of)));
  const duration = h("select", { "aria-label": `Snooze for${of}` }, SNOOZES.map(([minutes, text]) => h("option", { value: minutes, selected: minutes === 60 }, text)));
  return h("p", { class: "buttons" },
    h("button", { type: "button", class: "main", onclick: () => publish(alert, "acknowledge") }, "Acknowledge", h("span", { class: "sr" }, of)),
    h("button", { type: "button", onclick: () => publish(alert, "snooze", Number(duration.value)) }, "Snooze", h("span", { class: "sr" }, of)), duration);
}
