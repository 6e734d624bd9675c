// One conversation, turn by turn: what moved the belief, what was done, what followed.

import { facts, word } from "./alert.js";
import { legend } from "./board.js";
import { trajectory } from "./charts.js";
import { empty, h, keyed, name } from "./dom.js";
import { counted, percent, plain, signal, signed, time, UNKNOWN, utc } from "./format.js";
import { follow } from "./stream.js";

const MOST_SHOWN = 60; // entries, until one asks for all
const LEAST = 0.005; // a share below rounds to nothing

export function conversation(main, address) {
  const wish = new URLSearchParams(address.search);
  const about = h("p", { class: "counts" }, "Looking…");
  const place = h("div", { class: "lives" });
  const asked = h("ul", { class: "silent", "aria-label": "What was asked about its alerts", hidden: true });
  const lives = new Map();
  main.replaceChildren(
    h("p", { class: "back" }, h("a", { href: "/" }, "← Board")),
    h("h1", {}, name(wish.get("id") ?? "")), about, asked, place);

  const stop = follow(`/events/conversation?${wish}`, (told) => {
    if (told.missing) {
      about.textContent = "";
      if (!lives.size) place.replaceChildren(empty(told.missing.message, told.missing.hint ?? ""));
      return;
    }
    if (!lives.size) place.replaceChildren();
    const { found } = told;
    about.replaceChildren(...summary(found));
    asked.hidden = !found.asked.length;
    asked.replaceChildren(...found.asked.map((said) => h("li", {}, "Alerts: ", ...word(said))));
    const several = found.lives.length > 1;
    keyed(place, lives, found.lives.map((entries, index) => ({ entries, index, several })),
      (life) => life.index, () => makeLife(), (made, life) => made.show(life));
  });
  return () => {
    stop();
    for (const life of lives.values()) life.end();
  };
}

function summary(found) {
  const entries = found.lives.flat();
  const turns = entries.filter((one) => one.what === "turn");
  const customer = turns.at(-1)?.customer_id;
  const done = entries.filter((one) => one.what === "decision" && one.available && !one.control).length;
  return [
    ...(customer ? ["Customer ", name(customer), ", "] : []), "tenant ", name(found.tenant),
    `: ${counted(turns.length, "turn")}, ${counted(done, "intervention")}.`,
  ];
}

function makeLife() {
  const title = h("h2", {});
  const canvas = h("div", { class: "chart", role: "img" });
  const list = h("ol", { class: "story" });
  const all = h("button", { type: "button", class: "all", onclick: () => { shown = Infinity; show(life); } });
  const node = h("section", { class: "life" }, title, canvas, legend(), all, list);
  const entries = new Map();
  let chart = null, shown = MOST_SHOWN, life = null;

  function show(found) {
    life = found;
    title.textContent = found.several ? `Life ${found.index + 1}` : "Turn by turn";
    const points = found.entries.filter((one) => one.what === "turn").map(point);
    canvas.setAttribute("aria-label", describe(points));
    canvas.hidden = !points.length;
    if (points.length) {
      chart ??= trajectory(canvas);
      chart.show(points, marks(found.entries));
    }
    const left = Math.max(found.entries.length - shown, 0);
    all.hidden = left === 0;
    all.textContent = `Show the first ${left.toLocaleString("en")} entries, too`;
    keyed(list, entries, found.entries.slice(left), idOf, makeEntry, (made, entry) => made.show?.(entry));
  }
  return { node, show, end: () => chart?.end() };
}

const idOf = (one) => `${one.what} ${one.alert_id ?? one.outcome_id ?? one.decision_id ?? one.point_id}`;
const point = (one) => ({ at: Date.parse(one.event_time), level: one.level, sd: one.level_sd });

function describe(points) {
  if (!points.length) return "No turn is known";
  const highest = Math.max(...points.map((one) => one.level));
  return `Level over ${counted(points.length, "turn")}: from ${signed(points[0].level)} to ${signed(points.at(-1).level)}, highest ${signed(highest)}`;
}

/** Marks of the chart, each at the turn it follows. */
function marks(entries) {
  const found = [];
  let turn = -1;
  for (const one of entries) {
    if (one.what === "turn") turn += 1;
    if (turn < 0) continue;
    if (one.what === "decision" && one.available) found.push([turn, one.control ? "control" : "intervention"]);
    if (one.what === "outcome") found.push([turn, kindOf(one)]);
  }
  return found;
}

