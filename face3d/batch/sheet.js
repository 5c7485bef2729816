// Sorts the cards by the value that a button names; a second press turns the order round.
const list = document.querySelector("ol");
const buttons = [...document.querySelectorAll(".sort button")];
for (const button of buttons) {
  button.addEventListener("click", () => {
    const turned = button.getAttribute("aria-pressed") === "true" && !("turned" in button.dataset);
    for (const other of buttons) {
      other.setAttribute("aria-pressed", String(other === button));
      delete other.dataset.turned;
    }
    if (turned) button.dataset.turned = "";
    const [key, numeric] = [button.dataset.key, "numeric" in button.dataset];
    const sign = turned ? -1 : 1;
    const cards = [...list.children].sort((a, b) => {
      const [one, two] = [a.dataset[key], b.dataset[key]];
      if (!one || !two) return !one - !two; // what has no value comes last
      return sign * (numeric ? one - two : one.localeCompare(two, undefined, { numeric: true }));
    });
    list.append(...cards);
  });
}
document.querySelector(".sort").hidden = false;
