// A Plotly figure whose camera is kept when the figure changes: the current camera is written into the new layout before it is drawn.
// face3d/export/webgl_recovery.js stands before it.

const DISTANCE = 1.5;
const CENTRE = { x: 0, y: 0, z: 0 };
const UP = { x: 0, y: 1, z: 0 };
const VIEWS = {
  Front: { up: UP, center: CENTRE, eye: { x: 0, y: 0, z: DISTANCE } },
  Left: { up: UP, center: CENTRE, eye: { x: -DISTANCE, y: 0, z: 0 } },
  Right: { up: UP, center: CENTRE, eye: { x: DISTANCE, y: 0, z: 0 } },
  Back: { up: UP, center: CENTRE, eye: { x: 0, y: 0, z: -DISTANCE } },
  "Three-quarter": { up: UP, center: CENTRE, eye: { x: 0.66 * DISTANCE, y: 0.14 * DISTANCE, z: 0.74 * DISTANCE } },
  Top: { up: { x: 0, y: 0, z: -1 }, center: CENTRE, eye: { x: 0, y: DISTANCE, z: 0 } },
};
const KEY_ANGLE = Math.PI / 18;
const KEYS = {
  ArrowLeft: (eye) => orbited(eye, -KEY_ANGLE), ArrowRight: (eye) => orbited(eye, KEY_ANGLE),
  ArrowUp: (eye) => tilted(eye, KEY_ANGLE), ArrowDown: (eye) => tilted(eye, -KEY_ANGLE),
  "+": (eye) => scaled(eye, 1 / 1.12), "=": (eye) => scaled(eye, 1 / 1.12), "-": (eye) => scaled(eye, 1.12),
};
const HINT = "Drag to turn · wheel or pinch to zoom · right-drag to move · double-click or 0 to reset · arrow keys turn too";
const OFF = "This browser shows no 3D graphics (WebGL is off), so this is a still picture. The downloads are complete.";
const LOST = "The browser lost its 3D graphics, so this is a still picture until it has them again. The downloads are complete.";

// The last camera of each subject. It outlives the component, which leaves the page and comes back.
const cameras = new Map();
let plotlyLoading = null;

function loadPlotly(url) {
  plotlyLoading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, document.baseURI).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { plotlyLoading = null; reject(new Error("plotly.min.js did not load. Reload the page, or change a setting, to try again.")); };
    document.head.appendChild(script);
  });
  return plotlyLoading;
}

const scaled = (eye, factor) => ({ x: eye.x * factor, y: eye.y * factor, z: eye.z * factor });

function orbited(eye, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: eye.x * cos + eye.z * sin, y: eye.y, z: eye.z * cos - eye.x * sin };
}

