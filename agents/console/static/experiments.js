// The experiments: the effect of each option compared with control, and what is rolled back.

import { empty, h, name, setText } from "./dom.js";
import { counted, percent, plain, signed, time } from "./format.js";
import { post, subscribe } from "./stream.js";

const NAME_KEY = "tenor.by"; // of the local storage, for the reader's name
const COLUMNS = ["Option", "Decisions", "Share", "Observed", "Failed", "Mean reward", "Difference from control (anytime-valid interval)", "State"];

export function experiments(main) {
  const place = h("div", {});
  const dialog = reenable();
  main.replaceChildren(h("h1", {}, "Experiments"),
    h("p", { class: "legend" }, "Reward is the drop of the frustration level after a decision: positive is better. Each option is compared with control: no intervention, chosen by lottery."),
    place, dialog.node);
  const stop = subscribe("/events/experiments", (payload) => {
    if (!payload.options) return;
    const tenants = [...new Set(payload.options.map((option) => option.tenant))];
    const before = document.activeElement?.id;
    place.replaceChildren(...(tenants.length ? tenants.map((tenant) => section(tenant, payload, dialog.open))
      : [empty("No decisions yet", "The experiment starts with the first conversation whose frustration rises.")]));
    if (before) document.getElementById(before)?.focus();
  });
  return stop;
}

function section(tenant, payload, open) {
  const options = payload.options.filter((option) => option.tenant === tenant);
  const answer = payload.answers.find((row) => row.tenant === tenant);
  const control = payload.control.find((row) => row.tenant === tenant);
  const total = options.reduce((sum, option) => sum + option.decisions, 0);
  const reach = Math.max(0.05, ...options.flatMap(({ against_control: a }) => (a && a.mean !== null ? [Math.abs(a.low), Math.abs(a.high)] : [])));
  const id = `tenant-${payload.answers.indexOf(answer)}`;
  return h("section", { "aria-labelledby": id },
    h("h2", { id }, "Tenant ", name(tenant)),
    answer ? h("p", { class: `answer ${answer.verdict.replaceAll(" ", "-")}`, dir: "auto" }, `${answer.answer} ${answer.rollback}`) : null,
    control ? h("p", { class: "soft" }, `Control: ${control.controls.toLocaleString("en")} of ${counted(control.decisions, "decision")}, ${control.expected.toFixed(1)} expected: ${control.verdict}.`) : null,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Options of tenant ${tenant}` },
      h("table", {}, h("thead", {}, h("tr", {}, COLUMNS.map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, options.map((option, index) => row(option, total, reach, payload.shown_after, `${id}-${index}`, open))))));
}

function row(option, total, reach, shownAfter, id, open) {
  const control = option.against_control === null;
  const observed = option.matured + option.overlapped;
  return h("tr", { class: option.rolled_back ? "rolled-back" : null },
    h("th", { scope: "row" }, name(option.option)),
    h("td", { class: "number" }, option.decisions.toLocaleString("en")),
    h("td", { class: "number" }, percent(total ? option.decisions / total : null)),
    h("td", { class: "number" }, observed.toLocaleString("en")),
    h("td", { class: "number" }, control ? "" : option.failures.toLocaleString("en")),
    h("td", { class: "number" }, `${signed(option.mean_reward, 3)} ± ${plain(option.standard_error, 3)}`),
    h("td", {}, control ? "" : describeEffect(option.against_control, reach, shownAfter)),
    h("td", {}, control ? "control" : state(option, id, open)));
}

function describeEffect(effect, reach, shownAfter) {
  if (effect.mean === null) return `${effect.verdict} (${effect.n.toLocaleString("en")} of ${shownAfter})`;
  const place = (value) => `${50 + (50 * value) / reach}%`;
  const bar = h("span", { class: "interval", "aria-hidden": "true" }, h("span", { class: "span" }), h("span", { class: "mean" }));
  bar.style.setProperty("--low", place(effect.low));
  bar.style.setProperty("--high", place(effect.high));
  bar.style.setProperty("--mean", place(effect.mean));
  const text = `${signed(effect.mean, 3)} (${signed(effect.low, 3)} to ${signed(effect.high, 3)}): ${effect.verdict}`;
  return [bar, h("span", { class: "uplift" }, text)];
}

function state(option, id, open) {
  const { command } = option;
  const request = command ? h("p", { class: "soft" }, `${command.action === "enable" ? "Re-enable" : "Disable"} requested at ${time(command.at)} by `, name(command.by), ": ", name(command.reason)) : null;
  if (!option.rolled_back) return ["active", request];
  return [h("strong", {}, "rolled back"), " ", h("button", { type: "button", id, onclick: () => open(option, id) }, "Re-enable…", h("span", { class: "sr" }, ` ${option.option}`)), request];
}

/** A dialog that asks for a reason and then publishes the command. */
function reenable() {
  let option = null, openerId = null;
  const title = h("strong", { dir: "auto" });
  const reason = h("input", { id: "reason", required: true, maxlength: 300, autocomplete: "off" });
  const by = h("input", { id: "who", required: true, maxlength: 100, autocomplete: "nickname" });
  const error = h("p", { role: "alert", class: "wrong" });
  const done = h("p", { role: "status", class: "soft" });
  const node = h("dialog", { "aria-labelledby": "re-enable" }, h("form", { method: "dialog", onsubmit: send },
    h("h2", { id: "re-enable" }, "Re-enable ", title, "?"),
    h("p", {}, "It was rolled back because it did harm. Re-enabling discards the evidence against it."),
    h("label", { for: "reason" }, "Reason"), reason, h("label", { for: "who" }, "Your name (shown to others)"), by, error,
    h("p", { class: "buttons" }, h("button", { class: "main" }, "Re-enable"), h("button", { type: "button", onclick: () => node.close() }, "Cancel"))));
  node.addEventListener("close", () => document.getElementById(openerId)?.focus());

  async function send(event) {
    event.preventDefault();
    localStorage.setItem(NAME_KEY, by.value.trim());
    const target = { tenant: option.tenant, option: option.option };
    const message = await post("/api/enable", { ...target, reason: reason.value.trim(), by: by.value.trim() });
    setText(error, message ? `Failed: ${message}` : "");
    if (message) return;
    node.close();
    setText(done, `Requested. The learner will publish a policy with ${option.option} shortly.`);
  }
  const open = (chosen, id) => {
    [option, openerId] = [chosen, id];
    setText(title, option.option);
    setText(error, "");
    setText(done, "");
    reason.value = "";
    by.value = localStorage.getItem(NAME_KEY) ?? "";
    node.showModal();
  };
  return { node: h("div", {}, done, node), open };
}
