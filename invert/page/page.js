// What style sheets cannot do: lay the canvas's toolbar under it, key shortcuts, scrubbing a film.
(() => {
  if (window.invertPage) return;
  window.invertPage = true;

  // --- The canvas. Its toolbar lies inside a shadow root, where the page's style sheet has no say.
  const TOOLBAR = `
    .dc-root { display: flex; flex-direction: column; }
    .dc-container { border-radius: 4px; }
    .dc-canvas { outline-color: rgb(0 0 0 / .25); border-radius: 4px; cursor: crosshair; }
    .dc-toolbar, .dc-root:hover > .dc-toolbar, .dc-toolbar:hover, .dc-toolbar:focus-within {
      position: static; opacity: 1; padding: .5rem 0 0; transition: none; }
    .dc-toolbar-card { width: 100%; padding: 0; gap: .5rem; background: none; box-shadow: none;
      color: var(--st-text-color); justify-content: stretch; }
    .dc-icon-button { flex: 1; gap: .4rem; padding: .35rem .5rem; font: inherit; font-size: .87rem;
      border: 1px solid var(--st-border-color); border-radius: .5rem; }
    .dc-icon-button:not([data-ours]), .dc-toolbar-separator, .dc-toolbar-contextual {
      display: none !important; }
    .dc-icon-button:disabled { color: var(--st-text-color); opacity: .45; }
    .dc-icon-button:hover:not(:disabled) { background: none; color: var(--st-primary-color);
      border-color: var(--st-primary-color); }
    .dc-icon-button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
    .dc-icon-button::after { content: attr(data-ours); }
    @media (prefers-color-scheme: dark) { .dc-scroll { filter: invert(.9); } }`;
  const NAMES = { Undo: "Undo", Redo: "Redo", "Reset canvas & history": "Clear" };

  function dressCanvas(root) {
    if (!root.querySelector(".dc-toolbar")) return;
    if (!root.querySelector("style[data-ours]")) {
      const style = document.createElement("style");
      style.dataset.ours = "";
      style.textContent = TOOLBAR;
      root.append(style);
    }
    for (const button of root.querySelectorAll(".dc-icon-button:not([data-ours])")) {
      const name = NAMES[button.title];
      if (!name) continue;
      button.dataset.ours = name;
      button.title = name === "Clear" ? "Clear the canvas" : `${name} the last stroke`;
      button.setAttribute("aria-label", name);
    }
    const paper = root.querySelector("canvas.upper-canvas");
    if (paper && !paper.hasAttribute("role")) {
      paper.setAttribute("role", "img");
      paper.setAttribute("aria-label", "Canvas: draw a digit with mouse, finger or pen");
    }
  }

  // --- What covers the drawing is lifted by the first touch of the pen; then the server forgets it.
  addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.(".st-key-easel")) return;
    document.querySelector(".given")?.classList.add("lifted");
  }, true);

  // --- Keys 0 to 9 choose the digit to generate, except where one types.
  addEventListener("keydown", (event) => {
    if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.composedPath()[0].closest?.("input:not([type=range]), textarea, [contenteditable]")) return;
    for (const button of document.querySelectorAll(".st-key-digit button")) {
      if (button.textContent.trim() === event.key) button.click();
    }
  });

  // --- A click on a generated image presses the unseen button that has the left side read it.
  addEventListener("click", (event) => {
    const sender = event.target.closest?.(".send")?.dataset.sender;
    if (!sender) return;
    document.querySelector(`.st-key-${sender} button`)?.click();
    const left = document.querySelector(".stTabs"); // the first; on a phone it is out of view
    if (left.getBoundingClientRect().top >= 0) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    left.scrollIntoView({ behavior: still ? "auto" : "smooth" });
  });

  // --- A lost connection, in place of Streamlit's dialog over everything (see style.css): Streamlit
  // mends it by itself, and meanwhile one can go on drawing. What was done meanwhile it may forget
  // to tell the server (its sendRerunBackMsg), so the unseen button has the page run again.
  const app = document.querySelector(".stApp");
  const connection = document.createElement("p");
  connection.className = "connection";
  connection.setAttribute("role", "status");
  app.append(connection);
  new MutationObserver(() => {
    const state = app.dataset.testConnectionState;
    const lost = ["PINGING_SERVER", "CONNECTING"].includes(state);
    const was = document.body.classList.contains("lost");
    document.body.classList.toggle("lost", lost);
    if (was && state === "CONNECTED") document.querySelector(".st-key-again button")?.click();
    connection.textContent = lost
      ? "The connection is lost. The page tries again by itself; nothing on it is lost." : "";
  }).observe(app, { attributeFilter: ["data-test-connection-state"] });

  // --- Films. The style sheet plays them; here they are stopped, moved and read.
  const films = (player) =>
    [...player.closest(".run").querySelectorAll(".film")].flatMap((film) => film.getAnimations());

  function show(player, frame) {
    const { steps, lines } = JSON.parse(player.dataset.film);
    const last = steps.length - 1;
    const scrub = player.querySelector(".scrub");
    scrub.value = frame;
    scrub.setAttribute("aria-valuetext", `step ${steps[frame]} of ${steps[last]}`);
    player.querySelector(".at").textContent = `step ${steps[frame]} of ${steps[last]}: ${lines[frame]}`;
    player.closest(".run").style.setProperty("--at", steps[frame] / Math.max(1, steps[last]));
  }

  function follow(player) {
    const animation = films(player)[0];
    const last = Number(player.querySelector(".scrub").max);
    const button = player.querySelector(".play");
    const playing = animation?.playState === "running";
    button.textContent = playing ? "❚❚" : "▶\uFE0E"; // \uFE0E: as text, not as an emoji
    button.setAttribute("aria-label", playing ? "Pause the film" : "Play the film");
    if (!playing) {
      if (animation?.playState === "finished") show(player, last);
      return;
    }
    const whole = animation.effect.getComputedTiming().duration;
    show(player, Math.min(last, Math.floor((animation.currentTime / whole) * last)));
    requestAnimationFrame(() => player.isConnected && follow(player));
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

  addEventListener("input", (event) => {
    if (event.target.matches(".scrub")) seek(event.target.closest(".player"), Number(event.target.value));
  });

  addEventListener("click", (event) => {
    const player = event.target.closest(".play")?.closest(".player");
    if (!player) return;
    const running = films(player).filter((animation) => animation.playState === "running");
    if (running.length) {
      seek(player, Number(player.querySelector(".scrub").value));
      return;
    }
    play(player);
  });

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
        animation.onfinish = () => follow(player);
      }
    }
    follow(player);
  }

  // --- A unit of the first layer, pointed at or moved to: its weights lie in one picture for all
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

  // --- Streamlit puts new elements in at any time.
  const known = new WeakSet();
  function look() {
    for (const host of document.querySelectorAll(".st-key-easel *")) {
      if (host.shadowRoot && !known.has(host.shadowRoot)) {
        known.add(host.shadowRoot);
        dressCanvas(host.shadowRoot);
        new MutationObserver(() => dressCanvas(host.shadowRoot)).observe(host.shadowRoot,
          { childList: true, subtree: true });
      }
    }
    for (const player of document.querySelectorAll(".player[data-film]")) {
      if (known.has(player)) continue;
      known.add(player);
      follow(player);
    }
    // What is being loaded, said again where the eye is.
    const said = document.querySelector(".st-key-status .status")?.innerHTML ?? "";
    for (const again of document.querySelectorAll(".status.again")) {
      if (again.dataset.said === said) continue;
      again.dataset.said = said;
      again.innerHTML = said;
    }
    document.querySelector(".st-key-answer")?.setAttribute("aria-live", "polite");
  }
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
})();
