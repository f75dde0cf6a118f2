// Fills a page with a view model: what stands where is written in the HTML, by attributes.
//
//   data-text="path"                the element's text
//   data-show="path"                shown when true; data-hide the other way round
//   data-attr="name:path;name:path" attributes; false, null and undefined take one away
//   data-prop="name:path"           properties, such as value and checked
//   <template data-each="path">     one copy of its child per item, kept by the item's `id`
//
// A value that did not change is not written, so that nothing moves, focus stays and a screen
// reader keeps quiet; copies are reused, so that a page open all day does not grow.

const itemOf = new WeakMap();
const listOf = new WeakMap();

function at(model, path) {
  let value = model;
  for (const step of path.split('.')) value = value === null || value === undefined ? undefined : value[step];
  return value;
}

function pairs(text) {
  return text.split(';').filter(Boolean).map((pair) => pair.split(':').map((part) => part.trim()));
}

function apply(element, model) {
  const { text, show, hide, attr, prop } = element.dataset;
  if (text !== undefined) {
    const value = at(model, text);
    const words = value === null || value === undefined ? '' : String(value);
    if (element.textContent !== words) element.textContent = words;
  }
  if (show !== undefined) element.hidden = !at(model, show);
  if (hide !== undefined) element.hidden = Boolean(at(model, hide));
  if (attr !== undefined) {
    for (const [name, path] of pairs(attr)) {
      const value = at(model, path);
      if (value === null || value === undefined || value === false) element.removeAttribute(name);
      else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? '' : value);
    }
  }
  if (prop !== undefined) {
    for (const [name, path] of pairs(prop)) {
      const value = at(model, path);
      if (value !== undefined && element[name] !== value) element[name] = value;
    }
  }
}

function fillList(template, model) {
  const items = at(model, template.dataset.each) || [];
  const known = listOf.get(template) || new Map();
  const next = new Map();
  let before = template;
  items.forEach((item, place) => {
    const id = item !== null && typeof item === 'object' && item.id !== undefined ? item.id : place;
    const element = known.get(id) || template.content.firstElementChild.cloneNode(true);
    known.delete(id);
    next.set(id, element);
    itemOf.set(element, item);
    fill(element, typeof item === 'object' ? item : { value: item });
    if (before.nextElementSibling !== element) before.after(element);
    before = element;
  });
  for (const gone of known.values()) gone.remove();
  listOf.set(template, next);
}

/** Write `model` into `root` and everything below it. */
export function fill(root, model) {
  apply(root, model);
  for (const child of [...root.children]) {
    if (child.tagName === 'TEMPLATE') {
      if (child.dataset.each !== undefined) fillList(child, model);
    } else if (!itemOf.has(child)) fill(child, model);
  }
}

/** The list item an element belongs to. */
export function item(element) {
  for (let node = element; node; node = node.parentElement) if (itemOf.has(node)) return itemOf.get(node);
  return null;
}

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
