// A GLB as the file holds it, drawn by three.js: its triangles and its texture, in neutral light, on a ground with a soft shadow.

const FOV_DEGREES = 45; // Plotly's: an eye means the same in both
const FILL = 0.94;
const CLAY = 0xc8c4be; // CLAY_RGB of face3d/geometry/texture.py
// Directions and shares of white light; a photo contains its own light, so its shadows are filled.
const KEY_DIRECTION = [-0.35, 0.45, 0.82];
const LIGHT = { photo: { fill: 0.2, key: 0.85 }, clay: { fill: 0.1, key: 0.95 } };
const GROUND_PIXELS = 256, CONTACT_HEIGHT = 0.25, CONTACT_PIXELS = 24;

// Fits a camera to a stage of this size: the shorter side sees FOV_DEGREES.
function frame(camera, width, height) {
  camera.aspect = width / height;
  camera.fov = (360 / Math.PI) * Math.atan(Math.tan((FOV_DEGREES * Math.PI) / 360) / Math.min(1, camera.aspect));
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld();
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

// The largest scale at which all points are in the picture from every view. points: x, y, z after each other, about their middle.
// A point p is inside where |p . across| <= reach * (distance - p . towards).
function fittingScale(points, views) {
  const reach = FILL * Math.tan((FOV_DEGREES * Math.PI) / 360);
  const dot = (a, x, y, z) => a.x * x + a.y * y + a.z * z;
  let scale = Infinity;
  for (const { eye, up } of views) {
    const distance = Math.hypot(eye.x, eye.y, eye.z);
    const towards = { x: eye.x / distance, y: eye.y / distance, z: eye.z / distance };
    const side = { x: up.y * towards.z - up.z * towards.y, y: up.z * towards.x - up.x * towards.z, z: up.x * towards.y - up.y * towards.x };
    const width = Math.hypot(side.x, side.y, side.z);
    const upright = { x: (towards.y * side.z - towards.z * side.y) / width, y: (towards.z * side.x - towards.x * side.z) / width, z: (towards.x * side.y - towards.y * side.x) / width };
    for (let at = 0; at < points.length; at += 3) {
      const [x, y, z] = [points[at], points[at + 1], points[at + 2]];
      const off = Math.max(Math.abs(dot(side, x, y, z)) / width, Math.abs(dot(upright, x, y, z)));
      const share = off + reach * dot(towards, x, y, z);
      if (share > 0) scale = Math.min(scale, (reach * distance) / share);
    }
  }
  return Number.isFinite(scale) ? scale : 1;
}

// Seen from above, a pool of light with the shadow of what is near the ground. points: scaled, with the ground at `low`.
function groundPicture(points, corners, low, half) {
  const canvas = (side) => Object.assign(document.createElement("canvas"), { width: side, height: side });
  const contact = canvas(GROUND_PIXELS), small = canvas(CONTACT_PIXELS), ground = canvas(GROUND_PIXELS);
  const pen = contact.getContext("2d"), pixel = (value) => (value / half + 1) * (GROUND_PIXELS / 2);
  for (let at = 0; at < corners.length; at += 3) {
    const [a, b, c] = [3 * corners[at], 3 * corners[at + 1], 3 * corners[at + 2]];
    const height = Math.min(points[a + 1], points[b + 1], points[c + 1]) - low;
    if (height > CONTACT_HEIGHT) continue;
    pen.globalAlpha = (1 - height / CONTACT_HEIGHT) ** 2;
    pen.beginPath();
    for (const p of [a, b, c]) pen.lineTo(pixel(points[p]), pixel(points[p + 2]));
    pen.fill();
  }
  const fewer = small.getContext("2d"), brush = ground.getContext("2d"); // fewer pixels and back: a blur in any browser
  fewer.imageSmoothingQuality = brush.imageSmoothingQuality = "high";
  fewer.drawImage(contact, 0, 0, CONTACT_PIXELS, CONTACT_PIXELS);
  const middle = GROUND_PIXELS / 2, pool = brush.createRadialGradient(middle, middle, 0, middle, middle, middle);
  pool.addColorStop(0, "rgba(168, 174, 184, .5)");
  pool.addColorStop(1, "rgba(168, 174, 184, 0)");
  brush.fillStyle = pool;
  brush.fillRect(0, 0, GROUND_PIXELS, GROUND_PIXELS);
  brush.globalAlpha = 0.85;
  brush.drawImage(small, 0, 0, GROUND_PIXELS, GROUND_PIXELS);
  return ground;
}

class ModelScene {
  // host: the element that the canvas fills. views: cameras from which the whole model is to be seen.
  constructor(three, host, views) {
    this.three = three;
    this.host = host;
    this.views = views;
    this.renderer = new three.WebGLRenderer({ antialias: true, alpha: true });
    this.renderer.outputColorSpace = three.SRGBColorSpace;
    host.replaceChildren(this.renderer.domElement);
    this.scene = new three.Scene();
    this.lamp = new three.Group(); // follows the camera, so that the side that is looked at is lit
    this.fill = new three.HemisphereLight(0xffffff, 0xd8d8d8);
    this.key = new three.DirectionalLight(0xffffff);
    this.key.position.set(...KEY_DIRECTION);
    this.lamp.add(this.key, this.key.target);
    this.scene.add(this.lamp, this.fill);
    this.stage = new three.Group();
    this.scene.add(this.stage);
    this.clay = false;
  }

  async load(glb) {
    if (this.glb === glb) return;
    const { scene } = await new this.three.GLTFLoader().parseAsync(bytesOf(glb), "");
    this.empty();
    scene.updateMatrixWorld(true);
    let mesh = null;
    scene.traverse((part) => { if (part.isMesh) mesh = part; }); // a model of ours is one mesh
    const shape = mesh.geometry.applyMatrix4(mesh.matrixWorld);
    shape.center();
    const scale = fittingScale(shape.attributes.position.array, this.views);
    shape.scale(scale, scale, scale);
    const { map } = mesh.material, colours = Boolean(shape.attributes.color);
    if (map) map.anisotropy = this.renderer.capabilities.getMaxAnisotropy();
    const matt = (options) => new this.three.MeshLambertMaterial({ side: this.three.DoubleSide, ...options });
    this.materials = { photo: matt(map || colours ? { map, vertexColors: colours && !map } : { color: CLAY }), clay: matt({ color: CLAY }) };
    this.mesh = new this.three.Mesh(shape, this.materials.photo);
    this.stage.add(this.mesh, this.ground(shape));
    this.setClay(this.clay);
    this.glb = glb;
  }

  ground(shape) {
    shape.computeBoundingBox();
    const { min, max } = shape.boundingBox, half = 1.6 * Math.max(max.x, max.z);
    const picture = groundPicture(shape.attributes.position.array, shape.index.array, min.y, half);
    const map = new this.three.CanvasTexture(picture);
    map.colorSpace = this.three.SRGBColorSpace;
    const material = new this.three.MeshBasicMaterial({ map, transparent: true, depthWrite: false });
    const ground = new this.three.Mesh(new this.three.PlaneGeometry(2 * half, 2 * half), material);
    ground.rotation.x = -Math.PI / 2;
    ground.position.y = min.y - 0.001;
    return ground;
  }

  setClay(on) {
    this.clay = on;
    const look = on ? "clay" : "photo";
    if (this.mesh) this.mesh.material = this.materials[look];
    this.fill.intensity = Math.PI * LIGHT[look].fill;
    this.key.intensity = Math.PI * LIGHT[look].key;
  }

  // Draws once before the next frame of the browser, however often it is called.
  draw(camera) {
    this.camera = camera;
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.render(window.devicePixelRatio); });
  }

  // pixelRatio: pixels of the picture per pixel of the page.
  render(pixelRatio) {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!width || !height) return;
    const { camera, renderer } = this;
    renderer.setPixelRatio(pixelRatio);
    renderer.setSize(width, height);
    this.lamp.quaternion.copy(camera.quaternion);
    renderer.render(this.scene, camera);
  }

  // Data URI of a PNG with twice the pixels of the page.
  picture() {
    this.render(2);
    const picture = this.renderer.domElement.toDataURL("image/png");
    this.render(window.devicePixelRatio);
    return picture;
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
