// The photo and one layer of its depth map, under a slider or side by side; the value under the pointer; the layer's histogram.

const OUTSIDE = 65535;
const SVG = "http://www.w3.org/2000/svg";

function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function decode(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Uint16Array(bytes.buffer);
}

class PictureViewer {
  constructor(parent) {
    this.root = element("div", "pv");
    this.frames = element("div", "pv-frames");
    this.divider = element("input", "pv-split", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Divider between photo and layer, per cent" });
    this.divider.addEventListener("input", () => this.setDivider(Number(this.divider.value)));
    this.value = element("output", "pv-value", { "aria-live": "off" });
    this.copy = element("button", "", { type: "button" });
    this.copy.addEventListener("click", () => this.copyPicture());
    this.histogram = document.createElementNS(SVG, "svg");
    this.histogram.setAttribute("class", "pv-histogram");
    this.histogram.setAttribute("role", "img");
    this.histogram.setAttribute("preserveAspectRatio", "none");
    const foot = element("div", "pv-foot");
    foot.append(this.value, this.copy);
    this.ends = element("div", "pv-ends");
    this.scale = element("div", "pv-scale", { "aria-hidden": "true" });
    this.root.append(this.frames, this.divider, foot, this.histogram, this.scale, this.ends);
    parent.append(this.root);
    this.dividerPercent = 50;
  }

  show(data) {
    this.data = data;
    this.values = decode(data.values);
    this.root.dataset.mode = data.mode;
    const photo = this.picture("pv-photo", data.photo, data.photoAlt), layer = this.picture("pv-layer", data.layer, data.layerAlt);
    const tags = [this.tag("pv-tag-photo", "Photo"), this.tag("pv-tag-layer", data.layerName)];
    if (data.mode === "slider") this.frames.replaceChildren(this.frame(photo, layer, element("div", "pv-line"), ...tags));
    else this.frames.replaceChildren(this.frame(photo, tags[0]), this.frame(layer, tags[1]));
    this.copy.textContent = "Copy picture";
    this.value.textContent = data.hint;
    this.drawHistogram();
    this.drawLegend();
    this.setDivider(this.dividerPercent);
  }

  picture(className, source, alt) {
    return element("img", className, { src: source, alt, draggable: "false" });
  }

  tag(className, text) {
    const made = element("span", `pv-tag ${className}`, { "aria-hidden": "true" });
    made.textContent = text;
    return made;
  }

  frame(...children) {
    const { width, height, mode } = this.data, made = element("div", "pv-frame");
    made.style.aspectRatio = `${width} / ${height}`;
    made.style.maxWidth = `calc(var(--pv-height, min(62vh, 640px)) * ${width / height})`;
    if (mode === "slider") this.divider.style.maxWidth = made.style.maxWidth;
    made.append(...children);
    made.addEventListener("pointerdown", (event) => { if (mode === "slider") { made.setPointerCapture(event.pointerId); this.drag(made, event); } });
    made.addEventListener("pointermove", (event) => { this.read(made, event); if (made.hasPointerCapture(event.pointerId)) this.drag(made, event); });
    made.addEventListener("pointerleave", () => { this.value.textContent = this.data.hint; });
    return made;
  }

  drag(frame, event) {
    const box = frame.getBoundingClientRect();
    this.setDivider(Math.max(0, Math.min(100, (100 * (event.clientX - box.left)) / box.width)));
  }

  setDivider(percent) {
    this.dividerPercent = percent;
    this.divider.value = percent;
    this.root.style.setProperty("--split", `${percent}%`);
  }

  read(frame, event) {
    const { width, height, gridWidth, gridHeight, low, step, unit, digits } = this.data, box = frame.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    if (x < 0 || y < 0 || x >= 1 || y >= 1) return;
    const code = this.values[Math.floor(y * gridHeight) * gridWidth + Math.floor(x * gridWidth)];
    const where = `x ${Math.floor(x * width)}, y ${Math.floor(y * height)}: `;
    this.value.textContent = where + (code === OUTSIDE ? "background, no value" : `${(low + code * step).toFixed(digits)} ${unit}`);
  }

  async copyPicture() {
    const picture = this.frames.querySelector(".pv-layer"), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    const blob = new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
      this.copy.textContent = "Copied";
    } catch {
      this.copy.textContent = "The browser forbids copying: use a download";
    }
    setTimeout(() => { this.copy.textContent = "Copy picture"; }, 2500);
  }

  drawLegend() {
    const { ends, scale } = this.data;
    this.scale.style.display = scale ? "" : "none";
    this.scale.style.background = scale;
    this.ends.replaceChildren(...ends.map((text) => {
      const end = element("span", "");
      end.textContent = text;
      return end;
    }));
  }

  drawHistogram() {
    const { histogram, clip, histogramAlt } = this.data;
    this.histogram.style.display = histogram.length ? "" : "none";
    this.histogram.setAttribute("viewBox", `0 0 ${Math.max(histogram.length, 1)} 1`);
    this.histogram.setAttribute("aria-label", histogramAlt);
    this.histogram.replaceChildren(...histogram.map((share, index) => {
      const bar = document.createElementNS(SVG, "rect"), middle = (index + 0.5) / histogram.length;
      const shape = { x: index + 0.08, width: 0.84, y: 1 - share, height: share, fill: "currentColor", opacity: middle < clip[0] || middle > clip[1] ? 0.15 : 0.55 };
      for (const [name, value] of Object.entries(shape)) bar.setAttribute(name, value);
      return bar;
    }));
  }
}

const viewers = new WeakMap();

export default function ({ data, parentElement }) {
  if (!viewers.has(parentElement)) viewers.set(parentElement, new PictureViewer(parentElement));
  viewers.get(parentElement).show(data);
  return () => viewers.delete(parentElement);
}
