// The stroke under way goes to the server: the next points when the last were answered. This is the
// script of a component of its own, for only components can send.
export default function ({ data, setTriggerValue, setStateValue }) {
  const pen = (window.invertPen ??= { points: null, asked: 0, waiting: false, opened: null });
  Object.assign(pen, { send: setTriggerValue, rest: data.rest });
  if (pen.opened === null) setStateValue("opened", pen.opened = data.link);
  if (pen.waiting && data.answered >= pen.asked) answered(pen);
  if (pen.listening) return;
  pen.listening = true;
  const MOST_POINTS = 1000, PATIENCE = 3000; // milliseconds: then the question was lost
  const CANVAS_WAITS = 200; // milliseconds after a stroke has ended

  const onCanvas = (event) => {
    const paper = event.composedPath()[0];
    return paper.matches?.("canvas.upper-canvas") ? paper : null;
  };
  const add = (event, paper) => {
    const box = paper.getBoundingClientRect();
    const side = Number(paper.style.width.replace("px", "")) || box.width;
    const place = (at, from, length) => Math.round((10 * (at - from) * side) / length) / 10;
    pen.points.push([place(event.clientX, box.left, box.width), place(event.clientY, box.top, box.height)]);
  };
  const send = (lifted) => {
    pen.waiting = true;
    pen.asked += 1;
    pen.send("points", { number: pen.asked, points: pen.points, lifted });
    clearTimeout(pen.timer);
    pen.timer = setTimeout(() => { pen.waiting = false; ask(); }, PATIENCE);
  };
  const ask = () => {
    if (pen.points?.length > 1 && !pen.waiting) send(false);
  };
  pen.ask = ask;
  addEventListener("pointerdown", (event) => {
    const paper = event.button === 0 && event.isPrimary && onCanvas(event);
    if (!paper) return;
    pen.points = [];
    pen.paper = paper;
    add(event, paper);
  }, true);
  addEventListener("pointermove", (event) => {
    if (!pen.points || !event.isPrimary) return;
    add(event, pen.paper);
    // A long stroke is told by every other of its points, so that a message stays short.
    if (pen.points.length > MOST_POINTS) pen.points = pen.points.filter((_, n) => n % 2 === 0);
    ask();
  }, true);
  addEventListener("pointerup", (event) => {
    if (!event.isPrimary) return;
    if (pen.points?.length > 1 && pen.rest < CANVAS_WAITS) send(true);
    pen.points = null;
  }, true);
  addEventListener("pointercancel", () => { pen.points = null; }, true);
}

function answered(pen) {
  clearTimeout(pen.timer);
  setTimeout(() => { pen.waiting = false; pen.ask(); }, pen.rest);
}
