// Formats numbers and times. Times come as milliseconds or RFC 3339 and are shown in the reader's time zone.

export const UNKNOWN = "–";

export const signed = (value, digits = 2) =>
  value === null || value === undefined ? UNKNOWN : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

export const plain = (value, digits = 2) =>
  value === null || value === undefined ? UNKNOWN : `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;

export const percent = (share) => (share === null || share === undefined ? UNKNOWN : `${(100 * share).toFixed(0)} %`);

export const counted = (count, singular, plural = `${singular}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? singular : plural}`;

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

// A formatter keeps the time zone it was created in.
let clock, calendar;

export function resetFormatters() {
  clock = calendar = null;
}

function formatters() {
  if (clock) return;
  clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  calendar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** Time of day. */
export function timeOfDay(when) {
  formatters();
  return clock.format(new Date(when));
}

/** Time of day; with the date unless it is today. */
export function time(when) {
  formatters();
  const at = new Date(when);
  const day = calendar.format(at);
  return day === calendar.format(new Date()) ? clock.format(at) : `${day}, ${clock.format(at)}`;
}

export const utc = (when) => new Date(when).toISOString();

/** "prosody.pitch_range" as "prosody: pitch range". */
export const signal = (id) => {
  const [kind, ...rest] = id.split(".");
  return rest.length ? `${kind}: ${rest.join(" ").replaceAll("_", " ")}` : kind;
};
