// A browser takes the WebGL context of a canvas away, for example while a laptop sleeps. Plotly then waits
// for that context, often for good. A new plot gets a new one.

function hasWebGL(kind = "webgl") {
  const context = document.createElement("canvas").getContext(kind);
  const works = context !== null && !context.isContextLost();
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return works;
}

// Plotly's own recovery waits for the lost context; it would run on in a plot that is purged.
function withoutOwnRecovery(plot) {
  const scene = plot._fullLayout?.scene?._scene;
  if (scene) scene.recoverContext = () => {};
}

// Calls `lost` when a canvas inside `stage` loses its context, and `draw` when the browser has WebGL again.
// The pause between tries doubles, and it does not shrink: where contexts are lost again and again, the
// picture is drawn every 8 s at most.
function onContextLoss(stage, lost, draw) {
  let pause = 125;
  const wait = () => setTimeout(tryToDraw, (pause = Math.min(2 * pause, 8000)));
  const tryToDraw = () => {
    if (!stage.isConnected) return;
    if (hasWebGL()) draw();
    else wait();
  };
  stage.addEventListener("webglcontextlost", (event) => {
    event.stopPropagation();
    lost();
    wait();
  }, { capture: true });
}
