// One conversation, turn by turn: what moved the level, decisions, outcomes and alerts.

import { describeCommand, details as alertDetails } from "./alert.js";
import { legend } from "./board.js";
import { trajectory } from "./charts.js";
import { empty, h, name, reconcile } from "./dom.js";
import { counted, percent, plain, signal, signed, time, UNKNOWN, utc } from "./format.js";
import { subscribe } from "./stream.js";

const INITIAL_ENTRIES = 60; // shown until the reader asks for all
const MIN_SHARE = 0.005; // smaller ones round to zero

export function conversation(main, address) {
  const parameters = new URLSearchParams(address.search);
  const about = h("p", { class: "counts" }, "Loading…");
  const place = h("div", { class: "lives" });
  const commands = h("ul", { class: "silent", "aria-label": "Commands about its alerts", hidden: true });
  const lives = new Map();
  main.replaceChildren(
    h("p", { class: "back" }, h("a", { href: "/" }, "← Board")),
    h("h1", {}, name(parameters.get("id") ?? "")), about, commands, place);

  const stop = subscribe(`/events/conversation?${parameters}`, (payload) => {
    if (payload.missing) {
      about.textContent = "";
      if (!lives.size) place.replaceChildren(empty(payload.missing.message, payload.missing.hint ?? ""));
      return;
    }
    if (!lives.size) place.replaceChildren();
    const { found: story } = payload;
    about.replaceChildren(...summary(story));
    commands.hidden = !story.asked.length;
    commands.replaceChildren(...story.asked.map((command) => h("li", {}, "Alerts: ", ...describeCommand(command))));
    const several = story.lives.length > 1;
    reconcile(place, lives, story.lives.map((entries, index) => ({ entries, index, several })),
      (life) => life.index, () => makeLife(), (view, life) => view.show(life));
  });
  return () => {
    stop();
    for (const life of lives.values()) life.end();
  };
}

function summary(story) {
  const entries = story.lives.flat();
  const turns = entries.filter((entry) => entry.what === "turn");
  const customer = turns.at(-1)?.customer_id;
  const interventions = entries.filter((entry) => entry.what === "decision" && entry.available && !entry.control).length;
  return [
    ...(customer ? ["Customer ", name(customer), ", "] : []), "tenant ", name(story.tenant),
    `: ${counted(turns.length, "turn")}, ${counted(interventions, "intervention")}.`,
  ];
}

function makeLife() {
  const title = h("h2", {});
  const canvas = h("div", { class: "chart", role: "img" });
  const list = h("ol", { class: "story" });
  const all = h("button", { type: "button", class: "all", onclick: () => { shown = Infinity; show(life); } });
  const node = h("section", { class: "life" }, title, canvas, legend(), all, list);
  const entries = new Map();
  let chart = null, shown = INITIAL_ENTRIES, life = null;

  function show(newLife) {
    life = newLife;
    title.textContent = life.several ? `Life ${life.index + 1}` : "Turn by turn";
    const points = life.entries.filter((entry) => entry.what === "turn").map(point);
    canvas.setAttribute("aria-label", describe(points));
    canvas.hidden = !points.length;
    if (points.length) {
      chart ??= trajectory(canvas);
      chart.show(points, marks(life.entries));
    }
    const hidden = Math.max(life.entries.length - shown, 0);
    all.hidden = hidden === 0;
    all.textContent = `Show ${counted(hidden, "earlier entry", "earlier entries")}`;
    reconcile(list, entries, life.entries.slice(hidden), idOf, makeEntry, (view, entry) => view.show?.(entry));
  }
  return { node, show, end: () => chart?.end() };
}

const idOf = (entry) => `${entry.what} ${entry.alert_id ?? entry.outcome_id ?? entry.decision_id ?? entry.point_id}`;
const point = (entry) => ({ at: Date.parse(entry.event_time), level: entry.level, sd: entry.level_sd });

function describe(points) {
  if (!points.length) return "No turns";
  const highest = Math.max(...points.map((item) => item.level));
  return `Level over ${counted(points.length, "turn")}: from ${signed(points[0].level)} to ${signed(points.at(-1).level)}, highest ${signed(highest)}`;
}

/** Marks of the chart, each at the turn before it. */
function marks(entries) {
  const placed = [];
  let turn = -1;
  for (const entry of entries) {
    if (entry.what === "turn") turn += 1;
    if (turn < 0) continue;
    if (entry.what === "decision" && entry.available) placed.push([turn, entry.control ? "control" : "intervention"]);
    if (entry.what === "outcome") placed.push([turn, kindOf(entry)]);
  }
  return placed;
}

