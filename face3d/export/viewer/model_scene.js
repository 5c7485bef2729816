// A GLB as the file holds it, drawn by three.js: its triangles and its texture, in neutral light, on a ground with a soft shadow.

const CLAY = 0xc8c4be; // CLAY_RGB of face3d/geometry/texture.py

// Decoding with a callback per letter takes thirty times as long.
function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
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
    this.setClay(false);
  }

  // glb: a file of one mesh, base64.
  async load(glb) {
    if (this.glb === glb) return;
    const { scene } = await new this.three.GLTFLoader().parseAsync(bytesOf(glb), "");
    this.empty();
    scene.updateMatrixWorld(true);
    let mesh = null;
    scene.traverse((part) => { if (part.isMesh) mesh = part; });
    const shape = mesh.geometry.applyMatrix4(mesh.matrixWorld);
    shape.center();
    const scale = fittingScale(shape.attributes.position.array);
    shape.scale(scale, scale, scale);
    const { map } = mesh.material, colours = Boolean(shape.attributes.color);
    if (map) map.anisotropy = this.renderer.capabilities.getMaxAnisotropy();
    const matt = (options) => new this.three.MeshLambertMaterial({ side: this.three.DoubleSide, ...options });
    this.materials = { photo: matt(map || colours ? { map, vertexColors: colours && !map } : { color: CLAY }), clay: matt({ color: CLAY }) };
    this.mesh = new this.three.Mesh(shape, this.materials.photo);
    this.ground = groundUnder(this.three, shape);
    this.stage.add(this.mesh, this.ground);
    this.setClay(this.clay);
    this.glb = glb;
  }

  setClay(on) {
    this.clay = on;
    const look = on ? "clay" : "photo";
    if (this.mesh) this.mesh.material = this.materials[look];
    this.light.set(look);
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
    for (const part of this.stage.children) {
      part.geometry.dispose();
      for (const material of [part.material, ...Object.values((part === this.mesh && this.materials) || {})]) {
        material.map?.dispose();
        material.dispose();
      }
    }
    this.stage.clear();
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.renderer.domElement.remove();
    this.empty();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }
}
