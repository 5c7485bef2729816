// A Plotly figure on the stage, moved by the viewer's camera.

class PlotlyFigure {
  // host: the element that the figure fills.
  constructor(Plotly, host) {
    this.Plotly = Plotly;
    this.host = host;
  }

  async load(json, subject, camera) {
    const { data, layout } = JSON.parse(json);
    layout.scene = { ...layout.scene, dragmode: false, camera };
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
