// The story's keys: → and ← turn the scenes, Esc closes it. Not where an arrow moves something else.
const PRESSED = { ArrowRight: "scene-next", ArrowLeft: "scene-back", Escape: "scene-close" };
let scene = null, untouched = false;
whenThere(".scene", (arrived) => {
  [scene, untouched] = [arrived, true];
  showSide(scene.dataset.side);
});

// What a scene speaks of is scrolled clear of the scene's own card, and again where the page grows,
// until the visitor does something.
function uncover() {
  if (!untouched || !scene.isConnected) return;
  const touched = [...document.querySelectorAll(scene.dataset.touched)].find((e) => e.checkVisibility());
  if (!touched) return;
  const { top, bottom } = touched.getBoundingClientRect();
  const below = bottom + 12 - scene.closest(".st-key-scene").getBoundingClientRect().top;
  const move = below > 0 ? below : Math.max(below, Math.min(0, top - 12)); // up no further than it fits
  if (move) document.querySelector("[data-testid=stMain]").scrollBy(0, move);
}
whenThere("[data-testid=stMainBlockContainer]", (page) => {
  new ResizeObserver(uncover).observe(page);
  new MutationObserver(uncover).observe(page, { childList: true, subtree: true });
});
for (const deed of ["pointerdown", "wheel", "keydown"]) {
  addEventListener(deed, () => { untouched = false; }, true);
}

addEventListener("keydown", (event) => {
  const key = PRESSED[event.key];
  if (!key || !document.querySelector(".scene") || event.ctrlKey || event.metaKey || event.altKey) return;
  const from = event.composedPath()[0];
  if (from.closest?.("[role=dialog], [data-testid=stPopoverBody]")) return;
  const moved = "input, textarea, [role=slider], [role=tab], [role=radio], [role=combobox]";
  if (event.key !== "Escape" && from.matches?.(moved)) return;
  document.querySelector(`.st-key-${key} button:not(:disabled)`)?.click();
});
