/**
 * Makes an element look like another one with as few changes as possible: what is the same stays the same node, so
 * that focus, selection, an open `details` and a playing video outlive an update.
 */

/** What the reader has changed, and the server does not know of. */
const OWN_ATTRIBUTES = new Set(["open", "hidden"]);

/**
 * @param {Element} from
 * @param {Element} to
 */
export function morph(from, to) {
  syncAttributes(from, to);
  let current = from.firstChild;
  for (const wanted of Array.from(to.childNodes)) {
    const match = findMatch(current, wanted);
    if (match === null) {
      from.insertBefore(wanted, current);
      continue;
    }
    while (current !== match) current = removed(current);
    current = match.nextSibling;
    if (match instanceof Element && wanted instanceof Element) morph(match, wanted);
    else if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
  }
  while (current !== null) current = removed(current);
}

/** The first node from `current` on that may become `wanted`; what stands before it is gone from the page. */
function findMatch(current, wanted) {
  for (let node = current; node !== null; node = node.nextSibling) {
    if (kindOf(node) === kindOf(wanted)) return node;
  }
  return null;
}

/** What identifies an element among its neighbours: its name and id, else the first of its classes (others are states). */
function kindOf(node) {
  if (!(node instanceof Element)) return node.nodeName;
  return `${node.nodeName} ${node.id === "" ? node.classList.item(0) : `#${node.id}`}`;
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function syncAttributes(from, to) {
  for (const { name } of Array.from(from.attributes)) {
    if (!to.hasAttribute(name) && !OWN_ATTRIBUTES.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (!OWN_ATTRIBUTES.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}