const kindOf = (one) => (one.failed ? "failed" : one.reward === null ? "unseen" : one.reward > 0 ? "fell" : "rose");

function makeEntry(one) {
  const node = h("li", { class: one.what }, ...TOLD[one.what](one));
  if (one.what !== "alert") return { node };
  const more = h("div", {});
  let shown = -1;
  node.append(more);
  return { node, show: (now) => {
    if (shown === (shown = now.deliveries.length)) return;
    more.replaceChildren(facts(now));
  } };
}

const at = (one) => h("time", { datetime: utc(one.event_time) }, time(one.event_time));

const TOLD = {
  turn: (one) => [
    h("h3", {}, `Turn ${one.turn}`, one.raised ? h("span", { class: "state" }, "raised") : null, at(one)),
    h("p", {}, h("span", { class: "level" }, signed(one.level)), h("span", { class: "sd" }, ` ± ${plain(one.level_sd)}`),
      ` (${signed(one.level_change)}), alarm ${plain(one.alarm, 1)} (${signed(one.alarm_change, 1)}); words said ${signed(one.observation)}`),
    shares(one.kinds, "What moved the level", signed),
    details(one),
  ],
  decision: (one) => [
    h("h3", {}, `Decision ${one.decision_index}: `, ...done(one), at(one)),
    h("p", {}, one.kind === "first" ? "The first in this conversation." : `Kind: ${one.kind}.`,
      one.propensity === null ? "" : ` Drawn with chance ${plain(one.propensity)}.`),
    shares(one.kinds, "What raised the alarm", percent),
  ],
  outcome: (one) => [
    h("h3", {}, "Outcome of ", name(one.option), ": ", followed(one), at(one)),
    h("p", {}, `Level ${plain(one.pre_level)} to ${plain(one.post_level)} after ${counted(one.turns, "turn")}, ${one.elapsed_s.toFixed(0)} s. Next: ${one.action}.`),
  ],
  alert: (one) => [
    h("h3", {}, `Alert (${one.severity}): `, name(one.title), at(one)),
    h("p", { dir: "auto" }, one.explanation), h("p", { dir: "auto" }, one.recommendation),
  ],
};

const done = (one) =>
  !one.available ? ["no intervention was possible (", name(one.unavailable_reason ?? UNKNOWN), ")"]
    : one.control ? ["left alone as control"] : ["intervention ", name(one.option)];

function followed(one) {
  if (one.reward === null) return `not observed (${one.censoring_reason ?? UNKNOWN})`;
  const moved = `level ${one.reward > 0 ? "fell" : "rose"} by ${plain(Math.abs(one.reward))}`;
  return `${moved}${one.failed ? ", failed" : ""}${one.status === "overlapped" ? ", handed over meanwhile" : ""}`;
}

/** Signed shares as bars around a middle line, largest first. */
export function shares(found, title, how) {
  const shown = found.filter((one) => Math.abs(one.share) >= LEAST);
  if (!shown.length) return h("p", { class: "soft" }, `${title}: nothing to speak of.`);
  const most = Math.max(...shown.map((one) => Math.abs(one.share)));
  return h("ul", { class: "shares", "aria-label": title }, shown.map((one) => {
    const bar = h("span", { class: one.share > 0 ? "bar up" : "bar down", "aria-hidden": "true" });
    bar.style.setProperty("--size", `${(50 * Math.abs(one.share)) / most}%`);
    return h("li", {}, h("span", { class: "of" }, name(signal(one.signal))), bar, h("span", { class: "share" }, how === percent ? percent(one.share) : how(one.share)));
  }));
}

/** Every signal by its name, and the cues; folded away. */
function details(one) {
  if (!one.contributions.length && !one.cues.length) return null;
  const named = one.contributions.map((c) => h("li", {}, name(signal(c.signal)), ` ${signed(c.share, 3)}`));
  const cues = one.cues.length ? h("p", {}, "Cues: ", one.cues.flatMap((cue, index) => [index ? ", " : "", name(cue)])) : null;
  return h("details", {}, h("summary", {}, "Every signal"), h("ul", { class: "signals" }, named), cues);
}
