// Elements without markup: every text becomes a text node, so none is ever read as HTML.

/** An element. Attributes that are null or false are left out; `on…` are listeners; children are elements or texts. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A name somebody else chose, in whichever direction it is written. */
export const name = (text) => h("bdi", {}, text);

/** Sets a text only when it differs: the page is not laid out for nothing. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes a parent's children those of `items`, in their order, by key. What stays is kept: focus, open details.
 * `make(item)` gives an object with a `node`; `show(made, item)` brings it up to date.
 */
export function keyed(parent, known, items, keyOf, make, show) {
  const before = document.activeElement;
  const keys = new Set(items.map(keyOf));
  for (const [key, one] of known) {
    if (keys.has(key)) continue;
    one.end?.();
    one.node.remove();
    known.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (!known.has(key)) known.set(key, make(item));
    const { node } = known.get(key);
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
    show(known.get(key), item);
  });
  if (before && before !== document.activeElement && before.isConnected) before.focus({ preventScroll: true });
}

/** A state of the page with nothing to list: what is so, and what to do. */
export const empty = (title, text) => h("div", { class: "empty" }, h("p", { class: "what" }, title), h("p", {}, text));
