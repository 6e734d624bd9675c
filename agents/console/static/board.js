// The board: conversations by belief, the most frustrated first.

import { sparkline, MARKS } from "./charts.js";
import { empty, h, keyed, name, say } from "./dom.js";
import { counted, plain, signed, time, utc } from "./format.js";
import { follow } from "./stream.js";

const WAIT_MS = 250; // after a key in the search field
const POINTING_MS = 5_000, READING_MS = 20_000; // so long after a move, or a key, the order is held

export function board(main, address) {
  const wish = new URLSearchParams(address.search);
  const rows = new Map();
  let heldUntil = 0;
  const hold = (ms) => (heldUntil = Math.max(heldUntil, Date.now() + ms));
  const release = () => {
    heldUntil = 0;
    if (last) arrange();
  };
  let stop = () => {};
  let pages = 1, page = 0, last = null;
  const seen = new Map(); // rows of this page by key, as last told

  const again = () => {
    history.replaceState(null, "", `/${wish.size ? `?${wish}` : ""}`);
    stop();
    seen.clear();
    stop = follow(`/events/board?${wish}`, told);
  };
  const set = (key, value) => {
    if (value) wish.set(key, value);
    else wish.delete(key);
    if (key !== "page") wish.delete("page");
    again();
  };

  let typed;
  const find = h("input", {
    type: "search", id: "find", value: wish.get("text"), placeholder: "conversation or customer",
    oninput: (event) => {
      clearTimeout(typed);
      typed = setTimeout(() => set("text", event.target.value.trim()), WAIT_MS);
    },
  });
  const tenant = h("select", { id: "tenant", onchange: (event) => set("tenant", event.target.value) });
  const by = h("select", { id: "by", onchange: (event) => set("by", event.target.value) },
    h("option", { value: "" }, "level"), h("option", { value: "recent", selected: wish.get("by") === "recent" }, "last turn"));
  const flag = (key, text) => h("label", { class: "flag" },
    h("input", { type: "checkbox", name: key, checked: wish.get(key) === "1", onchange: (e) => set(key, e.target.checked ? "1" : "") }), text);
  const counts = h("p", { class: "counts" }, "Looking…");
  const list = h("ol", {
    class: "board", "aria-label": "Conversations",
    onpointermove: () => hold(POINTING_MS),
    onpointerleave: release,
    onfocusin: () => hold(READING_MS),
    onfocusout: (event) => list.contains(event.relatedTarget) || setTimeout(release),
    onkeydown: (event) => { hold(READING_MS); move(event); },
  });
  const nothing = h("div", { class: "nothing" });
  const where = h("span", {});
  const earlier = h("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const later = h("button", { type: "button", onclick: () => turn(1) }, "Next");
  const paging = h("nav", { class: "paging", "aria-label": "Pages of the board", hidden: true }, earlier, where, later);
  const turn = (by) => set("page", String(Math.min(Math.max(page + by, 0), pages - 1) || ""));

  main.replaceChildren(
    h("h1", {}, "Conversations"), counts,
    h("search", { class: "wish" },
      h("label", { for: "find" }, "Find"), find,
      h("label", { for: "tenant", class: "of-tenant" }, "Tenant"), tenant,
      h("label", { for: "by" }, "Sort by"), by,
      flag("raised", "Raised only"), flag("ended", "Ended too")),
    list, nothing, paging, legend(),
    h("p", { class: "legend" }, "While you point at the list, or go through it with the arrow keys, its order is held."));

  function told(found) {
    for (const [key, row] of Object.entries(found.rows)) seen.set(key, row);
    ({ page, pages } = found);
    last = found;
    say(counts, summary(found));
    tenants(found.tenants);
    arrange();
    say(where, `Page ${page + 1} of ${pages}`);
    paging.hidden = pages === 1;
    earlier.disabled = page === 0;
    later.disabled = page === pages - 1;
    nothing.replaceChildren(...(found.order.length ? [] : [whyEmpty(found)]));
  }

  /** Rows in their order. While somebody points at the list or is in it, its rows stay where they are. */
  function arrange() {
    const held = rows.size > 0 && Date.now() < heldUntil;
    const order = held ? [...rows.keys()] : last.order;
    if (!held) for (const key of seen.keys()) if (!order.includes(key)) seen.delete(key);
    keyed(list, rows, order, (key) => key, (key) => makeRow(seen.get(key)), (row, key) => row.show(seen.get(key)));
  }

  function tenants(names) {
    const several = names.length > 1 || wish.has("tenant");
    for (const one of [tenant, tenant.previousElementSibling]) one.hidden = !several;
    if (tenant.options.length === names.length + 1) return;
    const chosen = wish.get("tenant") ?? "";
    tenant.replaceChildren(h("option", { value: "" }, "all"), ...names.map((one) => h("option", { value: one, selected: one === chosen }, one)));
  }

  const whyEmpty = (found) => {
    if (!found.status.fresh_at) return empty("Nothing can be shown yet", "The database has not answered so far.");
    if (wish.get("text") || wish.get("tenant") || wish.get("raised")) return empty("No conversation is like that", "Search for less.");
    if (found.ended) return empty("Nobody is talking just now", `${counted(found.ended, "conversation")} ended lately: tick “Ended too” to see them.`);
    return empty("No conversation yet", "The first appears here seconds after a customer has written. Is something publishing to conversation.messages, and are worker and sink running?");
  };

  again();
  return () => {
    stop();
    for (const row of rows.values()) row.end();
  };
}

const summary = (found) =>
  `${counted(found.live, "live conversation")}, ${found.raised.toLocaleString("en")} raised` +
  (found.total === found.live ? "" : `; ${found.total.toLocaleString("en")} shown`);

// Charts are drawn where one can see them: of fifty rows, a dozen.
const seeing = new WeakMap();
const eyes = new IntersectionObserver(
  (entries) => { for (const one of entries) seeing.get(one.target)?.(one.isIntersecting); }, { rootMargin: "200px" });

function makeRow(first) {
  const link = h("a", { href: page(first) }, name(first.conversation));
  const who = h("bdi", {});
  const talk = h("span", {});
  const spark = h("div", { class: "spark", "aria-hidden": "true" });
  const path = h("span", { class: "sr" });
  let chart = null;
  const level = h("span", { class: "level" });
  const sd = h("span", { class: "sd" });
  const slope = h("span", { class: "slope" });
  const state = h("span", { class: "state" });
  const note = h("span", { class: "note" });
  const at = h("time", {});
  const node = h("li", {},
    h("div", { class: "name" }, link, h("span", { class: "who" }, who, talk)),
    spark, path, h("div", { class: "belief" }, level, sd, slope), state, note, at);
  let shown = null, visible = false;
  const draw = () => {
    if (!visible || !shown) return;
    chart ??= sparkline(spark);
    chart.show(shown);
  };
  seeing.set(node, (now) => {
    visible = now;
    draw();
  });
  eyes.observe(node);
  return {
    node,
    show(row) {
      if (row === shown) return;
      shown = row;
      say(who, row.customer ?? "");
      say(talk, `${row.customer ? " · " : ""}${row.channel} · turn ${row.turn}`);
      say(level, signed(row.level));
      say(sd, ` ± ${plain(row.sd)}`);
      say(path, `from ${signed(row.levels[0])} over ${counted(row.levels.length, "turn")} to `);
      say(slope, slopeOf(row));
      say(state, row.ended ? row.ended.replaceAll("_", " ") : row.raised ? "raised" : "");
      node.classList.toggle("raised", row.raised && !row.ended);
      say(note, noteOf(row));
      say(at, time(row.at));
      at.dateTime = utc(row.at);
      draw();
    },
    end() {
      eyes.unobserve(node);
      chart?.end();
    },
  };
}

const page = (row) => `/conversation?${new URLSearchParams({ tenant: row.tenant, id: row.conversation })}`;

const slopeOf = (row) =>
  row.slope === null || Math.abs(row.slope) < 0.005 ? "" : `${row.slope > 0 ? "↗" : "↘"} ${signed(row.slope)} a minute`;

/** What was done last, or what followed. */
function noteOf(row) {
  const [, kind, what] = row.marks.at(-1) ?? [];
  if (!kind) return "";
  return kind === "control" ? MARKS.control : `${what}: ${kind === "intervention" ? "under way" : MARKS[kind]}`;
}

/** Arrow keys go from conversation to conversation. */
function move(event) {
  const links = [...event.currentTarget.querySelectorAll("a")];
  const here = links.indexOf(document.activeElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined || here < 0 || !links[to]) return;
  event.preventDefault();
  links[to].focus();
}

export const legend = () =>
  h("p", { class: "legend" },
    "Level of the frustration signal: 0 is usual, higher is more frustrated; the band is its 95 % uncertainty. ",
    "▲ intervention, ○ left alone as control, ▼ the level fell after it, △ rose, ✕ failed.");
