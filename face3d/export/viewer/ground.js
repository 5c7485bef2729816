// The ground under a model: a pool of light with the shadow of what is near it.

const GROUND_PIXELS = 256, CONTACT_HEIGHT = 0.25;
const BLURS = [[24, 0.85], [9, 0.5]]; // pixels of the whole ground, opacity: an edge near the foot and a wider one

// Seen from above. points: scaled, with the ground at `low`. half: half the side of the ground.
function groundPicture(points, corners, low, half) {
  const canvas = (side) => Object.assign(document.createElement("canvas"), { width: side, height: side });
  const contact = canvas(GROUND_PIXELS), ground = canvas(GROUND_PIXELS);
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
  const brush = ground.getContext("2d");
  const middle = GROUND_PIXELS / 2, pool = brush.createRadialGradient(middle, middle, 0, middle, middle, middle);
  pool.addColorStop(0, "rgba(168, 174, 184, .5)");
  pool.addColorStop(1, "rgba(168, 174, 184, 0)");
  brush.fillStyle = pool;
  brush.fillRect(0, 0, GROUND_PIXELS, GROUND_PIXELS);
  for (const [side, opacity] of BLURS) { // fewer pixels and back: a blur in any browser
    const small = canvas(side), fewer = small.getContext("2d");
    fewer.imageSmoothingQuality = brush.imageSmoothingQuality = "high";
    fewer.drawImage(contact, 0, 0, side, side);
    brush.globalAlpha = opacity;
    brush.drawImage(small, 0, 0, GROUND_PIXELS, GROUND_PIXELS);
  }
  return ground;
}

// The ground as a mesh of three.js, at the foot of a model. points, corners: as groundPicture has them.
function groundUnder(three, points, corners) {
  let low = Infinity, across = 0;
  for (let at = 0; at < points.length; at += 3) {
    low = Math.min(low, points[at + 1]);
    across = Math.max(across, points[at], points[at + 2]);
  }
  const half = 1.6 * across;
  const map = new three.CanvasTexture(groundPicture(points, corners, low, half));
  map.colorSpace = three.SRGBColorSpace;
  const ground = new three.Mesh(new three.PlaneGeometry(2 * half, 2 * half), new three.MeshBasicMaterial({ map, transparent: true, depthWrite: false }));
  ground.rotation.x = -Math.PI / 2;
  ground.position.y = low - 0.001;
  return ground;
}
