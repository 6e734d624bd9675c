// What an alert tells besides its sentences: what it was seen by, since when, what was tried, who was told, why it fired.

import { h, name } from "./dom.js";
import { counted, plain, time, utc } from "./format.js";

const CONTROL = "control";

/** The facts of an alert, each with its name; what is not known is left out. */
export function facts(one) {
  const known = [
    ["Seen by", one.evidence.map((text) => [name(text)])],
    ["Raised since", one.raised_at === null ? [] : [[h("time", { datetime: utc(one.raised_at) }, time(one.raised_at))]]],
    ["Tried", one.tried.map(went)],
    ["Told", one.deliveries.length ? one.deliveries.map(became) : [["nobody so far, as far as is recorded"]]],
    ["Fired", [fired(one)]],
  ];
  return h("dl", { class: "facts" }, known.filter(([, told]) => told.length).map(([what, told]) =>
    h("div", {}, h("dt", {}, what), told.map((parts) => h("dd", {}, ...parts)))));
}

const went = (tried) => [
  tried.option === CONTROL ? "left alone" : name(tried.option),
  tried.change === null ? ", then the customer did not write"
    : `, then the level ${tried.change > 0 ? "rose" : "fell"} by ${plain(Math.abs(tried.change))}`,
];

function became(one) {
  const where = one.team ? ["team ", name(one.team), ...(one.destination ? [" by ", name(one.destination)] : [])] : ["no team"];
  const tries = one.attempts > 1 ? ` after ${counted(one.attempts, "attempt")}` : "";
  const why = one.reason ? [" (", name(one.reason), ")"] : [];
  return [...where, ": ", h("span", { class: one.status }, one.status === "suppressed" ? "not told" : one.status), tries, ...why,
    ", ", h("time", { datetime: utc(one.at) }, time(one.at))];
}

const fired = (one) => [
  "rule ", name(one.rule), one.rule_version === null ? "" : ` ${one.rule_version}`, ", settings ", name(one.config_version),
  ...(one.policy_version ? [", policy ", name(one.policy_version)] : []),
];

const ACTIONS = { acknowledge: "Acknowledged", snooze: "Snoozed", resume: "Taken back" };

/** What a person said about alerts: by a command or from here, which is the same. */
export const word = (said) => [
  ACTIONS[said.action] ?? said.action, ...(said.team ? [" for team ", name(said.team)] : []),
  ...(said.until === null ? [] : [" until ", h("time", { datetime: utc(said.until) }, time(said.until))]),
  ", by ", name(said.by), " at ", h("time", { datetime: utc(said.at) }, time(said.at)),
  ...(said.reason ? [": ", name(said.reason)] : []),
];
