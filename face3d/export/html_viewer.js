// Runs once the plot is drawn; `webgl_recovery.js` stands before it.
{
  const plot = document.getElementById("{plot_id}");
  let figure = null;
  withoutOwnRecovery(plot);
  onContextLoss(document.body, () => {
    const camera = plot._fullLayout.scene._scene.getCamera();
    const layout = { ...plot.layout, scene: { ...plot.layout.scene, camera } };
    figure = { data: plot.data, layout, config: plot._context };
    Plotly.purge(plot);
    const note = document.createElement("p");
    note.style = "margin: 0; padding: 1rem; font: 1rem/1.5 sans-serif; color: #1b1d20";
    note.textContent = "The browser lost its 3D graphics. The model comes back when it has them again; " +
      "reload this file to try at once.";
    plot.append(note);
  }, async () => {
    plot.replaceChildren();
    await Plotly.newPlot(plot, figure.data, figure.layout, figure.config);
    withoutOwnRecovery(plot);
  });
}
