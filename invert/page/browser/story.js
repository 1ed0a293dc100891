// The story's keys: → and ← turn the scenes, Esc closes it. Not where an arrow moves something else.
const PRESSED = { ArrowRight: "scene-next", ArrowLeft: "scene-back", Escape: "scene-close" };
// The scene that came last and what it speaks of, as a selector; until the visitor does something.
let spoken = null;
whenThere(".scene", (scene) => {
  spoken = { scene, of: scene.dataset.touched };
  showSide(scene.dataset.side);
});
// Of an image that was sent to the left side, a scene speaks of what is read in it.
addEventListener("click", (event) => {
  const scene = document.querySelector(".scene");
  if (!scene || !event.target.closest?.(".send")) return;
  spoken = { scene, of: ".answer" };
  uncoverSoon();
});

// Where one draws oneself, the other side is shown as soon as something is made of the drawing: of one
// that was there already too. Whoever has the pen down by then draws on.
const OWN_MILLISECONDS = 900;
let touches = 0;
addEventListener("pointerdown", () => { touches += 1; }, true);
whenThere(".sheet:not(.waiting)", () => {
  const own = () => document.querySelector(".scene[data-own='1']"), before = touches;
  if (!own()) return; // it is the last scene's
  setTimeout(() => {
    if (touches === before && own()) showSide("draws");
  }, OWN_MILLISECONDS);
});

// Whoever began the story from the page finds the same side again when it is closed.
let sideBefore = null;
addEventListener("click", (event) => {
  const pressed = (place) => event.target.closest?.(place);
  if (pressed(".st-key-story")) sideBefore = document.body.classList.contains("draws") ? "draws" : "reads";
  else if (sideBefore && pressed(".sides button")) sideBefore = pressed(".sides button").dataset.side;
  else if (sideBefore && pressed(".st-key-scene-close")) {
    showSide(sideBefore);
    sideBefore = null;
  }
});

// What a scene speaks of is scrolled clear of the scene's own card, and again where the page grows,
// until the visitor does something.
function uncover() {
  if (!spoken?.scene.isConnected) return;
  const card = spoken.scene.closest(".st-key-scene");
  if (!card.checkVisibility()) return;
  const touched = [...document.querySelectorAll(spoken.of)].find((e) => e.checkVisibility());
  if (!touched) return;
  const { top, right, bottom, left } = touched.getBoundingClientRect(), over = card.getBoundingClientRect();
  const beside = right <= over.left || over.right <= left;
  const below = bottom + 12 - (beside ? innerHeight : over.top);
  const move = below > 0 ? below : Math.max(below, Math.min(0, top - 12)); // up no further than it fits
  if (move) document.querySelector("[data-testid=stMain]").scrollBy(0, move);
}
let frame = 0; // in which it is done, however often it is called for
function uncoverSoon() {
  frame ||= requestAnimationFrame(() => { frame = 0; uncover(); });
}
whenThere("[data-testid=stMainBlockContainer]", (page) => {
  new ResizeObserver(uncoverSoon).observe(page);
  new MutationObserver(uncoverSoon).observe(page, { childList: true, subtree: true });
});
for (const kind of ["pointerdown", "wheel", "keydown"]) {
  addEventListener(kind, () => { spoken = null; }, true);
}

addEventListener("keydown", (event) => {
  const key = PRESSED[event.key];
  if (!key || !document.querySelector(".scene") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.body.classList.contains("projector")) return; // which hides the story
  const from = event.composedPath()[0];
  if (from.closest?.("[role=dialog], [data-testid=stPopoverBody]")) return;
  const moved = "input, textarea, [role=slider], [role=tab], [role=radio], [role=combobox]";
  if (event.key !== "Escape" && from.matches?.(moved)) return;
  document.querySelector(`.st-key-${key} button:not(:disabled)`)?.click();
});
