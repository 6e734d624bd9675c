// The board: live conversations, the highest frustration level first.

import { sparkline, MARKS } from "./charts.js";
import { empty, h, name, reconcile, setText } from "./dom.js";
import { counted, plain, signed, time, utc } from "./format.js";
import { subscribe } from "./stream.js";

const WAIT_MS = 250; // after a key in the search field
const POINTING_MS = 5_000, READING_MS = 20_000; // after a pointer move or a key, the order is held this long

export function board(main, address) {
  const filters = new URLSearchParams(address.search);
  const rows = new Map();
  let heldUntil = 0;
  const hold = (ms) => (heldUntil = Math.max(heldUntil, Date.now() + ms));
  const release = () => {
    heldUntil = 0;
    if (last) arrange();
  };
  let stop = () => {};
  let pages = 1, page = 0, last = null;
  const seen = new Map(); // rows of this page by key, as last received

  const reload = () => {
    history.replaceState(null, "", `/${filters.size ? `?${filters}` : ""}`);
    stop();
    seen.clear();
    stop = subscribe(`/events/board?${filters}`, show);
  };
  const set = (key, value) => {
    if (value) filters.set(key, value);
    else filters.delete(key);
    if (key !== "page") filters.delete("page");
    reload();
  };

  let typed;
  const find = h("input", {
    type: "search", id: "find", value: filters.get("text"), placeholder: "conversation or customer",
    oninput: (event) => {
      clearTimeout(typed);
      typed = setTimeout(() => set("text", event.target.value.trim()), WAIT_MS);
    },
  });
  const tenant = h("select", { id: "tenant", onchange: (event) => set("tenant", event.target.value) });
  const by = h("select", { id: "by", onchange: (event) => set("by", event.target.value) },
    h("option", { value: "" }, "level"), h("option", { value: "recent", selected: filters.get("by") === "recent" }, "last turn"));
  const flag = (key, text) => h("label", { class: "flag" },
    h("input", { type: "checkbox", name: key, checked: filters.get(key) === "1", onchange: (e) => set(key, e.target.checked ? "1" : "") }), text);
  const counts = h("p", { class: "counts" }, "Loading…");
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
      flag("raised", "Raised only"), flag("ended", "Include ended")),
    list, nothing, paging, legend(),
    h("p", { class: "legend" }, "The order is held while you point at the list or move through it with the arrow keys."));

  function show(payload) {
    for (const [key, row] of Object.entries(payload.rows)) seen.set(key, row);
    ({ page, pages } = payload);
    last = payload;
    setText(counts, summary(payload));
    showTenants(payload.tenants);
    arrange();
    setText(where, `Page ${page + 1} of ${pages}`);
    paging.hidden = pages === 1;
    earlier.disabled = page === 0;
    later.disabled = page === pages - 1;
    nothing.replaceChildren(...(payload.order.length ? [] : [whyEmpty(payload)]));
  }

  /** Puts the rows in order. While somebody points at the list or has its focus, they stay where they are. */
  function arrange() {
    const held = rows.size > 0 && Date.now() < heldUntil;
    const order = held ? [...rows.keys()] : last.order;
    if (!held) for (const key of seen.keys()) if (!order.includes(key)) seen.delete(key);
    reconcile(list, rows, order, (key) => key, (key) => makeRow(seen.get(key)), (row, key) => row.show(seen.get(key)));
  }

  function showTenants(names) {
    const several = names.length > 1 || filters.has("tenant");
    for (const element of [tenant, tenant.previousElementSibling]) element.hidden = !several;
    if (tenant.options.length === names.length + 1) return;
    const chosen = filters.get("tenant") ?? "";
    tenant.replaceChildren(h("option", { value: "" }, "all"), ...names.map((value) => h("option", { value, selected: value === chosen }, value)));
  }

  const whyEmpty = (payload) => {
    if (!payload.status.fresh_at) return empty("No data yet", "ClickHouse has not answered yet.");
    if (filters.get("text") || filters.get("tenant") || filters.get("raised")) return empty("No matching conversations", "Change or clear the filters.");
    if (payload.ended) return empty("No live conversations", `${counted(payload.ended, "conversation")} ended recently. Select “Include ended” to see them.`);
    return empty("No conversations yet", "The first one appears seconds after a customer writes. Check that events are published to conversation.messages, and that a worker and the sink are running.");
  };

  reload();
  return () => {
    stop();
    for (const row of rows.values()) row.end();
  };
}

const summary = (payload) =>
  `${counted(payload.live, "live conversation")}, ${payload.raised.toLocaleString("en")} raised` +
  (payload.total === payload.live ? "" : `; ${payload.total.toLocaleString("en")} shown`);

// Only visible charts are drawn: a dozen of fifty rows.
const onVisible = new WeakMap();
const visibility = new IntersectionObserver(
  (entries) => { for (const entry of entries) onVisible.get(entry.target)?.(entry.isIntersecting); }, { rootMargin: "200px" });

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
  onVisible.set(node, (now) => {
    visible = now;
    draw();
  });
  visibility.observe(node);
  return {
    node,
    show(row) {
      if (row === shown) return;
      shown = row;
      setText(who, row.customer ?? "");
      setText(talk, `${row.customer ? " · " : ""}${row.channel} · turn ${row.turn}`);
      setText(level, signed(row.level));
      setText(sd, ` ± ${plain(row.sd)}`);
      setText(path, `from ${signed(row.levels[0])} over ${counted(row.levels.length, "turn")} to `);
      setText(slope, slopeOf(row));
      setText(state, row.ended ? row.ended.replaceAll("_", " ") : row.raised ? "raised" : "");
      node.classList.toggle("raised", row.raised && !row.ended);
      setText(note, noteOf(row));
      setText(at, time(row.at));
      at.dateTime = utc(row.at);
      draw();
    },
    end() {
      visibility.unobserve(node);
      chart?.end();
    },
  };
}

const page = (row) => `/conversation?${new URLSearchParams({ tenant: row.tenant, id: row.conversation })}`;

const slopeOf = (row) =>
  row.slope === null || Math.abs(row.slope) < 0.005 ? "" : `${row.slope > 0 ? "↗" : "↘"} ${signed(row.slope)} per minute`;

/** The last decision, or its outcome. */
function noteOf(row) {
  const [, kind, what] = row.marks.at(-1) ?? [];
  if (!kind) return "";
  return kind === "control" ? MARKS.control : `${what}: ${kind === "intervention" ? "in progress" : MARKS[kind]}`;
}

/** Arrow keys move from conversation to conversation. */
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
    "Frustration level: 0 is usual, higher is more frustrated; the band is the 95 % uncertainty. ",
    "▲ intervention, ○ control (no intervention), ▼ level fell afterwards, △ level rose, ✕ failed.");
