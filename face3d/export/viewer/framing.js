// Where a model is looked at from, and how large it is drawn.

const FOV_DEGREES = 45; // Plotly's: an eye means the same in both
const FILL = 0.94;
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

// Fits a camera to a stage of this size: the shorter side sees FOV_DEGREES.
function frame(camera, width, height) {
  camera.aspect = width / height;
  camera.fov = (360 / Math.PI) * Math.atan(Math.tan((FOV_DEGREES * Math.PI) / 360) / Math.min(1, camera.aspect));
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld();
}

// The largest scale at which all points are in the picture from every view. points: x, y, z after each other, about their middle.
// A point p is inside where |p . across| <= reach * (distance - p . towards).
function fittingScale(points) {
  const reach = FILL * Math.tan((FOV_DEGREES * Math.PI) / 360);
  const dot = (a, x, y, z) => a.x * x + a.y * y + a.z * z;
  let scale = Infinity;
  for (const { eye, up } of Object.values(VIEWS)) {
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
