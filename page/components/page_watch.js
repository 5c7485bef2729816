// Brings the step that the visitor turned to into view, fetches ahead what the next one draws with, and warns before work is
// lost: at a reload, and while the connection is.

const LOST = "The connection to the server is lost, and is tried again by itself.";
const KEPT = " What you made is kept for two minutes; a reload would lose it.";
const PATIENCE_MS = 1500; // most connections are back before
const OWN_MOVES = ["wheel", "touchmove", "pointerdown", "keydown"];

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
  }

  show({ step, turn, unsaved, ahead }) {
    this.unsaved = unsaved;
    ahead.forEach(fetchAhead);
    if (turn === this.turn) return;
    const first = this.turn === undefined;
    this.turn = turn;
    if (!first) this.follow(document.querySelector(`.st-key-step-${step}`));
  }

  connectionChanged() {
    clearTimeout(this.waiting);
    if (this.app.dataset.testConnectionState === "CONNECTED") this.note.hidden = true;
    else this.waiting = setTimeout(() => {
      this.note.hidden = false;
      this.note.textContent = LOST + (this.unsaved ? KEPT : "");
    }, PATIENCE_MS);
  }

  // Keeps the head of a step in view while its result comes and the page grows, until the visitor moves.
  follow(step) {
    this.stay();
    const behavior = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    this.growth = new ResizeObserver(() => step.scrollIntoView({ block: "start", behavior }));
    this.growth.observe(document.querySelector(".stMainBlockContainer"));
    this.stop = () => this.stay();
    for (const move of OWN_MOVES) window.addEventListener(move, this.stop, { capture: true });
  }

  stay() {
    this.growth?.disconnect();
    for (const move of OWN_MOVES) window.removeEventListener(move, this.stop, { capture: true });
  }

  close() {
    this.stay();
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
