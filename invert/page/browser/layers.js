// The layers under the canvas. A unit that is pointed at, or moved to, shows what it responds to: the
// weights of all units lie in one picture, which the style sheet moves. An answer that is pointed
// at shows who voted for it: one picture a digit, moved likewise.
function showUnit(units, column, row) {
  const layers = units.closest(".layers");
  const sums = JSON.parse(units.dataset.sums);
  const { columns, rows } = units.dataset;
  const within = (n, most) => Math.max(0, Math.min(most - 1, Math.floor(n)));
  const unit = Math.min(sums.length - 1, columns * within(row, rows) + within(column, columns));
  showWeights(layers, unit, columns);
  const sum = sums[unit];
  const line = sum > 0 ? `Unit ${unit + 1} responds to this. Its activation is ${sum}.`
    : `Unit ${unit + 1} responds to this. It is inactive: its weighted input is −${-sum}.`;
  units.setAttribute("aria-valuenow", unit + 1);
  units.setAttribute("aria-valuetext", line);
  layers.querySelector(".line").textContent = line;
}

// Where the image stands, what the unit responds to: the weights of all lie in one picture.
function showWeights(layers, unit, columns) {
  layers.style.setProperty("--column", unit % columns);
  layers.style.setProperty("--row", Math.floor(unit / columns));
  layers.classList.add("pointed");
}

function pointAway(layers) {
  const line = layers.querySelector(".line");
  layers.classList.remove("pointed");
  layers.style.setProperty("--digit", layers.dataset.answer);
  line.textContent = line.dataset.said;
}

function showVotes(vote) {
  const layers = vote.closest(".layers");
  layers.classList.remove("pointed");
  if (Number(vote.dataset.unit) < Number(layers.dataset.linear ?? 0)) {
    showWeights(layers, vote.dataset.unit, layers.style.getPropertyValue("--columns"));
  }
  layers.style.setProperty("--digit", vote.dataset.digit);
  layers.querySelector(".line").textContent = vote.dataset.said;
}

for (const kind of ["pointermove", "pointerdown"]) {
  addEventListener(kind, (event) => {
    const units = event.target.closest?.(".units");
    if (!units) return;
    const box = units.getBoundingClientRect();
    showUnit(units, (units.dataset.columns * (event.clientX - box.left)) / box.width,
      (units.dataset.rows * (event.clientY - box.top)) / box.height);
  });
}
for (const kind of ["pointerover", "focusin"]) {
  addEventListener(kind, (event) => {
    const vote = event.target.closest?.("[data-digit]");
    if (vote) showVotes(vote);
  });
}
addEventListener("pointerout", (event) => {
  const layers = event.target.closest?.(".layers");
  if (layers && event.pointerType === "mouse" && !layers.contains(event.relatedTarget)) pointAway(layers);
});

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-999, -999], End: [999, 999] };
addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move || !event.target.matches?.(".units")) return;
  event.preventDefault();
  const unit = event.target.getAttribute("aria-valuenow") - 1;
  const { columns } = event.target.dataset;
  showUnit(event.target, (unit % columns) + move[0], Math.floor(unit / columns) + move[1]);
});
