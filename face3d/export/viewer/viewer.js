// A stage for a model with its buttons, keys and fingers. The page's viewer and the offline file are made of it.
// webgl_recovery.js, framing.js, turntable.js, light.js, ground.js, model_scene.js and expressions.js stand before it.

const DOUBLE_TAP_MS = 350;
const PICTURE_PX = 1600; // of the longer side, as face3d/export/renderings.py
const FINGERS = window.matchMedia("(pointer: coarse)").matches;
const HINT = FINGERS
  ? "Two fingers turn and zoom · double tap to reset"
  : "Drag to turn · wheel to zoom to the pointer · right-drag to move · double-click or 0 to reset · arrow keys turn, + and - zoom";
const TAP = "Tap to turn with one finger", TAKEN = "One finger turns · tap beside to scroll again";
const FULL = '<svg viewBox="0 0 14 14" width="14" height="14"><path d="M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9" fill="none" stroke="currentColor" stroke-width="1.6"/></svg>';
const OFF = "This browser shows no 3D graphics (WebGL is off), so this is a still picture.";
const LOST = "The browser lost its 3D graphics, so this is a still picture until it has them again.";

// As the visitor left them. They outlive the viewer, which leaves the page and comes back.
const chosen = { clay: false, free: false };

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// A backdrop as `.mv-stage` of viewer.css has it.
function paintBackdrop(pen, width, height) {
  pen.save();
  pen.translate(0.5 * width, 0.35 * height);
  pen.scale(1.2 * width, 1.2 * height);
  const light = pen.createRadialGradient(0, 0, 0, 0, 0, 1);
  for (const [place, colour] of [[0, "#33363b"], [0.62, "#1b1d20"], [1, "#121315"]]) light.addColorStop(place, colour);
  pen.fillStyle = light;
  pen.fillRect(-1, -1, 2, 2);
  pen.restore();
}

// Shows a text or drawing on a button that has another name.
function named(button, shown, name) {
  button.innerHTML = shown;
  button.ariaLabel = button.title = name;
}

class Viewer {
  // afterwards: what a still picture without 3D graphics means for the visitor, a sentence or nothing.
  constructor(parent, afterwards = "") {
    this.afterwards = afterwards;
    this.noWebGL = OFF;
    this.root = element("div", "mv");
    this.stage = element("div", "mv-stage");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.stage.viewer = this;
    this.canvas = element("div", "mv-canvas");
    this.badge = element("p", "mv-badge", TAP);
    this.buttons();
    this.hint = element("p", "mv-hint", HINT);
    this.bar.hidden = this.hint.hidden = true;
    this.face = new Expressions(() => this.expressed());
    this.root.append(this.stage, this.bar, this.face.panel, this.hint);
    parent.append(this.root);
    this.stage.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("dblclick", () => this.reset());
    this.fingers();
    onContextLoss(this.stage, () => this.contextLost(), () => this.redraw());
    this.resizing = new ResizeObserver(() => this.resized());
    this.resizing.observe(this.stage);
  }

