// The stage of step 3: a Plotly figure or the GLB of the files, under one camera, which is kept when what is shown changes.
// One turntable of three.js moves that camera, so up stays up in both.
// face3d/export/webgl_recovery.js and model_scene.js stand before it.

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
  ArrowLeft: (arm) => orbited(arm, -KEY_ANGLE), ArrowRight: (arm) => orbited(arm, KEY_ANGLE),
  ArrowUp: (arm) => tilted(arm, KEY_ANGLE), ArrowDown: (arm) => tilted(arm, -KEY_ANGLE),
  "+": (arm) => scaled(arm, 1 / 1.12), "=": (arm) => scaled(arm, 1 / 1.12), "-": (arm) => scaled(arm, 1.12),
};
const POLE = 0.01; // radians from straight above or below, where no direction is up
const DOUBLE_TAP_MS = 350;
const FINGERS = window.matchMedia("(pointer: coarse)").matches;
const HINT = FINGERS
  ? "Two fingers turn and zoom · double tap to reset"
  : "Drag to turn · wheel to zoom to the pointer · right-drag to move · double-click or 0 to reset · arrow keys turn too";
const TAP = "Tap to turn with one finger", TAKEN = "One finger turns · tap beside to scroll again";
const OFF = "This browser shows no 3D graphics (WebGL is off), so this is a still picture. The downloads are complete.";
const LOST = "The browser lost its 3D graphics, so this is a still picture until it has them again. The downloads are complete.";

// The last camera of each subject. It outlives the component, which leaves the page and comes back.
const cameras = new Map();
let clay = false; // as the visitor left it
const loading = new Map();

