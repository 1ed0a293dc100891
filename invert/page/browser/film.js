// Films. The style sheet plays them; here they are stopped, moved, read and, until the visitor does
// something, played again and again.
const REST_MILLISECONDS = 2500;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
let touched = false;
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => { touched = true; }, { capture: true, passive: true });
}

const films = (player) =>
  [...player.closest(".run").querySelectorAll(".film")].flatMap((film) => film.getAnimations());

function show(player, frame) {
  const { steps, says, targets } = JSON.parse(player.dataset.film);
  const run = player.closest(".run");
  const last = steps.length - 1;
  const scrub = player.querySelector(".scrub");
  scrub.value = frame;
  scrub.setAttribute("aria-valuetext", `step ${steps[frame]} of ${steps[last]}`);
  player.querySelector(".at").textContent = `step ${steps[frame]} of ${steps[last]}`;
  run.style.setProperty("--at", steps[frame] / Math.max(1, steps[last]));
  run.querySelectorAll(".sheet figcaption").forEach((caption, image) => {
    for (const line of caption.querySelectorAll("[data-who]")) {
      const [answer, sure] = says[line.dataset.who][image][frame];
      line.querySelector(".said").textContent = answer;
      line.querySelector("em").textContent = sure;
      line.classList.toggle("other", answer !== targets[image]);
    }
  });
}

function follow(player) {
  const animation = films(player)[0];
  const last = Number(player.querySelector(".scrub").max);
  const button = player.querySelector(".play");
  const playing = animation?.playState === "running";
  button.textContent = playing ? "❚❚" : "▶\uFE0E"; // \uFE0E: as text, not as an emoji
  button.setAttribute("aria-label", playing ? "Pause the film" : "Play the film");
  if (!playing) {
    if (animation?.playState === "finished") {
      show(player, last);
      if (!touched && !STILL.matches) setTimeout(() => again(player), REST_MILLISECONDS);
    }
    return;
  }
  const whole = animation.effect.getComputedTiming().duration;
  // At the very start the time may be a little before 0.
  const frame = Math.floor((animation.currentTime / whole) * last);
  show(player, Math.max(0, Math.min(last, frame)));
  requestAnimationFrame(() => player.isConnected && follow(player));
}

function again(player) {
  if (!touched && player.isConnected && !document.hidden) play(player);
}

function seek(player, frame) {
  const last = Number(player.querySelector(".scrub").max);
  for (const film of player.closest(".run").querySelectorAll(".film")) {
    film.style.animation = "none";
    film.style.backgroundPositionY = `${(100 * frame) / last}%`;
  }
  show(player, frame);
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

whenThere(".player[data-film]", (player) => follow(player));
