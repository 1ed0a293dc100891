// What a pen drew, from its control points: at first the start is written along its way, then it is
// bent to what it became. A position is one of the film's, and may lie between two of them.
const SVG = "http://www.w3.org/2000/svg";
const ways = new WeakMap();

// What a sheet says of its strokes, and their paths, each where it is drawn.
function wayOf(sheet) {
  if (ways.has(sheet)) return ways.get(sheet);
  const way = JSON.parse(sheet.dataset.pen);
  const bytes = Uint8Array.from(atob(way.points), (sign) => sign.charCodeAt(0));
  const papers = sheet.querySelectorAll(".film, figure > .paper");
  const strokes = way.shape[2];
  const paths = [...papers].flatMap((paper) => {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${way.page.join(" ")}`);
    svg.setAttribute("class", way.negative ? "pen negative" : "pen");
    svg.setAttribute("stroke-width", way.pen);
    svg.setAttribute("aria-hidden", true);
    paper.replaceChildren(svg);
    return Array.from({ length: strokes }, () => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("pathLength", 1);
      return svg.appendChild(path);
    });
  });
  ways.set(sheet, { ...way, paths, points: new Int16Array(bytes.buffer) });
  return ways.get(sheet);
}

function drawStrokes(sheet, position) {
  const { shape, points, units, weights, writes, turns, paths } = wayOf(sheet);
  const [frames, , , count] = shape;
  const at = Math.min(Math.max(0, position - writes), frames - 1);
  const before = Math.floor(at), after = Math.min(before + 1, frames - 1), share = at - before;
  const written = turns * Math.min(1, position / writes);
  const value = (frame, place) => points[frame * paths.length * count * 2 + place] / units;
  paths.forEach((path, number) => {
    const control = Array.from({ length: 2 * count }, (_, n) => {
      const place = 2 * count * number + n;
      return (1 - share) * value(before, place) + share * value(after, place);
    });
    const curve = weights.map((row) => [0, 1].map((axis) =>
      row.reduce((sum, weight, n) => sum + weight * control[2 * n + axis], 0).toFixed(1)).join(" "));
    path.setAttribute("d", `M${curve[0]}C${curve.slice(1).join(" ")}`);
    const shown = Math.min(1, written - (number % turns));
    path.style.visibility = shown > 0 ? "" : "hidden";
    path.style.strokeDasharray = shown < 1 ? "1" : "none";
    path.style.strokeDashoffset = Math.max(0, 1 - shown);
  });
  for (const read of sheet.querySelectorAll(".seen")) {
    read.style.opacity = position < writes ? 0 : 1;
    read.style.backgroundPositionY = `${(100 * Math.round(at)) / Math.max(1, frames - 1)}%`;
  }
}

// While a run is waited for, all that it may begin with is written.
const WRITING_MILLISECONDS = 900;
whenThere(".sheet.waiting[data-pen]", (sheet) => {
  const { writes } = wayOf(sheet), began = performance.now();
  (function write(now) {
    const share = STILL.matches ? 1 : Math.max(0, now - began) / WRITING_MILLISECONDS;
    drawStrokes(sheet, writes * Math.min(1, share));
    if (share < 1 && sheet.isConnected) requestAnimationFrame(write);
  })(began);
});
