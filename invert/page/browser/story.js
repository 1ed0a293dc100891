// The story's keys: → and ← turn the scenes, Esc closes it. Not where an arrow moves something else.
const PRESSED = { ArrowRight: "scene-next", ArrowLeft: "scene-back", Escape: "scene-close" };
whenThere(".scene", (scene) => {
  showSide(scene.dataset.side);
  return uncover(scene);
});

// What a scene speaks of is scrolled clear of the scene's own card, as soon as it is there.
function uncover(scene) {
  const touched = [...document.querySelectorAll(scene.dataset.touched)].find((e) => e.checkVisibility());
  if (!touched) return false;
  const { top, bottom } = touched.getBoundingClientRect();
  const below = bottom + 12 - scene.closest(".st-key-scene").getBoundingClientRect().top;
  const move = below > 0 ? below : Math.min(0, top - 12);
  document.querySelector("[data-testid=stMain]").scrollBy(0, move);
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
