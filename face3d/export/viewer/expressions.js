// The face of a model with morph targets, which have ARKit's names: sliders for it, and a movement of its own.

const COMMON = { // sliders, and the targets of both sides that each drives
  Smile: ["mouthSmileLeft", "mouthSmileRight"],
  Blink: ["eyeBlinkLeft", "eyeBlinkRight"],
  "Jaw open": ["jawOpen"],
};
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");
const IDLE_SECONDS = 7; // after which it begins again, as it began
const BLINKS = [1.3, 4.9], CLOSING = 0.08, CLOSED = 0.14, OPENED = 0.34; // seconds; the last three from the start of a blink
const IDLE_SMILE = 0.3, IDLE_YAW = 0.06, IDLE_PITCH = 0.02; // radians
const AT_REST = { yaw: 0, pitch: 0 };

// The idle movement at a time: weights of COMMON, and a turn of the head.
function idleAt(seconds) {
  const at = seconds % IDLE_SECONDS, round = (2 * Math.PI * at) / IDLE_SECONDS;
  const lid = (after) => Math.max(0, Math.min(1, after / CLOSING, (OPENED - after) / (OPENED - CLOSED)));
  const smile = Math.max(0, -Math.cos(round)) ** 2;
  return {
    weights: { Blink: Math.max(...BLINKS.map((start) => lid(at - start))), Smile: IDLE_SMILE * smile },
    turn: { yaw: IDLE_YAW * Math.sin(round), pitch: IDLE_PITCH * Math.sin(2 * round) },
  };
}

// mouthSmileLeft as a person reads it.
function inWords(name) {
  const words = name.replace(/([A-Z])/g, " $1").toLowerCase();
  return words[0].toUpperCase() + words.slice(1);
}

class Expressions {
  // changed: called when the face is to be drawn anew. weights: by the name of the target, as the sliders are.
  constructor(changed) {
    this.changed = changed;
    this.weights = new Map();
    this.names = [];
    this.panel = element("div", "mv-bar mv-face");
    this.panel.setAttribute("role", "group");
    this.panel.setAttribute("aria-label", "Expression");
    this.fold = element("button", "mv-fold", "Expressions"); // on a phone, where the sliders would push what follows off the screen
    this.fold.addEventListener("click", () => this.setOpen(this.fold.getAttribute("aria-expanded") !== "true"));
    this.setOpen(false);
    this.panel.append(this.fold);
    this.sliders = Object.entries(COMMON).map(([label, targets]) => {
      const row = element("label", "mv-slider"), slider = this.slider(() => targets);
      row.append(element("span", "", label), slider);
      this.panel.append(row);
      return { row, slider, targets: () => targets };
    });
    const row = element("div", "mv-slider mv-any"), slider = this.slider(() => [this.any.value]);
    this.any = element("select", "");
    this.any.setAttribute("aria-label", "Any expression");
    this.any.addEventListener("change", () => this.sync());
    slider.setAttribute("aria-label", "Its strength");
    row.append(this.any, slider);
    this.sliders.push({ row, slider, targets: () => [this.any.value] });
    this.idle = element("button", "", "Idle motion");
    this.idle.addEventListener("click", () => this.setIdle(!this.moving));
    const rest = element("button", "", "Reset face");
    rest.addEventListener("click", () => this.reset());
    for (const button of [this.fold, this.idle, rest]) button.type = "button";
    const buttons = element("div", "mv-group");
    buttons.append(this.idle, rest);
    this.panel.append(row, buttons);
    this.calm = () => this.setIdle(false);
    STILL.addEventListener("change", this.calm);
    this.offer([]);
  }

  slider(targets) {
    const made = Object.assign(element("input", ""), { type: "range", min: 0, max: 100, value: 0 });
    made.addEventListener("input", () => {
      for (const name of targets()) this.weights.set(name, made.value / 100);
      this.sync();
      this.changed();
    });
    return made;
  }

  setOpen(open) {
    this.fold.setAttribute("aria-expanded", String(open));
    this.panel.classList.toggle("mv-open", open);
  }

  // Shows the controls that fit the targets of a model; none for a model without any.
  offer(names) {
    this.panel.hidden = !names.length;
    if (!names.length) return this.setIdle(false);
    if (names.join() !== this.names.join()) this.any.replaceChildren(...names.map((name) => new Option(inWords(name), name)));
    this.names = names;
    for (const { row, targets } of this.sliders) row.hidden = !targets().some((name) => names.includes(name));
    this.sync();
  }

  // Each slider stands where its targets are.
  sync() {
    for (const { slider, targets } of this.sliders) {
      const weights = targets().map((name) => this.weights.get(name) ?? 0);
      slider.value = Math.round((100 * weights.reduce((sum, weight) => sum + weight, 0)) / weights.length);
      slider.setAttribute("aria-valuetext", `${slider.value} %`);
    }
    this.idle.hidden = STILL.matches;
    this.idle.setAttribute("aria-pressed", String(Boolean(this.moving)));
  }

  reset() {
    this.weights.clear();
    this.sync();
    this.changed();
  }

  // Moves by itself, on top of what the sliders say; never where the visitor's system asks for less motion.
  setIdle(on) {
    cancelAnimationFrame(this.moving);
    this.moving = null;
    if (on && !STILL.matches) {
      this.began = performance.now();
      const step = () => {
        this.moving = requestAnimationFrame(step);
        this.changed();
      };
      this.moving = requestAnimationFrame(step);
    }
    this.sync();
    this.changed();
  }

  // Puts the face of a ModelScene as it is to be now.
  apply(scene) {
    if (!this.moving) return scene.pose(this.weights, AT_REST);
    const { weights, turn } = idleAt((performance.now() - this.began) / 1000), sum = new Map(this.weights);
    for (const [label, weight] of Object.entries(weights)) {
      for (const name of COMMON[label]) sum.set(name, Math.min(1, (sum.get(name) ?? 0) + weight));
    }
    scene.pose(sum, turn);
  }

  close() {
    STILL.removeEventListener("change", this.calm);
    cancelAnimationFrame(this.moving);
  }
}