  buttons() {
    this.bar = element("div", "mv-bar");
    const views = this.group("View");
    for (const name of Object.keys(VIEWS)) this.button(views, name, () => this.setCamera(VIEWS[name]));
    named(views.children[Object.keys(VIEWS).indexOf("Three-quarter")], "¾", "Three-quarter");
    const looks = this.group("Movement and look");
    this.free = this.switch(looks, "Free orbit", (on) => this.setFree(on));
    this.free.title = "Turns over the top, too: the head may tilt";
    this.spin = this.switch(looks, "Auto-rotate", (on) => this.setSpin(on));
    this.clay = this.switch(looks, "Clay", (on) => this.setClay(on));
    this.clay.title = "Grey, without the photo";
    const files = this.group("Picture and screen");
    this.pictures(files);
    if (!this.root.requestFullscreen) return;
    const full = this.button(files, "", () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
    const changed = () => {
      const on = Boolean(document.fullscreenElement);
      named(full, on ? "Leave full screen" : FULL, on ? "Leave full screen" : "Full screen");
      this.take(on);
    };
    changed();
    this.root.addEventListener("fullscreenchange", changed);
  }

  // A button, and what it opens: the ways to save a picture.
  pictures(group) {
    this.pick = element("div", "mv-pick");
    const list = element("div", "mv-list"), button = this.button(this.pick, "Picture", () => this.offerPictures(list.hidden));
    button.title = `Save what is on the stage as a PNG of ${PICTURE_PX} pixels`;
    for (const [name, background] of [["Save with background", true], ["Save with transparent background", false]]) {
      this.button(list, name, () => { this.offerPictures(false); this.save(background); });
    }
    this.offerPictures = (open) => {
      list.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    this.offerPictures(false);
    this.pick.append(list);
    this.pick.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || list.hidden) return;
      this.offerPictures(false);
      button.focus();
    });
    group.append(this.pick);
  }

  group(label) {
    const made = element("div", "mv-group");
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", label);
    this.bar.append(made);
    return made;
  }

  button(group, name, action) {
    const made = element("button", "", name);
    made.type = "button";
    made.addEventListener("click", action);
    group.append(made);
    return made;
  }

  // A button that is on or off. action: called with what it becomes.
  switch(group, name, action) {
    const made = this.button(group, name, () => action(made.getAttribute("aria-pressed") !== "true"));
    made.setAttribute("aria-pressed", "false");
    return made;
  }

  // What is drawn on the stage, or nothing: has draw, resized, picture and close.
  get shown() {
    return this.scene;
  }

  makeTurntable(three) {
    if (this.turntable) return;
    this.turntable = new Turntable(three, this.stage, () => this.moved());
    this.setFree(chosen.free);
  }

  camera() {
    return this.turntable?.camera() ?? null;
  }

  setCamera(camera) {
    this.turntable?.set(camera, camera.up);
  }

  reset() {
    this.setCamera(VIEWS.Front);
  }

  moved() {
    this.fit();
    this.shown?.draw(this.turntable);
  }

  // The face is another than it was.
  expressed() {
    if (!this.scene?.glb) return;
    this.face.apply(this.scene);
    this.scene.draw(this.turntable);
  }

  // The turntable finds the pointer's place by this.
  fit() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (this.turntable && width && height) this.turntable.fit(width, height);
  }

  resized() {
    this.fit();
    this.shown?.resized();
    this.shown?.draw(this.turntable);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // a shortcut of the browser
    if (this.turntable?.key(event.key)) event.preventDefault();
  }

  // One finger scrolls the page until a tap on the stage; a tap beside it gives the finger back. Two fingers turn and zoom at any time.
  fingers() {
    let touched = false, tapped = -Infinity;
    this.stage.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
    this.stage.addEventListener("click", (event) => {
      if (!touched) return;
      if (event.timeStamp - tapped < DOUBLE_TAP_MS) this.reset(); // not every phone has dblclick
      tapped = event.timeStamp;
      this.take(true);
    });
    this.beside = (event) => {
      if (!this.root.contains(event.target)) this.take(false);
      if (!this.pick.contains(event.target)) this.offerPictures(false);
    };
    document.addEventListener("pointerdown", this.beside);
    const two = (event) => { if (event.touches.length > 1) event.preventDefault(); };
    for (const kind of ["touchstart", "touchmove"]) this.stage.addEventListener(kind, two, { passive: false });
  }

  take(taken) {
    this.turntable?.take(taken);
    this.badge.textContent = taken ? TAKEN : TAP;
  }

  setFree(on) {
    chosen.free = on;
    this.free.setAttribute("aria-pressed", String(on));
    this.turntable?.setFree(on);
  }

  setSpin(on) {
    this.spin.setAttribute("aria-pressed", String(on));
    this.turntable?.rotate(on);
  }

  setClay(on) {
    chosen.clay = on;
    this.clay.setAttribute("aria-pressed", String(on));
    this.scene?.setClay(on);
    this.scene?.draw(this.turntable);
  }

  // Downloads what is on the stage.
  async save(background) {
    if (!this.shown) return;
    const { clientWidth, clientHeight } = this.stage, scale = PICTURE_PX / Math.max(clientWidth, clientHeight);
    const [width, height] = [clientWidth, clientHeight].map((side) => Math.round(side * scale));
    const paper = Object.assign(document.createElement("canvas"), { width, height }), pen = paper.getContext("2d");
    if (background) paintBackdrop(pen, width, height);
    pen.drawImage(await this.shown.picture(width, height, background), 0, 0, width, height);
    const link = element("a", "");
    link.href = paper.toDataURL("image/png");
    link.download = background ? "face-3d.png" : "face-3d-cutout.png";
    link.click();
  }

  // Shows a GLB, base64.
  async open(three, glb) {
    this.makeTurntable(three);
    this.scene ??= new ModelScene(three, this.canvas);
    await this.scene.load(glb);
    this.setClay(chosen.clay);
    this.ready(this.canvas);
  }

  // Puts what is drawn on the stage.
  ready(drawn) {
    if (!drawn.isConnected) this.stage.replaceChildren(drawn, this.badge);
    this.bar.hidden = this.hint.hidden = false;
    this.clay.hidden = !this.scene;
    this.face.offer(this.scene?.targets() ?? []);
    this.expressed();
    this.moved();
  }

  end() {
    this.scene?.close();
    this.scene = null;
  }

  contextLost() {
    this.end();
    this.noWebGL = LOST;
    this.withoutWebGL();
  }

  withoutWebGL() {
    this.stillInstead(`${this.noWebGL} ${this.afterwards}`);
  }

  // still: { picture: data URI, description }, set by whoever shows a model.
  stillInstead(reason) {
    this.setSpin(false);
    this.face.offer([]);
    const picture = element("img", "mv-still");
    picture.src = this.still.picture;
    picture.alt = this.still.description;
    this.stage.replaceChildren(picture, element("p", "mv-note", reason));
    this.bar.hidden = this.hint.hidden = true;
  }

  close() {
    this.resizing.disconnect();
    document.removeEventListener("pointerdown", this.beside);
    this.end();
    this.face.close();
    this.turntable?.close();
  }
}
