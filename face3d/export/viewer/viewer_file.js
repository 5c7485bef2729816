// Starts the viewer in a file of its own: its still picture is on the stage until the model is.

class FileViewer extends Viewer {
  constructor(still) {
    super(document.querySelector("main"), "Open this file in another browser, or reload it, to try again.");
    this.still = { picture: still.src, description: still.alt };
    this.stage.setAttribute("aria-label", `${still.alt} ${HINT}`);
    this.stage.append(still);
    this.redraw();
  }

  async redraw() {
    if (!hasWebGL("webgl2")) return this.withoutWebGL();
    try {
      await this.open(THREE, document.getElementById("glb").textContent);
    } catch (error) {
      this.stillInstead(`The model cannot be shown: ${error.message}`);
    }
  }
}

new FileViewer(document.querySelector("img"));