function tilted(eye, angle) {
  const flat = Math.hypot(eye.x, eye.z), length = Math.hypot(flat, eye.y);
  const height = Math.max(-1.45, Math.min(1.45, Math.atan2(eye.y, flat) + angle));
  const reach = flat > 1e-9 ? (length * Math.cos(height)) / flat : 0;
  return { x: eye.x * reach, y: length * Math.sin(height), z: eye.z * reach };
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class ModelViewer {
  constructor(parent) {
    this.root = element("div", "mv");
    this.stage = element("div", "mv-stage");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.plot = element("div", "mv-plot");
    this.stage.append(this.plot);
    this.bar = element("div", "mv-bar");
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "View");
    for (const name of Object.keys(VIEWS)) this.button(name, () => this.setCamera(VIEWS[name]));
    this.bar.append(element("span", "mv-gap"));
    this.button("Save picture", () => this.save());
    if (this.root.requestFullscreen) this.button("Full screen", () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
    this.hint = element("p", "mv-hint", HINT);
    this.root.append(this.stage, this.bar, this.hint);
    parent.append(this.root);
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("dblclick", () => this.setCamera(VIEWS.Front));
    this.pinch();
    onContextLoss(this.stage, () => this.contextLost(), () => this.show(this.latest));
    this.resizing = new ResizeObserver(() => this.drawn && window.Plotly.Plots.resize(this.plot));
    this.resizing.observe(this.stage);
    this.queue = Promise.resolve();
    this.noWebGL = OFF;
  }

  button(name, action) {
    const made = element("button", "", name);
    made.type = "button";
    made.addEventListener("click", action);
    this.bar.append(made);
  }

  camera() {
    return this.plot._fullLayout?.scene?._scene?.getCamera() ?? null;
  }

  setCamera(camera) {
    if (this.drawn) window.Plotly.relayout(this.plot, { "scene.camera": structuredClone(camera) });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // a shortcut of the browser
    if (event.key === "0") this.setCamera(VIEWS.Front);
    else if (event.key in KEYS && this.camera()) this.setCamera({ ...this.camera(), up: UP, eye: KEYS[event.key](this.camera().eye) });
    else return;
    event.preventDefault();
  }

  // Pinch zoom: Plotly handles one finger only.
  pinch() {
    let start = null;
    const spread = ({ touches: [a, b] }) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
    this.stage.addEventListener("touchstart", (event) => {
      if (event.touches.length !== 2 || !this.camera()) return;
      start = { spread: spread(event), camera: this.camera() };
      stop(event);
    }, { capture: true, passive: false });
    this.stage.addEventListener("touchmove", (event) => {
      if (event.touches.length !== 2 || !start) return;
      this.setCamera({ ...start.camera, eye: scaled(start.camera.eye, start.spread / spread(event)) });
      stop(event);
    }, { capture: true, passive: false });
    this.stage.addEventListener("touchend", () => { start = null; }, { capture: true });
  }

  async save() {
    if (!this.drawn) return;
    const { width, height } = this.stage.getBoundingClientRect();
    const url = await window.Plotly.toImage(this.plot, { format: "png", width: Math.round(width), height: Math.round(height), scale: 2 });
    const link = element("a", "");
    link.href = url;
    link.download = "face-3d.png";
    link.click();
  }

  // Calls are drawn one after the other. Of several waiting calls only the last is drawn.
  show(data) {
    this.latest = data;
    this.queue = this.queue.then(() => (this.latest === data ? this.draw(data) : undefined)).catch((error) => this.stillInstead(data, error.message));
  }

  async draw(data) {
    this.stage.setAttribute("aria-label", `${data.description} ${HINT}`);
    if (!hasWebGL()) return this.stillInstead(data, this.noWebGL);
    const Plotly = await loadPlotly(data.plotly);
    if (!this.plot.isConnected) this.stage.replaceChildren(this.plot); // after a still picture
    this.bar.hidden = this.hint.hidden = false;
    const figure = JSON.parse(data.figure);
    const camera = (this.subject === data.subject && this.camera()) || cameras.get(data.subject);
    if (camera) figure.layout.scene.camera = { ...figure.layout.scene.camera, ...structuredClone(camera) };
    this.subject = data.subject;
    await Plotly.react(this.plot, figure.data, { ...figure.layout, uirevision: data.subject, autosize: true }, { displayModeBar: false, scrollZoom: true, responsive: false, doubleClick: false });
    withoutOwnRecovery(this.plot);
    if (!this.drawn) this.plot.on("plotly_relayout", () => this.remember());
    this.drawn = true;
    this.remember();
  }

  remember() {
    const camera = this.camera();
    if (camera) cameras.set(this.subject, camera);
  }

  contextLost() {
    this.remember();
    window.Plotly.purge(this.plot);
    this.drawn = false;
    this.noWebGL = LOST;
    this.stillInstead(this.latest, this.noWebGL);
  }

  stillInstead(data, reason) {
    const picture = element("img", "mv-still");
    picture.src = data.still;
    picture.alt = data.description;
    this.stage.replaceChildren(picture, element("p", "mv-note", reason));
    this.bar.hidden = this.hint.hidden = true;
  }

  close() {
    this.resizing.disconnect();
    this.remember();
    if (this.drawn) window.Plotly.purge(this.plot);
  }
}

const viewers = new WeakMap();

export default function ({ data, parentElement }) {
  let viewer = viewers.get(parentElement);
  if (!viewer) viewers.set(parentElement, (viewer = new ModelViewer(parentElement)));
  viewer.show(data);
  return () => { viewer.close(); viewers.delete(parentElement); };
}
