// The few things that all parts of the page do with elements.

/** Return the element of the page that has this id. */
export const byId = (id) => document.getElementById(id);

/** Return a new element; strings among its children stay text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Return a bar as long as a share from 0 to 1; what it says is said in words beside it. */
export function bar(share, className = "") {
  const made = element("span", { className: `bar ${className}`, ariaHidden: "true" });
  made.style.setProperty("--share", share.toFixed(4));
  return made;
}

/**
 * Make one of several elements the one that Tab reaches, and let the arrow keys, Home and End go on
 * to the others (the roving tabindex of the ARIA authoring practices).
 *
 * Arrows follow the direction in which the elements are written.
 *
 * @param {HTMLElement} holder listens for the keys
 * @param {() => HTMLElement[]} all the elements, in order
 */
export function rove(holder, all) {
  holder.addEventListener("keydown", (event) => {
    const elements = all();
    const here = elements.indexOf(document.activeElement);
    if (here < 0) return;
    const last = elements.length - 1;
    const onwards = getComputedStyle(elements[here].parentElement).direction === "rtl" ? -1 : 1;
    const places = {
      ArrowRight: here + onwards,
      ArrowLeft: here - onwards,
      Home: 0,
      End: last,
    };
    // With others, these keys are the browser's own.
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!(event.key in places)) return;
    event.preventDefault();
    const next = elements[Math.min(last, Math.max(0, places[event.key]))];
    makeReachable(elements, next);
    next.focus();
  });
}

/** Let Tab reach one of several elements, and pass the others over. */
export function makeReachable(elements, one) {
  for (const each of elements) each.tabIndex = each === one ? 0 : -1;
}

/** Put a text on the clipboard, and say so on the button for a moment. */
export async function copy(text, button) {
  button.dataset.label ??= button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without HTTPS, and where the person forbids it, there is no clipboard.
    button.textContent = "Not allowed here";
  }
  setTimeout(() => (button.textContent = button.dataset.label), 1500);
}
