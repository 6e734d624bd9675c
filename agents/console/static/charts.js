// The trajectory of a conversation, as a sparkline and as a large chart: level, uncertainty band, decisions and outcomes.

import uPlot from "./vendor/uplot.js";
import { timeOfDay } from "./format.js";

const SPARK = { width: 180, height: 40 };
const BAND_SD = 1.96; // 95 % of a normal distribution
const LOW = -0.3, HIGH = 0.9; // the same scale for all, so that levels compare; extended where a level exceeds it

const dark = matchMedia("(prefers-color-scheme: dark)");
let read = null;
const drawn = new Set();

function colour(name) {
  read ??= getComputedStyle(document.documentElement);
  return read.getPropertyValue(`--${name}`).trim();
}

dark.addEventListener("change", () => {
  read = null;
  for (const chart of drawn) chart.redraw(false);
});

// Each kind has a shape of its own, because colour alone is not accessible.
const SHAPES = {
  intervention: (c, x, y, r) => polygon(c, [[x, y - r], [x + r, y + r], [x - r, y + r]], true),
  control: (c, x, y, r) => circle(c, x, y, r),
  fell: (c, x, y, r) => polygon(c, [[x - r, y - r], [x + r, y - r], [x, y + r]], true),
  rose: (c, x, y, r) => polygon(c, [[x, y - r], [x + r, y + r], [x - r, y + r]], false),
  failed: (c, x, y, r) => cross(c, x, y, r),
  unseen: (c, x, y, r) => circle(c, x, y, r / 2),
};

export const MARKS = {
  intervention: "intervention", control: "control (no intervention)", fell: "level fell", rose: "level rose",
  failed: "failed", unseen: "not observed",
};

function polygon(c, points, filled) {
  c.beginPath();
  points.forEach(([x, y], index) => (index ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.closePath();
  if (filled) c.fill();
  c.stroke();
}

function circle(c, x, y, r) {
  c.beginPath();
  c.arc(x, y, r, 0, 2 * Math.PI);
  c.stroke();
}

function cross(c, x, y, r) {
  c.beginPath();
  c.moveTo(x - r, y - r);
  c.lineTo(x + r, y + r);
  c.moveTo(x + r, y - r);
  c.lineTo(x - r, y + r);
  c.stroke();
}

function drawMarks(chart, marks, radius) {
  const { ctx: c, data } = chart;
  const r = radius * devicePixelRatio;
  c.save();
  c.lineWidth = 1.5 * devicePixelRatio;
  for (const [index, kind] of marks) {
    if (index >= data[0].length) continue;
    const x = chart.valToPos(data[0][index], "x", true);
    const above = kind === "intervention" || kind === "control";
    const y = chart.valToPos(data[3][index], "y", true) + (above ? 2.2 : -2.2) * r;
    c.strokeStyle = c.fillStyle = colour(`mark-${kind}`);
    SHAPES[kind](c, x, y, r);
  }
  c.restore();
}

const range = (_, low, high) => [Math.min(low ?? LOW, LOW), Math.max(high ?? HIGH, HIGH)];

const series = (width) => [
  {},
  { stroke: null, width: 0, points: { show: false } },
  { stroke: null, width: 0, points: { show: false } },
  { stroke: () => colour("line"), width, points: { show: (chart) => chart.data[0].length === 1 } },
];

const columns = (xs, levels, sds) => [
  xs,
  levels.map((level, index) => level + BAND_SD * sds[index]),
  levels.map((level, index) => level - BAND_SD * sds[index]),
  levels,
];

/** A sparkline for one row; `show(row)` draws it, `end()` removes it. */
export function sparkline(parent) {
  let marks = [];
  const chart = new uPlot(
    {
      ...SPARK,
      padding: [3, 5, 3, 5],
      cursor: { show: false },
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: false, range: (_, low, high) => [low, Math.max(high, low + 1)] }, y: { range } },
      series: series(1.5),
      bands: [{ series: [1, 2], fill: () => colour("band") }],
      hooks: { draw: [(self) => drawMarks(self, marks, 3)] },
    },
    [[], [], [], []],
    parent,
  );
  drawn.add(chart);
  return {
    show(row) {
      marks = row.marks;
      chart.setData(columns(row.levels.map((_, index) => index), row.levels, row.sds));
    },
    end() {
      drawn.delete(chart);
      chart.destroy();
    },
  };
}

/** The large chart of one life of a conversation; `show(points, marks)` draws it. It fits its parent's width. */
export function trajectory(parent) {
  let marks = [];
  const axis = { stroke: () => colour("soft"), grid: { stroke: () => colour("grid"), width: 1 }, ticks: { show: false } };
  const chart = new uPlot(
    {
      width: Math.max(parent.clientWidth, 200),
      height: 260,
      padding: [10, 12, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      axes: [
        { ...axis, space: 90, values: (_, splits) => splits.map((split) => timeOfDay(split * 1000)) },
        { ...axis, size: 46, label: "level", labelSize: 16, labelGap: 0 },
      ],
      scales: { x: { time: true, range: (_, low, high) => (low === high ? [low - 60, high + 60] : [low, high]) }, y: { range } },
      series: [{}, ...series(2).slice(1, 3), { ...series(2)[3], points: { show: true, size: 6, fill: () => colour("line") } }],
      bands: [{ series: [1, 2], fill: () => colour("band") }],
      hooks: { draw: [(self) => drawMarks(self, marks, 6)] },
    },
    [[], [], [], []],
    parent,
  );
  drawn.add(chart);
  const fit = new ResizeObserver(() => chart.setSize({ width: Math.max(parent.clientWidth, 200), height: 260 }));
  fit.observe(parent);
  return {
    show(points, newMarks) {
      marks = newMarks;
      chart.setData(columns(
        points.map((point) => point.at / 1000), points.map((point) => point.level), points.map((point) => point.sd)));
    },
    end() {
      fit.disconnect();
      drawn.delete(chart);
      chart.destroy();
    },
  };
}
