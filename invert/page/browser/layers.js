// The layers under the canvas. A unit that is pointed at, or moved to, shows what it responds to: the
// weights of all units lie in one picture, which the style sheet moves. An answer that is pointed
// at shows who voted for it: one picture a digit, moved likewise.
function showUnit(units, column, row) {
  const layers = units.closest(".layers");
  const within = (n) => Math.max(0, Math.min(15, Math.floor(n)));
  const unit = 16 * within(row) + within(column);
  layers.style.setProperty("--column", within(column));
  layers.style.setProperty("--row", within(row));
  layers.classList.add("pointed");
  const sum = JSON.parse(units.dataset.sums)[unit];
  const line = sum > 0 ? `Unit ${unit + 1} responds to this. Its activation is ${sum}.`
    : `Unit ${unit + 1} responds to this. It is inactive: its weighted input is −${-sum}.`;
  units.setAttribute("aria-valuenow", unit + 1);
  units.setAttribute("aria-valuetext", line);
  layers.querySelector(".line").textContent = line;
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
  layers.style.setProperty("--digit", vote.dataset.digit);
  layers.querySelector(".line").textContent = vote.dataset.said;
}

for (const kind of ["pointermove", "pointerdown"]) {
  addEventListener(kind, (event) => {
    const units = event.target.closest?.(".units");
    if (!units) return;
    const box = units.getBoundingClientRect();
    showUnit(units, (16 * (event.clientX - box.left)) / box.width,
      (16 * (event.clientY - box.top)) / box.height);
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
  Home: [-15, -15], End: [15, 15] };
addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move || !event.target.matches?.(".units")) return;
  event.preventDefault();
  const unit = event.target.getAttribute("aria-valuenow") - 1;
  showUnit(event.target, (unit % 16) + move[0], Math.floor(unit / 16) + move[1]);
});