// Loads a script once. name: of the object that it makes.
function library(url, name) {
  if (!loading.has(name)) {
    loading.set(name, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(url, document.baseURI).href;
      script.onload = () => resolve(window[name]);
      script.onerror = () => {
        loading.delete(name);
        reject(new Error(`${new URL(script.src).pathname.split("/").pop()} did not load. Reload the page, or change a setting, to try again.`));
      };
      document.head.appendChild(script);
    }));
  }
  return loading.get(name);
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
    this.stage.viewer = this;
    this.plot = element("div", "mv-plot");
    this.canvas = element("div", "mv-canvas");
    this.badge = element("p", "mv-badge", TAP);
    this.buttons();
    this.hint = element("p", "mv-hint", HINT);
    this.root.append(this.stage, this.bar, this.hint);
    parent.append(this.root);
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("dblclick", () => this.setCamera(VIEWS.Front));
    this.fingers();
    onContextLoss(this.stage, () => this.contextLost(), () => this.show(this.latest));
    this.resizing = new ResizeObserver(() => this.resized());
    this.resizing.observe(this.stage);
    this.queue = Promise.resolve();
    this.noWebGL = OFF;
  }

  buttons() {
    this.bar = element("div", "mv-bar");
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "View");
    for (const name of Object.keys(VIEWS)) this.button(name, () => this.setCamera(VIEWS[name]));
    this.bar.append(element("span", "mv-gap"));
    this.clay = this.button("Clay", () => this.setClay(!clay));
    this.button("Save picture", () => this.save());
    if (!this.root.requestFullscreen) return;
    const full = this.button("Full screen", () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
    this.root.addEventListener("fullscreenchange", () => {
      full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
      this.take(Boolean(document.fullscreenElement));
    });
  }

  button(name, action) {
    const made = element("button", "", name);
    made.type = "button";
    made.addEventListener("click", action);
    this.bar.append(made);
    return made;
  }

  // A turntable about the middle of the model.
  turntable(three) {
    if (this.controls) return;
    this.eye = new three.PerspectiveCamera(45, 1, 0.01, 100);
    this.controls = new three.OrbitControls(this.eye, this.stage);
    Object.assign(this.controls, { zoomToCursor: true, minPolarAngle: POLE, maxPolarAngle: Math.PI - POLE, minDistance: 0.2, maxDistance: 8 });
    this.oneFinger = three.TOUCH.ROTATE;
    this.controls.touches.TWO = three.TOUCH.DOLLY_ROTATE;
    this.take(false);
    this.setCamera(VIEWS.Front);
    this.controls.addEventListener("change", () => this.moved());
  }

  camera() {
    if (!this.controls) return null;
    const { x, y, z } = this.eye.position, { target } = this.controls;
    return { up: UP, center: { x: target.x, y: target.y, z: target.z }, eye: { x, y, z } };
  }

  setCamera({ eye, center }) {
    if (!this.controls) return;
    this.eye.position.copy(eye);
    this.controls.target.copy(center);
    this.controls.update();
  }

  moved() {
    const camera = this.camera();
    this.frame();
    if (this.subject) cameras.set(this.subject, camera);
    if (this.scene) this.scene.draw(this.eye);
    if (!this.drawn) return;
    const full = this.plot._fullLayout.scene, seen = { ...camera, projection: { type: "perspective" } };
    full.camera = this.plot.layout.scene.camera = seen; // what a new size or a picture starts from
    full._scene.setViewport({ camera: seen, aspectratio: full.aspectratio });
  }

  // The turntable finds the pointer's place by this.
  frame() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (this.controls && width && height) frame(this.eye, width, height);
  }

  resized() {
    this.frame();
    if (this.drawn) window.Plotly.Plots.resize(this.plot);
    if (this.scene) this.scene.draw(this.eye);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // a shortcut of the browser
    if (event.key === "0") this.setCamera(VIEWS.Front);
    else if (event.key in KEYS && this.controls) {
      const { eye, center } = this.camera();
      const arm = KEYS[event.key]({ x: eye.x - center.x, y: eye.y - center.y, z: eye.z - center.z });
      this.setCamera({ center, eye: { x: center.x + arm.x, y: center.y + arm.y, z: center.z + arm.z } });
    } else return;
    event.preventDefault();
  }

  // One finger scrolls the page until a tap on the stage; a tap beside it gives the finger back. Two fingers turn and zoom at any time.
  fingers() {
    let touched = false, tapped = -Infinity;
    this.stage.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
    this.stage.addEventListener("click", (event) => {
      if (!touched) return;
      if (event.timeStamp - tapped < DOUBLE_TAP_MS) this.setCamera(VIEWS.Front); // not every phone has dblclick
      tapped = event.timeStamp;
      this.take(true);
    });
    this.beside = (event) => { if (!this.root.contains(event.target)) this.take(false); };
    document.addEventListener("pointerdown", this.beside);
    const two = (event) => { if (event.touches.length > 1) event.preventDefault(); };
    for (const kind of ["touchstart", "touchmove"]) this.stage.addEventListener(kind, two, { passive: false });
  }

  take(taken) {
    if (!this.controls) return;
    this.controls.touches.ONE = taken ? this.oneFinger : null;
    this.stage.style.touchAction = taken ? "none" : "pan-y";
    this.badge.textContent = taken ? TAKEN : TAP;
  }

  setClay(on) {
    clay = on;
    this.clay.setAttribute("aria-pressed", String(on));
    if (!this.scene) return;
    this.scene.setClay(on);
    this.scene.draw(this.eye);
  }

  async save() {
    if (!this.drawn && !this.scene) return;
    const { width, height } = this.stage.getBoundingClientRect();
    const size = { format: "png", width: Math.round(width), height: Math.round(height), scale: 2 };
    const link = element("a", "");
    link.href = this.scene ? this.scene.picture() : await window.Plotly.toImage(this.plot, size);
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
    if (!hasWebGL(data.glb ? "webgl2" : "webgl")) return this.stillInstead(data, this.noWebGL);
    const three = await library(data.three, "THREE");
    this.turntable(three);
    if (this.subject !== data.subject) this.setCamera(cameras.get(data.subject) ?? VIEWS.Front);
    this.subject = data.subject;
    await (data.glb ? this.drawModel(three, data) : this.drawFigure(data));
    this.bar.hidden = this.hint.hidden = false;
    this.clay.hidden = !data.glb;
    this.moved();
  }

  async drawModel(three, data) {
    this.endFigure();
    this.onStage(this.canvas);
    this.scene ??= new ModelScene(three, this.canvas, Object.values(VIEWS));
    await this.scene.load(data.glb);
    this.setClay(clay);
  }

  async drawFigure(data) {
    const Plotly = await library(data.plotly, "Plotly");
    this.endScene();
    this.onStage(this.plot);
    const { data: traces, layout } = JSON.parse(data.figure);
    layout.scene = { ...layout.scene, dragmode: false, camera: this.camera() };
    await Plotly.react(this.plot, traces, { ...layout, uirevision: data.subject, autosize: true }, { displayModeBar: false, scrollZoom: false, responsive: false, doubleClick: false });
    withoutOwnRecovery(this.plot);
    this.drawn = true;
  }

  onStage(shown) {
    if (!shown.isConnected) this.stage.replaceChildren(shown, this.badge);
  }

  endFigure() {
    if (this.drawn) window.Plotly.purge(this.plot);
    this.drawn = false;
  }

  endScene() {
    this.scene?.close();
    this.scene = null;
  }

  contextLost() {
    this.endFigure();
    this.endScene();
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
    document.removeEventListener("pointerdown", this.beside);
    this.endFigure();
    this.endScene();
    this.controls?.dispose();
  }
}

const viewers = new WeakMap();

export default function ({ data, parentElement }) {
  let viewer = viewers.get(parentElement);
  if (!viewer) viewers.set(parentElement, (viewer = new ModelViewer(parentElement)));
  viewer.show(data);
  return () => { viewer.close(); viewers.delete(parentElement); };
}
