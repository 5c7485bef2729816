// A Plotly figure on the stage, moved by the viewer's camera.

// The size of the scene at which all its points are in the picture from every view. Plotly's scene is a cube, of side 1 at first.
function fittingSide({ x, y, z }, scene) {
  const points = [x, y, z].map(({ bdata }) => new Float32Array(bytesOf(bdata)));
  const ranges = [scene.xaxis.range, scene.yaxis.range, scene.zaxis.range];
  const placed = new Float32Array(3 * points[0].length);
  ranges.forEach(([low, high], axis) => {
    const values = points[axis];
    for (let n = 0; n < values.length; n++) placed[3 * n + axis] = (values[n] - low) / (high - low) - 0.5;
  });
  return fittingScale(placed);
}

class PlotlyFigure {
  // host: the element that the figure fills.
  constructor(Plotly, host) {
    this.Plotly = Plotly;
    this.host = host;
  }

  async load(json, subject, camera) {
    const { data, layout } = JSON.parse(json);
    const side = fittingSide(data[0], layout.scene);
    layout.scene = { ...layout.scene, dragmode: false, camera, aspectmode: "manual", aspectratio: { x: side, y: side, z: side } };
    await this.Plotly.react(this.host, data, { ...layout, uirevision: subject, autosize: true }, { displayModeBar: false, scrollZoom: false, responsive: false, doubleClick: false });
    withoutOwnRecovery(this.host);
  }

  draw(turntable) {
    const scene = this.host._fullLayout.scene, seen = { ...turntable.camera(), projection: { type: "perspective" } };
    scene.camera = this.host.layout.scene.camera = seen; // what a new size or a picture starts from
    scene._scene.setViewport({ camera: seen, aspectratio: scene.aspectratio });
  }

  resized() {
    this.Plotly.Plots.resize(this.host);
  }

  // What is on the stage, transparent around it, as a picture of this size.
  async picture(width) {
    const { clientWidth, clientHeight } = this.host, picture = new Image();
    picture.src = await this.Plotly.toImage(this.host, { format: "png", width: clientWidth, height: clientHeight, scale: width / clientWidth });
    await picture.decode();
    return picture;
  }

  close() {
    this.Plotly.purge(this.host);
  }
}