const kindOf = (entry) => (entry.failed ? "failed" : entry.reward === null ? "unseen" : entry.reward > 0 ? "fell" : "rose");

function makeEntry(entry) {
  const node = h("li", { class: entry.what }, ...RENDERERS[entry.what](entry));
  if (entry.what !== "alert") return { node };
  const more = h("div", {});
  let shown = -1;
  node.append(more);
  return { node, show: (now) => {
    if (shown === (shown = now.deliveries.length)) return;
    more.replaceChildren(alertDetails(now));
  } };
}

const at = (entry) => h("time", { datetime: utc(entry.event_time) }, time(entry.event_time));

const RENDERERS = {
  turn: (entry) => [
    h("h3", {}, `Turn ${entry.turn}`, entry.raised ? h("span", { class: "state" }, "raised") : null, at(entry)),
    h("p", {}, h("span", { class: "level" }, signed(entry.level)), h("span", { class: "sd" }, ` ± ${plain(entry.level_sd)}`),
      ` (${signed(entry.level_change)}), alarm ${plain(entry.alarm, 1)} (${signed(entry.alarm_change, 1)}); text observation ${signed(entry.observation)}`),
    shares(entry.kinds, "Contributions to the level", signed),
    signalDetails(entry),
  ],
  decision: (entry) => [
    h("h3", {}, `Decision ${entry.decision_index}: `, ...describeDecision(entry), at(entry)),
    h("p", {}, entry.kind === "first" ? "The first in this conversation." : `Kind: ${entry.kind}.`,
      entry.propensity === null ? "" : ` Propensity ${plain(entry.propensity)}.`),
    shares(entry.kinds, "Contributions to the alarm", percent),
  ],
  outcome: (entry) => [
    h("h3", {}, "Outcome of ", name(entry.option), ": ", describeOutcome(entry), at(entry)),
    h("p", {}, `Level ${plain(entry.pre_level)} to ${plain(entry.post_level)} after ${counted(entry.turns, "turn")}, ${entry.elapsed_s.toFixed(0)} s. Next: ${entry.action}.`),
  ],
  alert: (entry) => [
    h("h3", {}, `Alert (${entry.severity}): `, name(entry.title), at(entry)),
    h("p", { dir: "auto" }, entry.explanation), h("p", { dir: "auto" }, entry.recommendation),
  ],
};

const describeDecision = (entry) =>
  !entry.available ? ["no intervention available (", name(entry.unavailable_reason ?? UNKNOWN), ")"]
    : entry.control ? ["control (no intervention)"] : ["intervention ", name(entry.option)];

function describeOutcome(entry) {
  if (entry.reward === null) return `not observed (${entry.censoring_reason ?? UNKNOWN})`;
  const change = `level ${entry.reward > 0 ? "fell" : "rose"} by ${plain(Math.abs(entry.reward))}`;
  return `${change}${entry.failed ? ", failed" : ""}${entry.status === "overlapped" ? ", handed over in the meantime" : ""}`;
}

/** Signed shares as bars around a middle line, largest first. */
export function shares(contributions, title, format) {
  const shown = contributions.filter((entry) => Math.abs(entry.share) >= MIN_SHARE);
  if (!shown.length) return h("p", { class: "soft" }, `${title}: none.`);
  const most = Math.max(...shown.map((entry) => Math.abs(entry.share)));
  return h("ul", { class: "shares", "aria-label": title }, shown.map((entry) => {
    const bar = h("span", { class: entry.share > 0 ? "bar up" : "bar down", "aria-hidden": "true" });
    bar.style.setProperty("--size", `${(50 * Math.abs(entry.share)) / most}%`);
    return h("li", {}, h("span", { class: "of" }, name(signal(entry.signal))), bar, h("span", { class: "share" }, format(entry.share)));
  }));
}

/** Every signal by its name, and the cues; collapsed. */
function signalDetails(entry) {
  if (!entry.contributions.length && !entry.cues.length) return null;
  const signals = entry.contributions.map((item) => h("li", {}, name(signal(item.signal)), ` ${signed(item.share, 3)}`));
  const cues = entry.cues.length ? h("p", {}, "Cues: ", entry.cues.flatMap((cue, index) => [index ? ", " : "", name(cue)])) : null;
  return h("details", {}, h("summary", {}, "All signals"), h("ul", { class: "signals" }, signals), cues);
}
