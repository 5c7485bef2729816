// The stage of step 3: a Plotly figure or the GLB of the files, under one camera, which is kept when what is shown changes.
// The viewer of face3d/export/viewer and plotly_figure.js stand before it.

// The last camera of each subject. It outlives the component, which leaves the page and comes back.
const cameras = new Map();
// The viewers on the page. Those of one subject, before and after, move and look alike.
const all = new Set();
let leader = null;
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

class ModelViewer extends Viewer {
  constructor(parent) {
    super(parent, "The downloads are complete.");
    all.add(this);
    this.plot = element("div", "mv-plot");
    this.queue = Promise.resolve();
  }

  get shown() {
    return this.figure ?? this.scene;
  }

  moved() {
    super.moved();
    if (!this.subject) return;
    cameras.set(this.subject, this.camera());
    this.lead((other) => other.setCamera(this.camera()));
  }

  // What is done here is done in the other viewers of the subject, once.
  lead(action) {
    if (leader) return;
    leader = this;
    for (const other of all) if (other !== this && other.subject === this.subject && other.turntable) action(other);
    leader = null;
  }

  setFree(on) {
    super.setFree(on);
    this.lead((other) => other.setFree(on));
  }

  setClay(on) {
    super.setClay(on);
    this.lead((other) => other.setClay(on));
  }

  // A plain viewer has no buttons: those of the other one move both.
  ready(drawn) {
    super.ready(drawn);
    if (!this.latest.plain) return;
    this.bar.hidden = this.hint.hidden = true;
    this.face.offer([]);
  }

  close() {
    all.delete(this);
    super.close();
  }

  // Calls are drawn one after the other. Of several waiting calls only the last is drawn.
  show(data) {
    this.latest = data;
    this.still = { picture: data.still, description: data.description };
    this.queue = this.queue.then(() => (this.latest === data ? this.draw(data) : undefined)).catch((error) => this.stillInstead(error.message));
  }

  redraw() {
    this.show(this.latest);
  }

  async draw(data) {
    this.stage.setAttribute("aria-label", `${data.description} ${HINT}`);
    if (!hasWebGL(data.glb ? "webgl2" : "webgl")) return this.withoutWebGL();
    const three = await library(data.three, "THREE");
    this.makeTurntable(three);
    if (this.subject !== data.subject) this.setCamera(cameras.get(data.subject) ?? VIEWS.Front);
    this.subject = data.subject;
    await (data.glb ? this.drawModel(three, data) : this.drawFigure(data));
  }

  async drawModel(three, data) {
    this.endFigure();
    await this.open(three, data.glb);
  }

  async drawFigure(data) {
    const Plotly = await library(data.plotly, "Plotly");
    super.end();
    if (!this.plot.isConnected) this.stage.replaceChildren(this.plot, this.badge);
    const figure = this.figure ?? new PlotlyFigure(Plotly, this.plot);
    await figure.load(data.figure, data.subject, this.camera());
    this.figure = figure;
    this.ready(this.plot);
  }

  endFigure() {
    this.figure?.close();
    this.figure = null;
  }

  end() {
    this.endFigure();
    super.end();
  }
}

const viewers = new WeakMap();

export default function ({ data, parentElement }) {
  let viewer = viewers.get(parentElement);
  if (!viewer) viewers.set(parentElement, (viewer = new ModelViewer(parentElement)));
  viewer.show(data);
  return () => { viewer.close(); viewers.delete(parentElement); };
}
