// A Plotly figure on the stage, moved by the viewer's camera.

const SAMPLED = 2000, INSIDE = Math.cos((0.6 * FOV_DEGREES * Math.PI) / 180);
const LARGEST_POINT = 12, SMALLEST_POINT = 0.1; // times the size that the figure gives them

// The points of a trace in Plotly's scene, a cube of side 1 about the middle: x, y, z after each other.
function placedPoints({ x, y, z }, scene) {
  const points = [x, y, z].map(({ bdata }) => new Float32Array(bytesOf(bdata)));
  const ranges = [scene.xaxis.range, scene.yaxis.range, scene.zaxis.range];
  const placed = new Float32Array(3 * points[0].length);
  ranges.forEach(([low, high], axis) => {
    const values = points[axis];
    for (let n = 0; n < values.length; n++) placed[3 * n + axis] = (values[n] - low) / (high - low) - 0.5;
  });
  return placed;
}

// About SAMPLED of points, as [x, y, z].
function someOf(points, scale) {
  const step = Math.max(1, Math.floor(points.length / 3 / SAMPLED)), some = [];
  for (let at = 0; at + 2 < points.length; at += 3 * step) some.push([0, 1, 2].map((axis) => points[at + axis] * scale));
  return some;
}

// How far before the camera the nearest of the points is that it sees; null where it sees none.
function nearestDepth(points, { eye, center }) {
  const ahead = [center.x - eye.x, center.y - eye.y, center.z - eye.z], length = Math.hypot(...ahead);
  let nearest = null;
  for (const [x, y, z] of points) {
    const arm = [x - eye.x, y - eye.y, z - eye.z];
    const depth = (arm[0] * ahead[0] + arm[1] * ahead[1] + arm[2] * ahead[2]) / length;
    if (depth > INSIDE * Math.hypot(...arm) && (nearest === null || depth < nearest)) nearest = depth;
  }
  return nearest;
}

class PlotlyFigure {
  // host: the element that the figure fills.
  constructor(Plotly, host) {
    this.Plotly = Plotly;
    this.host = host;
  }

  async load(json, subject, camera) {
    const { data, layout } = JSON.parse(json), placed = placedPoints(data[0], layout.scene), side = fittingScale(placed);
    layout.scene = { ...layout.scene, dragmode: false, camera, aspectmode: "manual", aspectratio: { x: side, y: side, z: side } };
    this.points = data[0].type === "scatter3d" ? someOf(placed, side) : null;
    this.growth = 1;
    await this.Plotly.react(this.host, data, { ...layout, uirevision: subject, autosize: true }, { displayModeBar: false, scrollZoom: false, responsive: false, doubleClick: false });
    withoutOwnRecovery(this.host);
  }

  draw(turntable) {
    const scene = this.host._fullLayout.scene, seen = { ...turntable.camera(), projection: { type: "perspective" } };
    scene.camera = this.host.layout.scene.camera = seen; // what a new size or a picture starts from
    const before = this.growth;
    if (this.points) this.grow(seen);
    scene._scene.setViewport({ camera: seen, aspectratio: scene.aspectratio });
    if (this.growth !== before) scene._scene.glplot.redraw(); // also where the camera is as it was
  }

  // Points have a size in pixels, which Plotly does not change with the distance: without this they part where one zooms in.
  grow(seen) {
    const near = nearestDepth(this.points, seen), usual = nearestDepth(this.points, VIEWS.Front);
    this.growth = near && usual ? Math.min(LARGEST_POINT, Math.max(SMALLEST_POINT, usual / near)) : 1;
    const [trace] = Object.values(this.host._fullLayout.scene._scene.traces ?? {}), drawn = trace?.scatterPlot;
    if (!drawn || Object.getOwnPropertyDescriptor(drawn, "pixelRatio")?.get) return;
    let ratio = drawn.pixelRatio; // Plotly sets it for each picture, and multiplies sizes by it
    Object.defineProperty(drawn, "pixelRatio", { get: () => ratio * this.growth, set: (value) => { ratio = value; } });
  }

  resized() {
    // Plotly refuses a figure that is not on the page: one that a change of the page has just taken away.
    if (!this.host.isConnected || getComputedStyle(this.host).display === "none") return;
    this.Plotly.Plots.resize(this.host);
  }

  // What is on the stage, transparent around it, as a picture of this size.
  async picture(width) {
    const { clientWidth, clientHeight, data, layout } = this.host, picture = new Image();
    const sized = data.map((trace) => (this.points ? { ...trace, marker: { ...trace.marker, size: trace.marker.size * this.growth } } : trace));
    const size = { format: "png", width: clientWidth, height: clientHeight, scale: width / clientWidth };
    picture.src = await this.Plotly.toImage(this.points ? { data: sized, layout } : this.host, size);
    await picture.decode();
    return picture;
  }

  close() {
    this.Plotly.purge(this.host);
  }
}
