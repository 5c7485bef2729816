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
  const scaled = ([x, y, z], factor) => [x * factor, y * factor, z * factor];
  const cross = ([ax, ay, az], [bx, by, bz]) => [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
  let scale = Infinity;
  for (const { eye, up } of Object.values(VIEWS)) {
    const distance = Math.hypot(eye.x, eye.y, eye.z);
    const towards = scaled([eye.x, eye.y, eye.z], 1 / distance), side = cross([up.x, up.y, up.z], towards);
    const [ax, ay, az] = scaled(side, 1 / Math.hypot(...side)), [bx, by, bz] = cross(towards, [ax, ay, az]);
    const [cx, cy, cz] = scaled(towards, reach);
    let largest = 0; // that of points without a place, NaN, is not larger
    for (let at = 0; at < points.length; at += 3) {
      const x = points[at], y = points[at + 1], z = points[at + 2];
      const share = Math.max(Math.abs(ax * x + ay * y + az * z), Math.abs(bx * x + by * y + bz * z)) + cx * x + cy * y + cz * z;
      if (share > largest) largest = share;
    }
    scale = Math.min(scale, (reach * distance) / largest);
  }
  return Number.isFinite(scale) ? scale : 1;
}
