// Builds elements without markup: every text becomes a text node, so none is ever parsed as HTML.

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

/** A name chosen by others, in its own writing direction. */
export const name = (text) => h("bdi", {}, text);

/** Sets a text only when it differs, to avoid needless layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes a parent's children match `items`, in their order, by key. Existing ones keep focus and open details.
 * `make(item)` returns an object with a `node`; `update(view, item)` brings it up to date.
 */
export function reconcile(parent, views, items, keyOf, make, update) {
  const before = document.activeElement;
  const keys = new Set(items.map(keyOf));
  for (const [key, view] of views) {
    if (keys.has(key)) continue;
    view.end?.();
    view.node.remove();
    views.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (!views.has(key)) views.set(key, make(item));
    const { node } = views.get(key);
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
    update(views.get(key), item);
  });
  if (before && before !== document.activeElement && before.isConnected) before.focus({ preventScroll: true });
}

/** A page with nothing to list: what that means, and what to do. */
export const empty = (title, text) => h("div", { class: "empty" }, h("p", { class: "what" }, title), h("p", {}, text));
