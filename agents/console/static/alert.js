// The details of an alert: its evidence, since when, what was tried, its deliveries, and the rule that fired.

import { h, name } from "./dom.js";
import { counted, plain, time, utc } from "./format.js";

const CONTROL = "control";

/** The details of an alert, each with its name; unknown ones are left out. */
export function details(alert) {
  const rows = [
    ["Evidence", alert.evidence.map((text) => [name(text)])],
    ["Raised since", alert.raised_at === null ? [] : [[h("time", { datetime: utc(alert.raised_at) }, time(alert.raised_at))]]],
    ["Tried", alert.tried.map(describeAttempt)],
    ["Deliveries", alert.deliveries.length ? alert.deliveries.map(describeDelivery) : [["none recorded yet"]]],
    ["Fired by", [describeRule(alert)]],
  ];
  return h("dl", { class: "facts" }, rows.filter(([, values]) => values.length).map(([title, values]) =>
    h("div", {}, h("dt", {}, title), values.map((parts) => h("dd", {}, ...parts)))));
}

const describeAttempt = (attempt) => [
  attempt.option === CONTROL ? "control (no intervention)" : name(attempt.option),
  attempt.change === null ? ": no customer message afterwards"
    : `: level ${attempt.change > 0 ? "rose" : "fell"} by ${plain(Math.abs(attempt.change))}`,
];

function describeDelivery(delivery) {
  const via = delivery.destination ? [" via ", name(delivery.destination)] : [];
  const to = delivery.team ? ["team ", name(delivery.team), ...via] : ["no team"];
  const attempts = delivery.attempts > 1 ? ` after ${counted(delivery.attempts, "attempt")}` : "";
  const reason = delivery.reason ? [" (", name(delivery.reason), ")"] : [];
  return [...to, ": ", h("span", { class: delivery.status }, delivery.status), attempts, ...reason,
    ", ", h("time", { datetime: utc(delivery.at) }, time(delivery.at))];
}

const describeRule = (alert) => [
  "rule ", name(alert.rule), alert.rule_version === null ? "" : ` ${alert.rule_version}`,
  ", config ", name(alert.config_version),
  ...(alert.policy_version ? [", policy ", name(alert.policy_version)] : []),
];

const ACTIONS = { acknowledge: "Acknowledged", snooze: "Snoozed", resume: "Reopened" };

/** A command about alerts, given here or on the command line. */
export const describeCommand = (command) => [
  ACTIONS[command.action] ?? command.action, ...(command.team ? [" for team ", name(command.team)] : []),
  ...(command.until === null ? [] : [" until ", h("time", { datetime: utc(command.until) }, time(command.until))]),
  ", by ", name(command.by), " at ", h("time", { datetime: utc(command.at) }, time(command.at)),
  ...(command.reason ? [": ", name(command.reason)] : []),
];
