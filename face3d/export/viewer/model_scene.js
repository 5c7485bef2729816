// A GLB as the file holds it, drawn by three.js: its triangles and its texture, in neutral light, on a ground with a soft shadow.

const CLAY = 0xc8c4be; // CLAY_RGB of face3d/geometry/texture.py

// Decoding with a callback per letter takes thirty times as long.
function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}

// All meshes as one: x, y, z after each other, and three numbers of points for each triangle.
function joined(meshes) {
  const points = new Float32Array(3 * meshes.reduce((sum, { geometry }) => sum + geometry.attributes.position.count, 0));
  const corners = [];
  let first = 0;
  for (const { geometry, matrixWorld } of meshes) {
    const { position } = geometry.clone().applyMatrix4(matrixWorld).attributes;
    points.set(position.array, 3 * first);
    for (const corner of geometry.index.array) corners.push(first + corner);
    first += position.count;
  }
  return { points, corners };
}

// Moves points to the middle of their bounds, which is returned.
function centred(points) {
  const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < points.length; at++) {
    low[at % 3] = Math.min(low[at % 3], points[at]);
    high[at % 3] = Math.max(high[at % 3], points[at]);
  }
  const middle = low.map((value, axis) => (value + high[axis]) / 2);
  for (let at = 0; at < points.length; at++) points[at] -= middle[at % 3];
  return middle;
}

class ModelScene {
  // host: the element that the canvas fills.
  constructor(three, host) {
    this.three = three;
    this.host = host;
    this.renderer = new three.WebGLRenderer({ antialias: true, alpha: true });
    this.renderer.outputColorSpace = three.SRGBColorSpace;
    host.replaceChildren(this.renderer.domElement);
    this.scene = new three.Scene();
    this.light = new StudioLight(three);
    this.stage = new three.Group();
    this.scene.add(this.stage, this.light.probe);
    this.meshes = [];
    this.setClay(false);
  }

  // glb: a file, base64. Its meshes are drawn in the middle, as large as fits. points: of all, as drawn at rest.
  async load(glb) {
    if (this.glb === glb) return;
    const { scene } = await new this.three.GLTFLoader().parseAsync(bytesOf(glb), "");
    this.empty();
    scene.updateMatrixWorld(true);
    scene.traverse((part) => { if (part.isMesh) this.meshes.push(part); });
    const { points, corners } = joined(this.meshes), middle = centred(points), scale = fittingScale(points);
    this.points = points.map((value) => value * scale);
    scene.scale.setScalar(scale);
    scene.position.fromArray(middle.map((value) => -value * scale));
    this.model = new this.three.Group().add(scene);
    const matt = (options) => new this.three.MeshLambertMaterial({ side: this.three.DoubleSide, ...options });
    for (const mesh of this.meshes) {
      const { map, emissiveMap } = mesh.material, colours = Boolean(mesh.geometry.attributes.color);
      for (const picture of [map, emissiveMap]) if (picture) picture.anisotropy = this.renderer.capabilities.getMaxAnisotropy();
      const glow = emissiveMap ? { emissiveMap, emissive: 0xffffff } : {};
      mesh.looks = { photo: matt(map || colours ? { map, vertexColors: colours && !map, ...glow } : { color: CLAY }), clay: matt({ color: CLAY }) };
      mesh.frustumCulled = false; // else three.js seeks the bounds of all targets
    }
    this.ground = groundUnder(this.three, this.points, corners);
    this.stage.add(this.model, this.ground);
    this.setClay(this.clay);
    this.glb = glb;
  }

  // Names of the morph targets of all meshes.
  targets() {
    return [...new Set(this.meshes.flatMap((mesh) => Object.keys(mesh.morphTargetDictionary ?? {})))];
  }

  // weights: of morph targets by name, 0 where there is none. turn: radians about the vertical and about the line from ear to ear.
  pose(weights, turn) {
    for (const { morphTargetDictionary, morphTargetInfluences } of this.meshes) {
      for (const [name, at] of Object.entries(morphTargetDictionary ?? {})) morphTargetInfluences[at] = weights.get(name) ?? 0;
    }
    this.model.rotation.set(turn.pitch, turn.yaw, 0);
  }

  setClay(on) {
    this.clay = on;
    const look = on ? "clay" : "photo";
    for (const mesh of this.meshes) mesh.material = mesh.looks[look];
    this.light.set(!on && this.meshes.some(({ material }) => material.emissiveMap) ? "lamp" : look);
  }

  // Draws once before the next frame of the browser, however often it is called.
  draw({ eye }) {
    this.eye = eye;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.render(this.host.clientWidth, this.host.clientHeight, window.devicePixelRatio);
    });
  }

  resized() {}

  // pixelRatio: pixels of the picture per unit of width and height.
  render(width, height, pixelRatio) {
    if (!width || !height) return;
    this.renderer.setPixelRatio(pixelRatio);
    this.renderer.setSize(width, height, false);
    this.light.follow(this.eye);
    this.renderer.render(this.scene, this.eye);
  }

  // What is on the stage, as a canvas of this size; without its ground, transparent around the model.
  picture(width, height, ground) {
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    this.ground.visible = ground;
    this.render(width, height, 1);
    copy.getContext("2d").drawImage(this.renderer.domElement, 0, 0);
    this.ground.visible = true;
    this.render(this.host.clientWidth, this.host.clientHeight, window.devicePixelRatio);
    return copy;
  }

  empty() {
    const drawn = [...this.meshes, this.ground].filter(Boolean);
    for (const { geometry, material, looks } of drawn) {
      geometry.dispose();
      for (const used of [material, ...Object.values(looks ?? {})]) {
        used.map?.dispose();
        used.emissiveMap?.dispose();
        used.dispose();
      }
    }
    this.stage.clear();
    this.meshes = [];
    this.ground = null;
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.renderer.domElement.remove();
    this.empty();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }
}
