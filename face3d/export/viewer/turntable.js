// A camera that moves about the model: three.js's turntable, which keeps up up, or a free orbit. Both zoom to the pointer.

const POLE = 0.01; // radians from straight above or below, where no direction is up
const KEY_ANGLE = Math.PI / 18, KEY_ZOOM = 1.12;
const SECONDS_A_TURN = 24;
const KEYS = {
  ArrowLeft: (table) => table.turn(-KEY_ANGLE), ArrowRight: (table) => table.turn(KEY_ANGLE),
  ArrowUp: (table) => table.tilt(KEY_ANGLE), ArrowDown: (table) => table.tilt(-KEY_ANGLE),
  "+": (table) => table.zoom(1 / KEY_ZOOM), "=": (table) => table.zoom(1 / KEY_ZOOM), "-": (table) => table.zoom(KEY_ZOOM),
  0: (table) => table.set(VIEWS.Front),
};

class Turntable {
  // stage: the element that is dragged. changed: called after every move.
  constructor(three, stage, changed) {
    this.three = three;
    this.stage = stage;
    this.eye = new three.PerspectiveCamera(FOV_DEGREES, 1, 0.01, 100);
    this.controls = new three.OrbitControls(this.eye, stage);
    Object.assign(this.controls, { zoomToCursor: true, minPolarAngle: POLE, maxPolarAngle: Math.PI - POLE, minDistance: 0.2, maxDistance: 8 });
    this.controls.touches.TWO = three.TOUCH.DOLLY_ROTATE;
    this.held = new Map(); // pointers that are down, and where
    this.free = false;
    this.drags();
    this.take(false);
    this.set(VIEWS.Front);
    this.controls.addEventListener("change", changed);
  }

  camera() {
    const plain = ({ x, y, z }) => ({ x, y, z });
    return { up: plain(this.eye.up), center: plain(this.controls.target), eye: plain(this.eye.position) };
  }

  // up: of a free orbit, which alone tilts it. Even the view from the top is a hair's breadth off the pole.
  set({ eye, center }, up = UP) {
    this.eye.position.copy(eye);
    this.eye.up.copy(this.free ? up : UP);
    this.controls.target.copy(center);
    this.controls.update();
  }

  setFree(on) {
    this.free = on;
    this.controls.enableRotate = !on;
    if (!on) this.set(this.camera());
  }

  // taken: one finger turns; otherwise it scrolls the page.
  take(taken) {
    this.taken = taken;
    this.controls.touches.ONE = taken ? this.three.TOUCH.ROTATE : null;
    this.stage.style.touchAction = taken ? "none" : "pan-y";
  }

  fit(width, height) {
    frame(this.eye, width, height);
  }

  key(name) {
    if (name in KEYS) KEYS[name](this);
    return name in KEYS;
  }

  arm() {
    return this.eye.position.clone().sub(this.controls.target);
  }

  across() {
    return new this.three.Vector3().setFromMatrixColumn(this.eye.matrix, 0);
  }

  // Turns the camera by an angle about an axis through what it looks at.
  about(axis, angle) {
    const arm = this.arm().applyAxisAngle(axis, angle);
    if (this.free) this.eye.up.applyAxisAngle(axis, angle);
    this.eye.position.copy(this.controls.target).add(arm);
    this.controls.update();
  }

  turn(angle) {
    this.about(this.eye.up.clone(), angle);
  }

  // angle: upwards.
  tilt(angle) {
    const polar = this.arm().angleTo(this.eye.up);
    const allowed = this.free ? angle : Math.max(polar - Math.PI + POLE, Math.min(polar - POLE, angle));
    this.about(this.across(), -allowed);
  }

  zoom(factor) {
    const arm = this.arm().multiplyScalar(factor);
    this.eye.position.copy(this.controls.target).add(arm);
    this.controls.update();
  }

  // OrbitControls turns about the vertical only, so a drag of the free orbit is handled here.
  drags() {
    const events = {
      pointerdown: (event) => this.held.set(event.pointerId, [event.clientX, event.clientY]),
      pointermove: (event) => this.dragged(event),
      pointerup: (event) => this.held.delete(event.pointerId),
      pointercancel: (event) => this.held.delete(event.pointerId),
    };
    for (const [kind, action] of Object.entries(events)) this.stage.addEventListener(kind, action);
    this.release = () => { for (const [kind, action] of Object.entries(events)) this.stage.removeEventListener(kind, action); };
  }

  dragged(event) {
    const from = this.held.get(event.pointerId);
    if (!from) return;
    this.held.set(event.pointerId, [event.clientX, event.clientY]);
    const finger = event.pointerType === "touch", modified = event.ctrlKey || event.metaKey || event.shiftKey;
    if (!this.free || (finger ? !this.taken && this.held.size < 2 : event.buttons !== 1 || modified)) return;
    const angle = (2 * Math.PI) / this.stage.clientHeight / this.held.size; // that of OrbitControls
    this.about(new this.three.Vector3().setFromMatrixColumn(this.eye.matrix, 1), (from[0] - event.clientX) * angle);
    this.about(this.across(), (from[1] - event.clientY) * angle);
  }

  // Turns by itself, except while it is held.
  rotate(on) {
    cancelAnimationFrame(this.turning);
    if (!on) return;
    let before = performance.now();
    const step = (now) => {
      this.turning = requestAnimationFrame(step);
      const seconds = Math.min((now - before) / 1000, 0.1); // a page that was hidden does not jump
      before = now;
      if (!this.held.size) this.turn((2 * Math.PI * seconds) / SECONDS_A_TURN);
    };
    this.turning = requestAnimationFrame(step);
  }

  close() {
    this.rotate(false);
    this.release();
    this.controls.dispose();
  }
}
