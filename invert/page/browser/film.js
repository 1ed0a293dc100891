// Films. The style sheet plays them; here they are stopped, moved, read and, until the visitor does
// something, played again and again.
const REST_MILLISECONDS = 2500;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
let touched = false;
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => { touched = true; }, { capture: true, passive: true });
}

const told = new WeakMap();
function filmOf(player) {
  if (!told.has(player)) told.set(player, JSON.parse(player.dataset.film));
  return told.get(player);
}

const films = (player) =>
  [...player.closest(".run").querySelectorAll(".film")].flatMap((film) => film.getAnimations());

// The page is laid out by what it has within (`:has()`), so that whatever is written anew has most of
// it looked through again: only what changed is written.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function call(element, attribute, text) {
  if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
}

// A film's positions are its frames; a pen's has some before the first, in which the start is written.
function show(player, position) {
  const { steps, says, targets, writes, writing } = filmOf(player);
  const run = player.closest(".run");
  const last = steps.length - 1, whole = Math.floor(position);
  const frame = Math.max(0, Math.min(last, whole - writes));
  const words = whole < writes || !last ? writing : `step ${steps[frame]} of ${steps[last]}`;
  const scrub = player.querySelector(".scrub");
  scrub.value = whole;
  call(scrub, "aria-valuetext", words);
  say(player.querySelector(".at"), words);
  run.style.setProperty("--at", steps[frame] / Math.max(1, steps[last]));
  const sheet = run.querySelector(".sheet[data-pen]");
  if (sheet) drawStrokes(sheet, position);
  run.querySelectorAll(".sheet figcaption").forEach((caption, image) => {
    for (const line of caption.querySelectorAll("[data-who]")) {
      const [answer, sure] = says[line.dataset.who][image][frame];
      say(line.querySelector(".said"), answer);
      say(line.querySelector("em"), sure);
      line.classList.toggle("other", answer !== targets[image]);
      line.classList.toggle("silent", whole < writes);
    }
  });
}

function follow(player) {
  const animation = films(player)[0];
  const last = Number(player.querySelector(".scrub").max);
  const button = player.querySelector(".play");
  const playing = animation?.playState === "running";
  say(button, playing ? "❚❚" : "▶\uFE0E"); // \uFE0E: as text, not as an emoji
  call(button, "aria-label", playing ? "Pause the film" : "Play the film");
  if (!playing) {
    if (animation?.playState === "finished") {
      show(player, last);
      if (!touched && !STILL.matches) setTimeout(() => again(player), REST_MILLISECONDS);
    }
    return;
  }
  const whole = animation.effect.getComputedTiming().duration;
  // At the very start the time may be a little before 0.
  show(player, Math.max(0, Math.min(last, (animation.currentTime / whole) * last)));
  requestAnimationFrame(() => player.isConnected && follow(player));
}

function again(player) {
  if (!touched && player.isConnected && !document.hidden) play(player);
}

function seek(player, position) {
  const last = Number(player.querySelector(".scrub").max);
  for (const film of player.closest(".run").querySelectorAll(".film")) {
    film.style.animation = "none";
    film.style.backgroundPositionY = `${(100 * position) / last}%`;
  }
  show(player, position);
  follow(player);
}

function play(player) {
  const scrub = player.querySelector(".scrub");
  const from = scrub.value === scrub.max ? 0 : Number(scrub.value) / Number(scrub.max);
  for (const film of player.closest(".run").querySelectorAll(".film")) {
    // Asked for by hand, a film also plays for those who want nothing to move by itself.
    film.style.animation = "film var(--seconds) steps(calc(var(--frames) - 1), end) 1 both";
    film.style.backgroundPositionY = "";
    for (const animation of film.getAnimations()) {
      animation.cancel();
      animation.play();
      animation.currentTime = from * animation.effect.getComputedTiming().duration;
    }
  }
  follow(player);
}

addEventListener("input", (event) => {
  if (event.target.matches(".scrub")) seek(event.target.closest(".player"), Number(event.target.value));
});

addEventListener("click", (event) => {
  const player = event.target.closest?.(".play")?.closest(".player");
  if (!player) return;
  const running = films(player).some((animation) => animation.playState === "running");
  if (running) seek(player, Number(player.querySelector(".scrub").value));
  else play(player);
});

whenThere(".player[data-film]", (player) => {
  const drawn = player.closest(".run").querySelector("svg.pen");
  if (!drawn && !films(player).length) show(player, Number(player.querySelector(".scrub").max)); // unplayed
  follow(player);
});
// It is played anew where the side that it stands on was hidden and is shown.
addEventListener("animationstart", (event) => {
  const run = event.target.matches(".film") && event.target.closest(".run");
  const player = run && run.querySelector(".player");
  if (player && films(player)[0] === event.target.getAnimations()[0]) follow(player);
});
