// A unit of the first layer, pointed at or moved to: its weights lie in one picture for all
// units, which the style sheet moves.
function showUnit(units, column, row) {
  const inside = units.closest(".inside");
  const within = (n) => Math.max(0, Math.min(15, Math.floor(n)));
  const unit = 16 * within(row) + within(column);
  inside.style.setProperty("--column", within(column));
  inside.style.setProperty("--row", within(row));
  const line = JSON.parse(units.dataset.lines)[unit];
  units.setAttribute("aria-valuenow", unit + 1);
  units.setAttribute("aria-valuetext", line);
  inside.querySelector(".line").textContent = line;
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

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-15, -15], End: [15, 15] };
addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move || !event.target.matches?.(".units")) return;
  event.preventDefault();
  const unit = event.target.getAttribute("aria-valuenow") - 1;
  showUnit(event.target, (unit % 16) + move[0], Math.floor(unit / 16) + move[1]);
});
