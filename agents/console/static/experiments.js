// The experiments: what each option is worth beside doing nothing, and what is rolled back.

import { empty, h, name, say } from "./dom.js";
import { counted, percent, plain, signed, time } from "./format.js";
import { ask, follow } from "./stream.js";

const WHO = "tenor.by";
const COLUMNS = ["Option", "Drawn", "Share", "Observed", "Failed", "Mean reward", "Minus control, with an interval that holds at every look", "State"];

export function experiments(main) {
  const place = h("div", {});
  const dialog = reenable();
  main.replaceChildren(h("h1", {}, "Experiments"),
    h("p", { class: "legend" }, "Reward is the fall of the level after a decision: positive is better. Each option is held against control: conversations left alone by lot."),
    place, dialog.node);
  const stop = follow("/events/experiments", (told) => {
    if (!told.options) return;
    const tenants = [...new Set(told.options.map((one) => one.tenant))];
    const before = document.activeElement?.id;
    place.replaceChildren(...(tenants.length ? tenants.map((one) => section(one, told, dialog.open))
      : [empty("Nothing was decided yet", "An experiment begins with the first conversation whose frustration signal rises.")]));
    if (before) document.getElementById(before)?.focus();
  });
  return stop;
}

function section(tenant, told, open) {
  const own = told.options.filter((one) => one.tenant === tenant);
  const answer = told.answers.find((one) => one.tenant === tenant);
  const control = told.control.find((one) => one.tenant === tenant);
  const all = own.reduce((sum, one) => sum + one.decisions, 0);
  const reach = Math.max(0.05, ...own.flatMap(({ against_control: a }) => (a && a.mean !== null ? [Math.abs(a.low), Math.abs(a.high)] : [])));
  const id = `tenant-${told.answers.indexOf(answer)}`;
  return h("section", { "aria-labelledby": id },
    h("h2", { id }, "Tenant ", name(tenant)),
    answer ? h("p", { class: `answer ${answer.verdict.replaceAll(" ", "-")}`, dir: "auto" }, `${answer.answer} ${answer.rollback}`) : null,
    control ? h("p", { class: "soft" }, `Control: ${counted(control.controls, "decision")} left alone, ${control.expected.toFixed(1)} expected of ${control.decisions.toLocaleString("en")}: ${control.verdict}.`) : null,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Options of tenant ${tenant}` },
      h("table", {}, h("thead", {}, h("tr", {}, COLUMNS.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, own.map((one, index) => row(one, all, reach, told.shown_after, `${id}-${index}`, open))))));
}

function row(one, all, reach, shownAfter, id, open) {
  const control = one.against_control === null;
  const seen = one.matured + one.overlapped;
  return h("tr", { class: one.rolled_back ? "rolled-back" : null },
    h("th", { scope: "row" }, name(one.option)),
    h("td", { class: "number" }, one.decisions.toLocaleString("en")),
    h("td", { class: "number" }, percent(all ? one.decisions / all : null)),
    h("td", { class: "number" }, seen.toLocaleString("en")),
    h("td", { class: "number" }, control ? "" : one.failures.toLocaleString("en")),
    h("td", { class: "number" }, `${signed(one.mean_reward, 3)} ± ${plain(one.standard_error, 3)}`),
    h("td", {}, control ? "" : against(one.against_control, reach, shownAfter)),
    h("td", {}, control ? "control" : state(one, id, open)));
}

function against(found, reach, shownAfter) {
  if (found.mean === null) return `${found.verdict} (${found.n.toLocaleString("en")} of ${shownAfter})`;
  const place = (value) => `${50 + (50 * value) / reach}%`;
  const bar = h("span", { class: "interval", "aria-hidden": "true" }, h("span", { class: "span" }), h("span", { class: "mean" }));
  bar.style.setProperty("--low", place(found.low));
  bar.style.setProperty("--high", place(found.high));
  bar.style.setProperty("--mean", place(found.mean));
  const text = `${signed(found.mean, 3)} (${signed(found.low, 3)} to ${signed(found.high, 3)}): ${found.verdict}`;
  return [bar, h("span", { class: "uplift" }, text)];
}

function state(one, id, open) {
  const { command } = one;
  const asked = command ? h("p", { class: "soft" }, `${command.action === "enable" ? "Re-enable" : "Disable"} asked at ${time(command.at)} by `, name(command.by), ": ", name(command.reason)) : null;
  if (!one.rolled_back) return ["drawn", asked];
  return [h("strong", {}, "rolled back"), " ", h("button", { type: "button", id, onclick: () => open(one, id) }, "Re-enable…", h("span", { class: "sr" }, ` ${one.option}`)), asked];
}

/** Asks why before it asks the learner. */
function reenable() {
  let about = null, from = null;
  const what = h("strong", { dir: "auto" });
  const reason = h("input", { id: "reason", required: true, maxlength: 300, autocomplete: "off" });
  const by = h("input", { id: "who", required: true, maxlength: 100, autocomplete: "nickname" });
  const wrong = h("p", { role: "alert", class: "wrong" });
  const done = h("p", { role: "status", class: "soft" });
  const node = h("dialog", { "aria-labelledby": "re-enable" }, h("form", { method: "dialog", onsubmit: send },
    h("h2", { id: "re-enable" }, "Have ", what, " drawn again?"),
    h("p", {}, "It was rolled back because it did harm. The evidence against it is forgotten."),
    h("label", { for: "reason" }, "Why"), reason, h("label", { for: "who" }, "Your name, as others see it"), by, wrong,
    h("p", { class: "buttons" }, h("button", { class: "main" }, "Re-enable"), h("button", { type: "button", onclick: () => node.close() }, "Cancel"))));
  node.addEventListener("close", () => document.getElementById(from)?.focus());

  async function send(event) {
    event.preventDefault();
    localStorage.setItem(WHO, by.value.trim());
    const refused = await ask("/api/enable", { tenant: about.tenant, option: about.option, reason: reason.value.trim(), by: by.value.trim() });
    say(wrong, refused ? `Not done: ${refused}` : "");
    if (refused) return;
    node.close();
    say(done, `Asked; the learner publishes a policy with ${about.option} in a moment.`);
  }
  const open = (one, id) => {
    [about, from] = [one, id];
    say(what, one.option);
    say(wrong, "");
    say(done, "");
    reason.value = "";
    by.value = localStorage.getItem(WHO) ?? "";
    node.showModal();
  };
  return { node: h("div", {}, done, node), open };
}
