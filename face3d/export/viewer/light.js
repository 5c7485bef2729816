// Image-based light of a neutral studio that moves with the viewer, so that the side that is looked at is lit.
// Of a matt surface the light is known exactly enough from nine numbers of the picture of the studio:
// Ramamoorthi and Hanrahan, "An Efficient Representation for Irradiance Environment Maps", SIGGRAPH 2001.

// Radiance of the room, and softboxes: direction, radius in radians, light on a surface that faces it.
const KEY = [-0.35, 0.45, 0.82]; // as the renderings'
const STUDIO = {
  photo: { room: 0.2, boxes: [[KEY, 0.35, 0.85]] }, // a photo holds its own shadows already
  lamp: { room: 0.05, boxes: [[KEY, 0.35, 0.3]] }, // a dim room, in which a lithophane glows
  clay: { room: 0.07, boxes: [[[-0.6, 0.6, 0.55], 0.35, 1.05], [[0.9, 0.1, -0.2], 0.35, 0.3]] },
};
const DIRECTIONS = 1024;

// Directions spread evenly over the sphere, in the viewer's frame.
function sphere(three) {
  return Array.from({ length: DIRECTIONS }, (_, n) => {
    const y = 1 - (2 * n + 1) / DIRECTIONS, around = n * Math.PI * (3 - Math.sqrt(5)), flat = Math.sqrt(1 - y * y);
    return new three.Vector3(flat * Math.cos(around), y, flat * Math.sin(around));
  });
}

class StudioLight {
  constructor(three) {
    this.probe = new three.LightProbe();
    this.basisAt = three.SphericalHarmonics3.getBasisAt;
    this.directions = sphere(three);
    this.vector = new three.Vector3();
  }

  // look: a key of STUDIO.
  set(look) {
    const { room, boxes } = STUDIO[look];
    this.radiance = this.directions.map(({ y }) => room * (0.85 + 0.15 * y));
    for (const [direction, radius, light] of boxes) {
      const middle = this.vector.fromArray(direction).normalize(), inside = [];
      this.directions.forEach((towards, n) => { if (towards.angleTo(middle) < radius) inside.push(n); });
      for (const n of inside) this.radiance[n] += (light * DIRECTIONS) / (4 * inside.length);
    }
  }

  // Turns the studio with a camera.
  follow({ quaternion }) {
    const { coefficients } = this.probe.sh, basis = new Array(9);
    this.probe.sh.zero();
    this.directions.forEach((direction, n) => {
      this.basisAt(this.vector.copy(direction).applyQuaternion(quaternion), basis);
      const light = (this.radiance[n] * 4 * Math.PI) / DIRECTIONS;
      for (let term = 0; term < 9; term++) coefficients[term].addScalar(light * basis[term]);
    });
  }
}
