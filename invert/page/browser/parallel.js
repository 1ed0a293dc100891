// Inputs as parallel lines: an axis for each feature, a line for each input. The one that is pointed
// at, in the chart or in its table, stands out; a click moves the sliders there.
const HEIGHT = 268, TOP = 34, FOOT = 26, NARROWEST = 64, MOST_SIGNS = 14;

function drawParallel(figure) {
  const known = JSON.parse(figure.dataset.parallel);
  const plot = figure.querySelector(".plot");
  const { axes, lines, won, held } = known;
  const width = Math.max(plot.clientWidth, axes.length * NARROWEST);
  const edge = axes.length > 1 ? Math.min(52, width / axes.length / 2) : width / 2;
  const across = (axis) => axes.length > 1 ? edge + (axis * (width - 2 * edge)) / (axes.length - 1) : edge;
  const down = (share) => HEIGHT - FOOT - share * (HEIGHT - FOOT - TOP);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", HEIGHT);
  svg.setAttribute("aria-hidden", true);
  const add = (tag, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return svg.appendChild(element);
  };
  const room = axes.length > 1 ? (width - 2 * edge) / (axes.length - 1) : width;
  const signs = Math.min(MOST_SIGNS, Math.max(5, Math.floor(room / 7)));
  axes.forEach((axis, number) => {
    const x = across(number);
    add("path", { class: "axis-line", d: `M${x} ${down(0)}V${down(1)}` });
    const name = add("text", { class: "axis-name", x, y: 13 },
      axis.name.length > signs ? `${axis.name.slice(0, signs - 1)}…` : axis.name);
    const whole = document.createElementNS(SVG, "title");
    whole.textContent = axis.name;
    name.appendChild(whole);
    if (axis.ticks) return;
    add("text", { class: "axis-end", x, y: 27 }, axis.ends[1]);
    add("text", { class: "axis-end", x, y: HEIGHT - 8 }, axis.ends[0]);
  });
  const way = (shares) => shares.map((share, axis) => {
    const x = across(axis), y = down(share).toFixed(1);
    if (!axis) return axes.length > 1 ? `M${x} ${y}` : `M${x - 40} ${y}H${x + 40}`;
    const middle = (across(axis - 1) + x) / 2;
    return `C${middle} ${down(shares[axis - 1]).toFixed(1)} ${middle} ${y} ${x} ${y}`;
  }).join("");
  lines.forEach((shares, number) => {
    add("path", { class: `line${won[number] ? "" : " lost"}`, d: way(shares), "data-line": number });
  });
  const sliders = add("path", { class: "sliders" });
  axes.forEach((axis, number) => {
    if (held.includes(number)) add("circle", { class: "pin", cx: across(number), cy: down(lines[0][number]), r: 5 });
    (axis.ticks ?? []).forEach((words, tick, all) => {
      const y = down(tick / (all.length - 1)), last = number === axes.length - 1 && axes.length > 1;
      add("circle", { class: "tick", cx: across(number), cy: y, r: 3 });
      add("text", { class: `tick-name${last ? " before" : ""}`, x: across(number) + (last ? -8 : 8), y: y - 6 }, words);
    });
  });
  // Wide and unseen, so that a thin line is easily met.
  lines.forEach((shares, number) => {
    add("path", { class: "touch", d: way(shares), "data-line": number, "data-take": number + 1 });
  });
  plot.replaceChildren(svg);
  figure.moved = () => {
    const inputs = window.invertInputs;
    const shares = inputs && axes.map(({ places, span, ticks }) => ticks
      ? places.reduce((best, place, n) => (inputs[place] > inputs[places[best]] ? n : best), 0) / (ticks.length - 1)
      : Math.min(1, Math.max(0, (inputs[places[0]] - span[0]) / (span[1] - span[0] || 1))));
    if (shares && shares.every(Number.isFinite)) sliders.setAttribute("d", way(shares));
  };
  figure.moved();
}

whenThere(".parallel[data-parallel]", (figure) => {
  if (!figure.querySelector(".plot").clientWidth) return false; // on a side that is hidden yet
  drawParallel(figure);
  let width = figure.clientWidth;
  new ResizeObserver(() => {
    if (figure.clientWidth && figure.clientWidth !== width) { width = figure.clientWidth; drawParallel(figure); }
  }).observe(figure);
});
addEventListener("inputs-moved", () => {
  for (const figure of document.querySelectorAll(".parallel")) figure.moved?.();
});

for (const [kind, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
  addEventListener(kind, (event) => {
    const line = event.target.closest?.("[data-line]");
    const found = line?.closest(".answers-found");
    if (!found) return;
    found.classList.toggle("pointed", on);
    for (const each of found.querySelectorAll(`[data-line="${line.dataset.line}"]`)) each.classList.toggle("is", on);
  });
}
addEventListener("click", (event) => {
  const line = event.target.closest?.(".answers-found [data-take], .answers-found tr[data-line]");
  if (!line) return;
  const number = line.dataset.take ?? Number(line.dataset.line) + 1;
  document.querySelector(`.st-key-take-${number} button`)?.click();
});
