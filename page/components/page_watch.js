// Keeps in view the step that the visitor turned to or works in, fetches ahead what the next one draws with, and warns before
// work is lost: at a reload, and while the connection is.

const LOST = "The connection to the server is lost, and is tried again by itself.";
const KEPT = " What you made is kept for two minutes; a reload would lose it.";
const PATIENCE_MS = 1500; // most connections are back before
const SCROLLS = ["wheel", "touchmove"], PRESSES = ["pointerdown", "keydown"];
const STEP = "[class*=st-key-step-]";

// Puts a script into the browser's cache while nothing else is asked for; it is run where it is needed.
function fetchAhead(url) {
  const href = new URL(url, document.baseURI).href;
  if (document.head.querySelector(`[href="${href}"], [src="${href}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", as: "script", href }));
}

class PageWatch {
  constructor() {
    this.app = document.querySelector(".stApp");
    this.note = Object.assign(document.createElement("p"), { className: "pw-note", hidden: true });
    this.note.setAttribute("role", "alert");
    document.body.append(this.note);
    this.beforeUnload = (event) => { if (this.unsaved) event.preventDefault(); };
    window.addEventListener("beforeunload", this.beforeUnload);
    this.connection = new MutationObserver(() => this.connectionChanged());
    this.connection.observe(this.app, { attributeFilter: ["data-test-connection-state"] });
    this.growth = new ResizeObserver(() => this.grown());
    this.growth.observe(document.querySelector(".stMainBlockContainer"));
    this.scrolled = () => { this.step = null; };
    this.pressed = (event) => this.press(event.target.closest?.(STEP));
    for (const kind of SCROLLS) window.addEventListener(kind, this.scrolled, { capture: true });
    for (const kind of PRESSES) window.addEventListener(kind, this.pressed, { capture: true });
  }

  show({ step, turn, unsaved, ahead }) {
    this.unsaved = unsaved;
    ahead.forEach(fetchAhead);
    if (turn === this.turn) return;
    const first = this.turn === undefined;
    this.turn = turn;
    if (first) return;
    this.step = document.querySelector(`.st-key-step-${step}`);
    this.turned = true;
    this.bring("start");
  }

  connectionChanged() {
    clearTimeout(this.waiting);
    if (this.app.dataset.testConnectionState === "CONNECTED") this.note.hidden = true;
    else this.waiting = setTimeout(() => {
      this.note.hidden = false;
      this.note.textContent = LOST + (this.unsaved ? KEPT : "");
    }, PATIENCE_MS);
  }

  // step: that of what was pressed; nothing for what lies above the page, as a list.
  press(step) {
    this.turned = false;
    if (step) this.step = step;
    this.height = this.step?.offsetHeight;
  }

  // The head of a step that the visitor turned to stays in view while its result comes; one that grows at a press is seen
  // whole, where the screen is large enough. Until the visitor scrolls.
  grown() {
    if (!this.step) return;
    if (this.turned) return this.bring("start");
    const height = this.step.offsetHeight;
    if (height > this.height && height < window.innerHeight) this.bring("nearest");
    this.height = Math.max(height, this.height);
  }

  bring(block) {
    const behavior = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    this.step.scrollIntoView({ block, behavior });
  }

  close() {
    this.growth.disconnect();
    for (const kind of SCROLLS) window.removeEventListener(kind, this.scrolled, { capture: true });
    for (const kind of PRESSES) window.removeEventListener(kind, this.pressed, { capture: true });
    clearTimeout(this.waiting);
    this.connection.disconnect();
    window.removeEventListener("beforeunload", this.beforeUnload);
    this.note.remove();
  }
}

const watches = new WeakMap();

export default function ({ data, parentElement }) {
  if (!watches.has(parentElement)) watches.set(parentElement, new PageWatch());
  watches.get(parentElement).show(data);
  return () => { watches.get(parentElement)?.close(); watches.delete(parentElement); };
}
